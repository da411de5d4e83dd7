#!/usr/bin/python3
"""Stands in for a service: knows the same switches and signs of life, and tells what it was started with.

`refuse` in its state folder makes it refuse its settings, `die` makes it die at once.
"""

import http.server
import json
import os
import resource
import signal
import socket
import sys
import threading
from pathlib import Path

name = Path(sys.argv[0]).name
if "--check-config" in sys.argv:
    if os.environ.get("AXOLOTL_LOG_LEVEL") == "loud":
        sys.exit("AXOLOTL_LOG_LEVEL must be debug, info, warning or error")
    sys.exit(0)

if "--print-address" in sys.argv:
    if {"AXOLOTL_COACH_KEY", "PAIRING_TOKEN_SECRET"} & os.environ.keys():
        sys.exit("told a secret without need")
    print(os.environ.get("AXOLOTL_PUBLIC_URL") or f"http://asked-of-{name}:{os.environ['LOCAL_PORT']}")
    sys.exit(0)

state = Path(os.environ["STATE_DIRECTORY"])
if (state / "die").exists():
    sys.exit("told to die")
facts = {
    "arguments": sys.argv[1:],
    "environment": dict(os.environ),
    "umask": os.umask(0),
    "open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
}
(state / "facts.json").write_text(json.dumps(facts))


class Front(http.server.BaseHTTPRequestHandler):
    """Answers every GET."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


if name == "api-front":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["LOCAL_PORT"])), Front)
    threading.Thread(target=server.serve_forever, daemon=True).start()

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
    systemd.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True)
while True:
    signal.pause()
