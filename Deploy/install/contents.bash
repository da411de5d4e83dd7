# shellcheck shell=bash
# What belongs to an installation and where it goes. Needs lib.bash, `root` (the work tree) and `scratch`.

executables="${AXOLOTL_BUILD_DIRECTORY:-$root/.build/release}"
units="$prefix/lib/systemd/system"
services=(token-svc session-svc edge-gateway stream-svc api-front)
# OpenVINO for the CPU and for TFLite models, of which the wheel holds much more: `libopenvino` loads the plug-in and the
# front end by name from its own folder, TBB its allocator and what it needs to tell fast cores from slow ones.
libraries=(
  'libopenvino_c.so.*' 'libopenvino.so.*' 'libopenvino_*_cpu_plugin.so' 'libopenvino_tensorflow_lite_frontend.so.*'
  'libtbb.so.*' 'libtbbmalloc.so.*' 'libtbbbind_*.so.*' 'libhwloc.so.*'
)
# The modules that the operator's command shares with `make run`.
shared_modules=(__init__ address readiness settings_file units)

# Lines of MODE, SOURCE and PATH, separated by tabs.
planned() { printf '%s\t%s\t%s\n' "$@" >>"$plan"; }
planned_files() { cut -f3 "$plan"; }

# Every folder above a planned file that is not there yet: those are ours to remove.
planned_folders() {
  local folder
  planned_files | while read -r folder; do
    while folder="${folder%/*}" && [[ -n $folder && ! -d $destdir$folder ]]; do printf '%s/\n' "$folder"; done
  done | LC_ALL=C sort -u
}

# plan_folder SOURCE PATH: everything in it but what Python and editors leave behind.
plan_folder() {
  local file
  while IFS= read -r -d '' file; do
    planned 0644 "$1/$file" "$2/$file"
  done < <(find "$1" -type f ! -path '*/__pycache__/*' ! -name '.*' ! -name '*~' -printf '%P\0' | LC_ALL=C sort -z)
}

plan_contents() {
  plan="$scratch/plan"
  local name pattern file
  for name in "${services[@]}"; do planned 0755 "$executables/$name" "$prefix/lib/axolotl/bin/$name"; done
  for pattern in "${libraries[@]}"; do
    # A pattern without a match stays as it is, and is then reported as missing.
    for file in "$root/.deps/openvino/libs/"$pattern; do
      planned 0644 "$file" "$prefix/lib/axolotl/lib/$(basename "$file")"
    done
  done
  for name in pose_detection pose_landmark_full; do
    planned 0644 "$root/.deps/models/$name.tflite" "$prefix/share/axolotl/models/$name.tflite"
  done
  plan_folder "$root/Services/api-front/Web" "$prefix/share/axolotl/web"
  plan_command
  plan_units
  plan_documents
}

plan_command() {
  local name
  planned 0755 "$root/Deploy/operator/axolotl" "$prefix/bin/axolotl"
  plan_folder "$root/Deploy/operator/axolotl_operator" "$prefix/share/axolotl/python/axolotl_operator"
  for name in "${shared_modules[@]}"; do
    planned 0644 "$root/Deploy/supervisor/axolotl_supervisor/$name.py" \
      "$prefix/share/axolotl/python/axolotl_supervisor/$name.py"
  done
}

# The units say where things are; with another prefix they must say that.
plan_units() {
  local file place
  mkdir "$scratch/units"
  cp -r "$root/Deploy/systemd/." "$scratch/units"
  find "$scratch/units" -type f -exec sed -i -E "s#/usr/(lib|share)/axolotl#$prefix/\1/axolotl#g" {} +
  while IFS= read -r -d '' file; do
    case "$file" in
      sysusers.d/* | tmpfiles.d/* | sysctl.d/*) place="$prefix/lib" ;;
      *) place="$units" ;;
    esac
    planned 0644 "$scratch/units/$file" "$place/$file"
  done < <(cd "$scratch/units" && find . -type f -printf '%P\0' | LC_ALL=C sort -z)
}

# The documents keep their places to each other, so that their links lead somewhere.
plan_documents() {
  local file
  while IFS= read -r file; do planned 0644 "$root/$file" "$documents/$file"; done < <(
    cd "$root" && printf '%s\n' README.md CHANGELOG.md PROTOCOL.md ARCHITECTURE.md .env.example Deploy/README.md \
      Services/*/README.md && find docs -type f
  )
  plan_folder "$root/.deps/openvino/licenses" "$documents/licenses/openvino"
  planned 0644 "$root/.deps/models/LICENSE" "$documents/licenses/mediapipe-models/LICENSE"
  installed_configuration >"$scratch/axolotl.conf"
  planned 0644 "$scratch/axolotl.conf" "$documents/axolotl.conf.example"
}

# `.env.example` for an installed machine: without the folders, which the units set.
installed_configuration() {
  cat <<'TEXT'
# Axolotl's settings on this machine, each with its default. Uncomment what you change; then
#   sudo axolotl check && sudo systemctl restart axolotl.target
# An unknown key or a bad value stops the start. Only root may read this file, because it may hold secrets. Folders are
# set by the units (`systemctl edit`), and `axolotl scale N` sets AXOLOTL_STREAM_INSTANCES together with the instances.

TEXT
  local set_by_units
  set_by_units="$(cd "$root/Deploy/systemd" && sed -nE 's/^Environment=([A-Z_]+)=.*/\1/p' ./*.service ./*/*.conf)"
  awk -v RS= -v ORS='\n\n' -v left_out="AXOLOTL_HOME STATE_DIRECTORY $set_by_units" '
    BEGIN { count = split(left_out, keys, /[ \n]+/); for (i = 1; i <= count; i++) is_left_out["#" keys[i]] = 1 }
    NR > 1 { split($0, lines, "\n"); split(lines[2], words, "="); if (!(words[1] in is_left_out)) print }
  ' "$root/.env.example" | sed '$d'
}
