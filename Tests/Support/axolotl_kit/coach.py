"""A coach: client of the HTTP API and of the live WebSocket."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
from websockets.asyncio.client import connect

from .problem import Problem

# What a server says that is busy or half away.
BUSY = ("service_unavailable", "deadline_exceeded", "restarting")
# Where a service had no time to answer, what it did meanwhile is taken back.
TAKEN_BACK = (*BUSY, "session_exists")


class Coach:
    """Makes sessions and asks about them. Refusals are raised as `Problem`.

    As the page's people would, it asks again for up to `patience_s` where the server was too busy: some requests are
    answered 503 once one of its services takes more than a second.
    """

    def __init__(self, base_url: str, key: str, timeout: float = 30, patience_s: float = 20) -> None:
        self.base_url = base_url
        self.patience_s = patience_s
        self._headers = {"Authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=base_url, headers=self._headers, timeout=timeout, trust_env=False)

    def __enter__(self) -> Coach:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def create_session(
        self,
        expected_devices: int = 4,
        mode: str = "3d",
        session_id: str = "auto",
        user_id: str = "coach",
        consent: bool = True,
        **more: Any,
    ) -> dict[str, Any]:
        """A new session with its pairing token."""
        body = {
            "session_id": session_id,
            "mode": mode,
            "user_id": user_id,
            "expected_devices": expected_devices,
            "consent": consent,
        }
        return self._patiently(lambda: self.http.post("/api/pairing/create_session", json=body | more))

    def status(self, session_id: str) -> dict[str, Any]:
        """State of the session and of each device."""
        return self._json(self.http.get("/api/pairing/session_status", params={"session_id": session_id}))

    def device(self, session_id: str, device_id: str) -> dict[str, Any]:
        """One device out of the status; empty while unknown."""
        devices = self.status(session_id)["devices"]
        return next((each for each in devices if each["device_id"] == device_id), {})

    def wait_transport(self, session_id: str, *wanted: str, timeout: float = 60) -> list[dict[str, Any]]:
        """Waits until all phones use one of these, and returns the devices.

        They are reported on twice a second; a phone that found one too slow tries it again after ten seconds, then 20.
        """
        end = time.monotonic() + timeout
        while True:
            devices: list[dict[str, Any]] = self.status(session_id)["devices"]
            if devices and all(device.get("transport") in wanted for device in devices):
                return devices
            if time.monotonic() > end:
                raise TimeoutError(f"no phone with {wanted}: {[device.get('transport') for device in devices]}")
            time.sleep(0.05)

    def sessions(self) -> list[dict[str, Any]]:
        """All sessions, newest first."""
        page = self._json(self.http.get("/api/sessions"))
        listed: list[dict[str, Any]] = page["sessions"]
        while page["more"]:
            page = self._json(self.http.get("/api/sessions", params={"after": listed[-1]["session_id"]}))
            listed += page["sessions"]
        return listed

    def put_calibration(self, session_id: str, document: bytes, content_type: str) -> dict[str, Any]:
        """Gives the session its cameras: the JSON form, or a Qualisys .qca.txt as it is."""
        path, headers = f"/api/sessions/{session_id}/calibration", {"Content-Type": content_type}
        return self._patiently(lambda: self.http.put(path, content=document, headers=headers))

    def calibration(self, session_id: str) -> dict[str, Any]:
        """The calibration in force."""
        return self._json(self.http.get(f"/api/sessions/{session_id}/calibration"))

    def statistics(self, session_id: str) -> dict[str, Any]:
        """Figures of the reconstruction."""
        return self._json(self.http.get(f"/api/sessions/{session_id}/statistics"))

    def recordings(self, session_id: str) -> list[dict[str, Any]]:
        """The recorded files."""
        files: list[dict[str, Any]] = self._json(self.http.get(f"/api/sessions/{session_id}/recordings"))["files"]
        return files

    def poses(self, session_id: str, form: str) -> bytes:
        """The 3D poses as `trc`, `csv` or `json`."""
        return Problem.check(self.http.get(f"/api/sessions/{session_id}/poses.{form}")).content

    def rename(self, session_id: str, device_id: str, label: str) -> dict[str, Any]:
        """Gives a phone another name."""
        answer = self.http.put(f"/api/sessions/{session_id}/devices/{device_id}", json={"label": label})
        return self._json(answer)

    def remove(self, session_id: str, device_id: str) -> dict[str, Any]:
        """Removes a phone, which is cut off at once."""
        return self._patiently(lambda: self.http.delete(f"/api/sessions/{session_id}/devices/{device_id}"))

    def expect(self, session_id: str, devices: int) -> dict[str, Any]:
        """Changes how many phones the session waits for."""
        answer = self.http.put(f"/api/sessions/{session_id}/expected_devices", json={"expected_devices": devices})
        return self._json(answer)

    def invite(self, session_id: str, **more: Any) -> dict[str, Any]:
        """A fresh QR with its token and code, for the places that are free."""
        return self._patiently(lambda: self.http.post(f"/api/sessions/{session_id}/pairing", json=more))

    def end(self, session_id: str) -> dict[str, Any]:
        """Closes a session to phones and frames."""
        return self._json(self.http.post(f"/api/sessions/{session_id}/end"))

    def delete(self, session_id: str) -> dict[str, Any]:
        """Deletes everything of the session; the receipt."""
        return self._json(self.http.delete(f"/api/sessions/{session_id}"))

    async def watch(self, session_id: str) -> AsyncIterator[dict[str, Any] | bytes]:
        """What the coach's page gets: objects for text messages, bytes for binary ones, until the connection ends."""
        url = self.base_url.replace("http", "ws", 1) + f"/ws/session/{session_id}"
        async with connect(
            url, additional_headers=self._headers, compression=None, proxy=None, open_timeout=10, ping_interval=None
        ) as connection:
            async for message in connection:
                yield message if isinstance(message, bytes) else json.loads(message)

    def _patiently(self, ask: Callable[[], httpx.Response]) -> dict[str, Any]:
        end, bearable = time.monotonic() + self.patience_s, BUSY
        while True:
            try:
                return self._json(ask())
            except Problem as problem:
                if problem.code not in bearable or time.monotonic() > end:
                    raise
            bearable = TAKEN_BACK
            time.sleep(0.1)

    @staticmethod
    def _json(answer: httpx.Response) -> dict[str, Any]:
        document: dict[str, Any] = Problem.check(answer).json()
        return document
