# shellcheck shell=bash
# What an installation does to the machine besides copying, and only where it goes to the machine's own root.

configuration=/etc/axolotl/axolotl.conf

# New users are made here and not by the package manager; basenames, so that the operator's file of that name in /etc wins.
prepare_users() { systemd-sysusers axolotl.conf; }

# Made from the example only where there is none. All five services are in the group, and only token-svc may know the keys
# that sign tokens: so the group may not read it either. systemd reads it as root.
put_configuration() {
  local target="$destdir$configuration"
  if [[ -e $target || -L $target ]]; then
    say "$configuration is kept as it is; $documents/axolotl.conf.example lists this version's settings"
    return
  fi
  [[ -d $(dirname "$target") ]] || install -d -m 0755 -- "$(dirname "$target")"
  install -m 0600 -- "$scratch/axolotl.conf" "$target.axolotl-new"
  # Another machine's group has another number.
  [[ -n $destdir ]] || chown root:axolotl -- "$target.axolotl-new"
  mv -fT -- "$target.axolotl-new" "$target"
}

prepare_machine() {
  systemd-tmpfiles --create axolotl.conf
  apply_sysctl
  ! has_systemd || systemctl daemon-reload
}

# Raises the limit at once, as the next start of the machine would; never lowers what somebody has set higher.
apply_sysctl() {
  local wanted granted limit=/proc/sys/net/core/rmem_max
  wanted="$(sed -nE 's/^net\.core\.rmem_max *= *([0-9]+)$/\1/p' "$root"/Deploy/systemd/sysctl.d/50-axolotl.conf)"
  # A container of its own network has no such limit.
  [[ -r $limit ]] || return 0
  granted="$(<"$limit")"
  ((granted < wanted)) || return 0
  /lib/systemd/systemd-sysctl 50-axolotl.conf ||
    say "the kernel did not take $prefix/lib/sysctl.d/50-axolotl.conf now; it does when the machine starts"
}

# What is not part of this version any more.
remove_what_is_no_longer_part() {
  { LC_ALL=C comm -23 <(old_manifest) <(planned_files | LC_ALL=C sort); } | remove
}

tell_what_to_do_next() {
  if ! "$prefix/bin/axolotl" check >"$scratch/check" 2>&1; then
    say "THE SETTINGS ARE NOT GOOD, and nothing starts with them:"
    sed 's/^/  /' "$scratch/check"
  fi
  if ! has_systemd; then
    say "systemd does not run here, so nothing was reloaded"
  elif [[ -z $(running_units) ]]; then
    say "start it, now and with the machine:   systemctl enable --now axolotl.target"
    say "then:   axolotl status   and   axolotl link"
  else
    # Which says what still runs the version before.
    "$prefix/bin/axolotl" status || true
  fi
}
