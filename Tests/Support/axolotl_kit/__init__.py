"""What the tests, the demo and the measurements share: running systems, phones, footage."""
