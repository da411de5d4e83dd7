# shellcheck shell=bash
# What install and uninstall share: where things go, how a file gets there, and the list of what was put there.

# GNU's two variables, from make's command line or the environment.
destdir="$(realpath --canonicalize-missing --no-symlinks -- "${DESTDIR:-/}")"
destdir="${destdir%/}"
prefix="${prefix:-/usr}"

say() { printf 'axolotl: %s\n' "$*"; }
fail() {
  printf 'axolotl: %s\n' "$*" >&2
  exit 1
}

# systemd looks for units, users and temporary folders below these two and nowhere else that a prefix could name.
[[ $prefix == /usr || $prefix == /usr/local ]] || fail "prefix=$prefix: systemd finds units below /usr and /usr/local only"

documents="$prefix/share/doc/axolotl"
manifest="$documents/installed-files"

require_root() { ((EUID == 0)) || fail "needs root: sudo make $(basename "$0")   (or DESTDIR=folder, to look at it)"; }

# Whether systemd is what runs this machine; in a container or a chroot there may be nobody to ask.
has_systemd() { [[ -d /run/systemd/system ]]; }

# Units of ours that run now, or are about to.
running_units() {
  has_systemd || return 0
  systemctl list-units --plain --no-legend --no-pager --state=active,activating,reloading,deactivating \
    'axolotl-*.service' | cut -d' ' -f1
}

# The paths that were installed, without DESTDIR; folders end with a slash.
old_manifest() { [[ ! -f $destdir$manifest ]] || cat -- "$destdir$manifest"; }

# write_manifest PATHS…: one path a line.
write_manifest() {
  local file="$destdir$manifest"
  mkdir -p -- "$(dirname "$file")"
  printf '%s\n' "$@" | sed '/^$/d' | LC_ALL=C sort -u >"$file.axolotl-new"
  chmod 0644 "$file.axolotl-new"
  mv -fT -- "$file.axolotl-new" "$file"
}

# put MODE SOURCE PATH: copies beside and renames, so that nobody ever sees half a file and running programs keep theirs.
# A file that is the same keeps its time, by which `axolotl status` knows what to restart.
put() {
  local mode=$1 source=$2 path=$3 target="$destdir$3"
  mkdir -p -- "$(dirname "$target")"
  if [[ -f $target && ! -L $target ]] && cmp --silent -- "$source" "$target"; then
    chmod "$mode" -- "$target"
    ((EUID != 0)) || chown root:root -- "$target"
    return 0
  fi
  if ! { install -m "$mode" -- "$source" "$target.axolotl-new" && mv -fT -- "$target.axolotl-new" "$target"; }; then
    rm -f -- "$target.axolotl-new"
    fail "$target could not be written; nothing is lost: mend that, then install again (or uninstall)"
  fi
}

# remove PATHS: the files, then the folders that are empty, the deepest first. Reads a manifest.
remove() {
  local paths path
  mapfile -t paths < <(LC_ALL=C sort -r)
  for path in "${paths[@]}"; do
    [[ $path == /?* && $path != *..* ]] || fail "$manifest holds a line that is no path of ours: $path"
  done
  for path in "${paths[@]}"; do
    [[ $path == */ || (-d $destdir$path && ! -L $destdir$path) ]] || rm -f -- "$destdir$path"
  done
  for path in "${paths[@]}"; do
    [[ $path != */ || ! -d $destdir$path ]] || rmdir --ignore-fail-on-non-empty -- "$destdir$path"
  done
}
