"""The authorities that httpx trusts, read once.

httpx reads all of them for every client and every bare request, also for plain HTTP: 35 ms of a processor each time,
thousands of times in a run of the tests, and more than all else that a simulated phone does to connect.
"""

from __future__ import annotations

import functools

import httpx._transports.default as transports


def install() -> None:
    """From now on this process verifies as before, with one context for each way of verifying."""
    if not hasattr(transports.create_ssl_context, "cache_info"):
        transports.create_ssl_context = functools.cache(transports.create_ssl_context)
