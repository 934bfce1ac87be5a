"""Carries a provider's events to a webhook endpoint, as `stripe listen --forward-to` does.

It reads /v1/events again and again, signs each new event with the endpoint's secret, and posts it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass
from typing import Any, Self

import requests

_PAUSE_S = 0.05
_ANSWER_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    """One event that was posted, and how the endpoint answered."""

    event: str
    type: str
    status: int


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """The provider's signature header."""
    code = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={code}"


class Pump:
    """A thread that forwards every event of `provider_url` to `endpoint` until it is stopped."""

    def __init__(self, provider_url: str, key: str, endpoint: str, secret: str) -> None:
        self._events = f"{provider_url}/v1/events"
        self._endpoint, self._secret = endpoint, secret
        self._session = requests.Session()
        self._session.trust_env = False
        self._key = key
        self._seen: set[str] = set()
        self.forwarded: list[Forwarded] = []
        self.error: Exception | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event-pump", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._session.close()

    def _run(self) -> None:
        try:
            while not self._stopping.wait(_PAUSE_S):
                for event in self._new_events():
                    self._forward(event)
        except Exception as error:  # noqa: BLE001 - the test that reads `error` tells it
            self.error = error

    def _new_events(self) -> list[dict[str, Any]]:
        """Events not seen before, oldest first."""
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            answer = self._session.get(
                self._events, params={"limit": "100", **after}, auth=(self._key, ""), timeout=_ANSWER_S
            )
            answer.raise_for_status()
            page = answer.json()
            new = [event for event in page["data"] if event["id"] not in self._seen]
            found += new
            if not page["has_more"] or len(new) < len(page["data"]):
                return found[::-1]
            after = {"starting_after": new[-1]["id"]}

    def _forward(self, event: dict[str, Any]) -> None:
        body = json.dumps(event).encode()
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": signature(body, self._secret, int(time.time())),
        }
        answer = self._session.post(self._endpoint, data=body, headers=headers, timeout=_ANSWER_S)
        self._seen.add(event["id"])
        self.forwarded.append(
            Forwarded(event=str(event["id"]), type=str(event["type"]), status=answer.status_code)
        )
