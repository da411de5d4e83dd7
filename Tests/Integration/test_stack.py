"""The system as a whole: it starts, says that it is ready, and shows its insides to the operator."""

from __future__ import annotations

import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from axolotl_kit.stack import Stack, Supervisor


def get(stack: Stack, path: str, **headers: str) -> httpx.Response:
    return httpx.get(stack.base_url + path, headers=headers, trust_env=False, timeout=10)


def test_five_services_run_with_two_stream_instances(stack: Stack) -> None:
    expected = {"token-svc", "session-svc", "edge-gateway", "stream-svc-1", "stream-svc-2", "api-front"}
    assert set(stack.services) == expected
    assert len({stack.pid(name) for name in stack.services} - {0}) == len(expected)


def test_it_is_alive_and_ready(stack: Stack) -> None:
    assert get(stack, "/healthz").status_code == 200
    # On a busy machine a service may need longer than /readyz waits for it.
    stack.wait_ready()


def test_metrics_are_open_and_in_prometheus_form(stack: Stack) -> None:
    """A scraper needs no key, and a wrong one of its own is nobody's business."""
    answer = get(stack, "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    for credentials in (f"Bearer {stack.coach_key}", "Bearer nonsense", "Basic eDp5"):
        assert get(stack, "/metrics", Authorization=credentials).status_code == 200
    samples = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    assert samples
    for sample in samples:
        name, value = sample.rsplit(" ", 1)
        assert name[0].isalpha()
        float(value)


def test_the_description_names_every_route(stack: Stack) -> None:
    document = get(stack, "/api/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for path in (
        "/api/pairing/create_session",
        "/api/pairing/validate",
        "/api/pairing/register_device",
        "/api/pairing/signal_offer",
        "/api/pairing/session_status",
        "/api/pairing/ntp_sync",
        "/api/pairing/upload_frame",
        "/api/sessions",
    ):
        assert path in document["paths"]


def test_the_description_is_sent_again_only_if_it_changed(stack: Stack) -> None:
    whole = get(stack, "/api/openapi.json")
    assert whole.headers["cache-control"] == "no-cache"
    again = get(stack, "/api/openapi.json", **{"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert get(stack, "/api/openapi.json", **{"If-None-Match": '"another"'}).content == whole.content


def test_many_who_ask_at_once_share_one_scrape(stack: Stack) -> None:
    def scrapes() -> float:
        """How often token-svc was asked anything; while nobody is connected that is for its figures."""
        text = get(stack, "/metrics").text
        counts = re.findall(r'^axolotl_bus_requests_total{[^}]*"token-svc"[^}]*} (\S+)$', text, re.MULTILINE)
        assert counts
        return sum(map(float, counts))

    before, began = scrapes(), time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: get(stack, "/metrics"), range(100)))
    took = time.monotonic() - began
    assert all(answer.status_code == 200 for answer in answers)
    assert scrapes() - before <= took + 5


def test_an_unknown_address_is_a_problem_document(stack: Stack) -> None:
    answer = get(stack, "/api/nothing/here")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_it_outlives_the_thread_that_started_it() -> None:
    with Stack() as own:
        restarting = threading.Thread(target=own.restart)
        restarting.start()
        restarting.join()
        before = {name: own.pid(name) for name in own.services}
        own.wait_ready()
        assert {name: own.pid(name) for name in own.services} == before


def test_a_service_is_taken_down_that_was_just_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not heed supervisord's SIGTERM, which is lost on one that was forked and does not run its program yet."""
    with Stack(settings={"AXOLOTL_POSE_THREADS": "0"}) as own:
        killed, stop = own.pid("token-svc"), Supervisor.stop

        def stop_too_late(supervisor: Supervisor, service: str) -> None:
            monkeypatch.undo()
            own.wait("another process", lambda: own.pid(service) not in (0, killed), 10)
            own.kill(service, signal.SIGSTOP)
            stop(supervisor, service)

        monkeypatch.setattr(Supervisor, "stop", stop_too_late)
        own.take_down("token-svc")
        assert own.pid("token-svc") == 0
        own.bring_back("token-svc")


def test_secrets_are_in_no_log(stack: Stack) -> None:
    for service in stack.services:
        assert stack.coach_key not in stack.logs(service)
