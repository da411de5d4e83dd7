# shellcheck shell=bash
# The steps of the installation. Each is given the digest of its inputs, and leaves nothing half done where it counts.

check_toolchain() {
  by_hand "install a Swift 6.2 or newer toolchain for Debian 12, and put its usr/bin into PATH"
  command -v swift || { printf 'there is no swift in PATH\n'; return 1; }
  local version major minor
  version="$(swift --version | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p')"
  read -r major minor <<<"$version"
  [[ -n $version ]] || return 1
  ((major > 6 || (major == 6 && minor >= 2))) || { printf 'swift %s.%s is too old\n' "$major" "$minor"; return 1; }
}

# Names of the packages in a list that are not installed.
missing_packages() {
  local -a wanted
  mapfile -t wanted < <(entries "$1")
  comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) <(
    # shellcheck disable=SC2016 # dpkg-query's own placeholders
    dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null |
      sed -n 's/^ii  *//p' | sort -u
  )
}

install_packages() {
  local -a missing quietly
  mapfile -t missing < <(missing_packages "$1")
  ((${#missing[@]} > 0)) || return 0
  by_hand "apt-get update && apt-get install --no-install-recommends ${missing[*]}   (as root)"
  quietly=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  as_root "${quietly[@]}" update
  as_root "${quietly[@]}" install --no-install-recommends "${missing[@]}"
}

# fetch_wheel REQUIREMENTS FOLDER: downloads the one wheel that the file pins, whatever Python this machine has.
fetch_wheel() {
  by_hand "check that Python packages can be reached: python3 -m pip download --no-deps -r $1"
  [[ -x $deps/store/pip/bin/python ]] || /usr/bin/python3 -m venv "$deps/store/pip"
  "$deps/store/pip/bin/python" -m pip --disable-pip-version-check download --quiet --no-deps --only-binary=:all: --require-hashes \
    --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none \
    --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 --platform any \
    --requirement "$1" --dest "$2"
}

# unpack FOLDER PATTERN…: takes the members that match out of the folder's wheel.
unpack() {
  /usr/bin/python3 - "$@" <<'PYTHON'
import fnmatch, pathlib, sys, zipfile

folder, patterns = pathlib.Path(sys.argv[1]), sys.argv[2:]
(wheel,) = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    for pattern in patterns:
        members = fnmatch.filter(archive.namelist(), pattern)
        if not members:
            sys.exit(f"{wheel.name} holds nothing like {pattern}")
        archive.extractall(folder, members)
PYTHON
}

# In a scratch folder beside the finished ones, so that a move completes the step.
scratch_folder() { mktemp -d "$deps/store/.new-XXXXXX"; }

install_openvino() {
  local folder library
  folder="$(scratch_folder)"
  fetch_wheel "$setup/requirements/openvino.txt" "$folder"
  unpack "$folder" 'openvino/include/*' 'openvino/libs/*' 'openvino-*.dist-info/licenses/*'
  mv "$folder"/openvino-*.dist-info/licenses "$folder/openvino/"
  library="$(cd "$folder/openvino/libs" && printf '%s\n' libopenvino_c.so.*)"
  ln -s "$library" "$folder/openvino/libs/libopenvino_c.so"
  keep openvino "$1" "$folder/openvino" "$folder"
}

install_models() {
  local folder
  folder="$(scratch_folder)"
  fetch_wheel "$setup/requirements/models.txt" "$folder"
  unpack "$folder" 'mediapipe/modules/pose_detection/pose_detection.tflite' \
    'mediapipe/modules/pose_landmark/pose_landmark_full.tflite' 'mediapipe-*.dist-info/LICENSE'
  mkdir "$folder/models"
  mv "$folder"/mediapipe/modules/*/*.tflite "$folder"/mediapipe-*.dist-info/LICENSE "$folder/models/"
  keep models "$1" "$folder/models" "$folder"
}

install_footage() {
  local folder
  folder="$(scratch_folder)"
  fetch_wheel "$setup/requirements/footage.txt" "$folder"
  unpack "$folder" 'Pose2Sim/Demo_SinglePerson/videos/cam0[1-4].mp4' \
    'Pose2Sim/Demo_SinglePerson/calibration/Calib.qca.txt'
  mkdir "$folder/footage"
  mv "$folder"/Pose2Sim/Demo_SinglePerson/{videos/*.mp4,calibration/Calib.qca.txt} "$folder/footage/"
  keep footage "$1" "$folder/footage" "$folder"
}

# keep NAME DIGEST FINISHED SCRATCH: moves the finished folder into the store, and throws the rest away.
keep() {
  rm -rf "${deps:?}/store/$1-$2"
  chmod -R a+rX "$3"
  mv -T "$3" "$deps/store/$1-$2"
  rm -rf "$4"
  install_folder "$1" "$1-$2"
}

# A virtual environment knows its own path, so it is made where it stays; the link follows when it is complete.
install_environment() {
  local name=$1 digest=$2 requirements=$3 folder="$deps/store/$1-$2"
  by_hand "python3 -m venv .deps/$name && .deps/$name/bin/python -m pip install --require-hashes -r $requirements"
  rm -rf "$folder"
  /usr/bin/python3 -m venv "$folder"
  "$folder/bin/python" -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary=:all: \
    --requirement "$requirements"
  install_folder "$name" "$name-$digest"
}

install_test_environment() { install_environment venv "$1" "$setup/requirements/test.txt"; }
install_oracle_environment() { install_environment venv-oracles "$1" "$setup/requirements/oracles.txt"; }
