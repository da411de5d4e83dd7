# shellcheck shell=bash
# How a step of the installation runs: once, alone, with its output in a log, and with advice if it fails.

deps="$(realpath --canonicalize-missing "$root/.deps")"
logs="$deps/log"
stamps="$deps/stamps"
deadline_seconds=1800

say() { printf 'setup: %s\n' "$*" >&2; }

# One line of a file per entry, without comments and blank lines.
entries() {
  local line
  while IFS= read -r line; do
    [[ -z $line || $line == \#* ]] || printf '%s\n' "$line"
  done <"$1"
}

# A short digest of a step: its own text and everything that it depends on.
digest() {
  local sum
  sum="$({ declare -f "$1"; shift; cat -- "$@"; } | sha256sum)"
  printf '%s' "${sum:0:16}"
}

# step NAME WHAT FUNCTION INPUT…: calls `FUNCTION DIGEST` unless it has already succeeded with the same inputs.
step() {
  local name=$1 what=$2 function=$3 digest
  shift 3
  digest="$(digest "$function" "$@")"
  [[ ! -e $stamps/$name-$digest ]] || return 0
  run_step "$name" "$what" stamped "$name" "$function" "$digest"
}

# Runs while the lock is held, so it looks again: somebody else may have done it meanwhile.
stamped() {
  local name=$1 function=$2 digest=$3
  [[ ! -e $stamps/$name-$digest ]] || return 0
  "$function" "$digest"
  rm -f "$stamps/$name-"*
  : >"$stamps/$name-$digest"
}

# run_step NAME WHAT COMMAND…: runs it alone on this machine's .deps, with its output in a log.
run_step() {
  local name=$1 what=$2 log lock status=0
  shift 2
  mkdir -p "$logs" "$stamps" "$deps/store"
  exec {lock}>"$deps/lock"
  if ! flock --nonblock "$lock"; then
    say "waiting for another set-up to finish"
    flock --timeout "$deadline_seconds" "$lock" || { say "gave up after $deadline_seconds s; see who holds $deps/lock"; exit 1; }
  fi
  say "$what"
  log="$logs/$name.log"
  # Not as a condition, so that `set -e` stays in force inside.
  set +e
  (set -euo pipefail; "$@") >"$log" 2>&1
  status=$?
  set -e
  rm -rf "$deps/store/.new-"*
  exec {lock}>&-
  ((status == 0)) || explain "$name" "$what" "$log"
}

# Tells which step failed, why, and how to do it by hand.
explain() {
  local name=$1 what=$2 log=$3
  say "step '$name' FAILED ($what)"
  say "the end of its log, $log:"
  grep -v '^by hand: ' "$log" | tail -n 12 | sed 's/^/    /' >&2 || true
  if grep -q '^by hand: ' "$log"; then
    say "by hand:"
    sed -n 's/^by hand: /    /p' "$log" >&2
    say "then run the same command again"
  fi
  exit 1
}

# Notes what a person can do should the step fail; goes into the log, where `explain` finds it.
by_hand() { printf 'by hand: %s\n' "$*"; }

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    printf 'needs root, and there is no sudo here\n'
    return 1
  fi
}

# Puts a finished folder in place: `.deps/NAME` becomes a link to it in one step, so that whoever uses the old one goes on.
install_folder() {
  local name=$1 folder=$2 link
  link="$deps/.$name.link"
  ln -sfn "store/$folder" "$link"
  if [[ -d $deps/$name && ! -L $deps/$name ]]; then
    mv "$deps/$name" "$deps/store/$name-before"
  fi
  mv -T "$link" "$deps/$name"
}
