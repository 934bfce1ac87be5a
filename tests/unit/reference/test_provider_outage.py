"""The backend against a provider that fails: a hand-written one whose next answers are scripted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

DROP = "drop"
ERROR = "error"
GARBAGE = "garbage"


class ScriptedProvider(ThreadingHTTPServer):
    """Plays `script` for the next payment intents, then behaves; remembers their idempotency keys."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[str] = []
        self.keys: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: ScriptedProvider

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/customers":
            self.answer(200, {"id": "cus_1"})
            return
        self.server.keys.append(self.headers["Idempotency-Key"])
        step = self.server.script.pop(0) if self.server.script else ""
        if step == DROP:
            return
        if step == ERROR:
            self.answer(500, {"error": {"type": "api_error"}})
        elif step == GARBAGE:
            self.answer(200, ["no object"])
        else:
            self.answer(200, {"id": "pi_1", "status": "requires_payment_method", "currency": "rub"})

    def do_GET(self) -> None:
        self.answer(200, {"object": "balance"})

    def answer(self, status: int, body: Any) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def scripted() -> Iterator[ScriptedProvider]:
    provider = ScriptedProvider()
    thread = threading.Thread(target=provider.serve_forever, args=(0.01,))
    thread.start()
    yield provider
    provider.shutdown()
    provider.server_close()
    thread.join()


def test_a_broken_connection_is_tried_again_with_the_same_key(
    launch: Callable[..., Any], scripted: ScriptedProvider
) -> None:
    account = launch(provider_url=scripted.url).account()
    scripted.script = [DROP, DROP]
    assert account.top_up(500).status_code == 201
    assert (len(scripted.keys), len(set(scripted.keys))) == (3, 1)


@pytest.mark.parametrize(
    ("script", "code"),
    [([DROP] * 3, "provider_unreachable"), ([ERROR], "provider_error"), ([GARBAGE], "provider_error")],
)
def test_a_failed_attempt_can_be_made_again_under_its_key(
    launch: Callable[..., Any], scripted: ScriptedProvider, script: list[str], code: str
) -> None:
    account = launch(provider_url=scripted.url).account()
    scripted.script = list(script)
    failed = account.top_up(500, key="k")
    assert (failed.status_code, failed.json()["code"]) == (502, code)
    assert account.top_up(500, key="k").status_code == 201
    assert len(set(scripted.keys)) == 1


def test_health_says_when_the_provider_is_away(
    launch: Callable[..., Any], scripted: ScriptedProvider
) -> None:
    bench = launch(provider_url=scripted.url)
    assert bench.call("GET", "/healthz").status_code == 200
    scripted.shutdown()
    scripted.server_close()
    answer = bench.call("GET", "/healthz")
    assert (answer.status_code, answer.json()["checks"]["provider"]) == (503, "failing")
    assert answer.json()["checks"]["store"] == "ok"
