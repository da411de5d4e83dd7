"""Measures true synchronisation: reads the clock page's time code out of what the phones recorded."""
