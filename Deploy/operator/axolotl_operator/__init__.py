"""`axolotl`: the operator's command on an installed machine. Needs Python's standard library and systemd."""
