"""Runs Axolotl's services in development with the settings of their systemd units, under Debian's `supervisor`."""
