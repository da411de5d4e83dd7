"""A phone pairs and films through nginx, set up as Deploy/README.md says. Where Debian's nginx is installed."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from axolotl_kit.clock import true_now_us
from axolotl_kit.phone_talk import join, tell_time, upload
from axolotl_kit.stack import REPOSITORY, Stack, free_port
from axolotl_kit.webrtc_talk import noise
from axolotl_kit.wire import encode_frame
from axolotl_supervisor import settings_file
from websockets.sync.client import connect

#: What an nginx has around the lines of the manual; its folders are the test's own.
AROUND = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {in_http}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    {in_server}
  }}
}}
"""


@dataclass
class Proxied:
    """A system, and the only address at which its people know it."""

    stack: Stack
    address: str
    folder: Path
    tls: ssl.SSLContext

    @property
    def log(self) -> str:
        return (self.folder / "axolotl.log").read_text()


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Proxied]:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if nginx is None:
        pytest.skip("needs nginx")
    text = (REPOSITORY / "Deploy/README.md").read_text().split("## Behind a proxy\n")[1]
    [values] = re.findall(r"```sh\n(.*?)```", text.split("\n## ")[0], re.DOTALL)
    [lines] = re.findall(r"```nginx\n(.*?)```", text.split("\n## ")[0], re.DOTALL)
    port = free_port()
    address = f"https://localhost:{port}"
    settings = settings_file.parse(values, "Deploy/README.md") | {"AXOLOTL_PUBLIC_URL": address}
    with Stack(settings=settings | {"AXOLOTL_POSE_THREADS": "0"}) as stack:
        lines = lines.replace("http://127.0.0.1:5050", stack.base_url).replace("/var/log/nginx", str(tmp_path))
        in_http, in_server = lines.split("# In server {}.")
        around = AROUND.format(folder=tmp_path, port=port, in_http=in_http, in_server=in_server)
        configuration = tmp_path / "nginx.conf"
        configuration.write_text(around)
        make_certificate(tmp_path)
        command = [nginx, "-c", str(configuration), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=20)
        assert checked.returncode == 0, checked.stderr
        running = subprocess.Popen(command)
        try:
            tls = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
            with httpx.Client(base_url=address, verify=tls, trust_env=False) as client:
                stack.wait("nginx", lambda: is_there(client), 10)
            yield Proxied(stack, address, tmp_path, tls)
        finally:
            running.terminate()
            running.wait(10)


def make_certificate(folder: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True, timeout=20)


def is_there(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.TransportError:
        return False


def test_a_phone_pairs_and_films_through_the_proxy(proxied: Proxied) -> None:
    body = {"session_id": "auto", "mode": "single", "user_id": "Kim", "expected_devices": 1, "consent": True}
    with (
        httpx.Client(base_url=proxied.address, verify=proxied.tls, trust_env=False, timeout=15) as coach,
        httpx.Client(base_url=proxied.address, verify=proxied.tls, trust_env=False, timeout=15) as phone,
    ):
        signed_in = coach.get("/", params={"key": proxied.stack.coach_key})
        assert signed_in.status_code == 303 and "; Secure" in signed_in.headers["set-cookie"]
        made = coach.post("/api/pairing/create_session", json=body).json()
        assert made["pairing_url"] == f"{proxied.address}/pair?token={made['pairing_token']}"
        assert phone.get("/pair", params={"token": made["pairing_token"]}).is_success
        place = join(phone, made["pairing_token"], "phone-a")
        assert place["ws_url"].startswith(proxied.address.replace("https", "wss") + "/ws/pair/")
        cookie = {"Cookie": f"axolotl_coach={coach.cookies['axolotl_coach']}"}
        watch = f"{proxied.address.replace('https', 'wss')}/ws/session/{made['session_id']}"
        with (
            connect(watch, ssl=proxied.tls, proxy=None, additional_headers=cookie) as page,
            connect(place["ws_url"], ssl=proxied.tls, proxy=None, max_size=None) as socket,
        ):
            assert json.loads(page.recv(timeout=10))["type"] == "status"
            assert json.loads(socket.recv(timeout=10))["type"] == "welcome"
            tell_time(socket)
            socket.send(encode_frame(1, true_now_us(), 64, 64, noise(1, 64, 64)))
            while json.loads(socket.recv(timeout=10)) != {"type": "ack", "seq": 1}:
                pass
        # Larger than what nginx lets through unless it is told.
        large = noise(2, 1400, 1000)
        assert len(large) > 1 << 20
        assert upload(phone, place["device_token"], large, 2).is_success
    proxied.stack.wait("both connections in nginx's log", lambda: proxied.log.count(" 101 ") == 2, 10)
    for secret in (place["device_token"], made["pairing_token"], proxied.stack.coach_key, cookie["Cookie"]):
        assert secret not in proxied.log
