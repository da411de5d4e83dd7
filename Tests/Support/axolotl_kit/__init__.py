"""What the tests, the demo and the measurements share: running systems, phones, footage."""

from . import shared_authorities

shared_authorities.install()
