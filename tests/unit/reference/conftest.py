"""A running reference service to test against, and an account on it; all over real HTTP."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from billing_canary.reference.service import Settings, start

PROVIDER_KEY = "sk_test_reference"
WEBHOOK_SECRET = "whsec_reference"
ADMIN_KEY = "admin_reference"


class Bench:
    """One service with everything that a test needs to drive it."""

    def __init__(self, *faults: str, **settings: Any) -> None:
        chosen = {"schedule": "silent", "build_id": "build-1", **settings}
        self.service = start(
            Settings(
                faults=faults,
                provider_key=PROVIDER_KEY,
                webhook_secret=WEBHOOK_SECRET,
                admin_key=ADMIN_KEY,
                **chosen,
            )
        )
        self.session = requests.Session()
        self._numbers = itertools.count(1)

    def close(self) -> None:
        self.session.close()
        self.service.stop()

    def number(self) -> int:
        return next(self._numbers)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """As the admin, unless `headers` say otherwise."""
        named = {name.replace("_", "-"): value for name, value in headers.items()} or {
            "X-Admin-Key": ADMIN_KEY
        }
        return self.session.request(method, self.service.backend_url + path, json=body, headers=named)

    def provider(self, method: str, path: str, form: Any = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Authorization": f"Bearer {PROVIDER_KEY}", **named}
        return self.session.request(method, self.service.provider_url + path, data=form, headers=named)

    def account(self, currency: str = "RUB", **fields: Any) -> Account:
        opened = self.call("POST", "/accounts", {"currency": currency, "run_id": "run-1", **fields})
        assert opened.status_code == 201, opened.text
        return Account(self, opened.json())

    def pay(self, payment: str, **form: str) -> dict[str, Any]:
        """Confirm a payment with a good card."""
        path = f"/v1/payment_intents/{payment}/confirm"
        answer: dict[str, Any] = self.provider(
            "POST", path, {"payment_method": "pm_card_visa", **form}
        ).json()
        return answer

    def event(self, payment: str, kind: str = "payment_intent.succeeded", **changes: Any) -> bytes:
        """A genuine event about a payment as the provider knows it; `changes` apply to the payment."""
        resource = self.provider("GET", f"/v1/payment_intents/{payment}").json() | changes
        return event_body(resource, kind, number=self.number())

    def deliver(self, body: bytes, *, age_s: float = 0, signature: str | None = None) -> requests.Response:
        """Send an event with a good signature, unless another `signature` is given ("" sends none)."""
        header = sign(body, int(self.now() - age_s)) if signature is None else signature
        headers = {"Content-Type": "application/json"} | ({"Stripe-Signature": header} if header else {})
        url = f"{self.service.backend_url}/webhooks/stripe"
        return self.session.post(url, data=body, headers=headers)

    def now(self) -> float:
        return float(self.call("GET", "/ops/clock").json()["now"])

    def advance(self, seconds: float) -> None:
        assert self.call("POST", "/ops/clock", {"advance_s": seconds}).status_code == 200

    def settled(self, body: bytes) -> dict[str, Any]:
        """The inbox's word about an event, once it waits no longer."""
        event = json.loads(body)["id"]
        state: dict[str, Any] = eventually(lambda: self._state_unless_pending(event))
        return state

    def _state_unless_pending(self, event: str) -> dict[str, Any] | None:
        shown = self.call("GET", f"/ops/inbox/{event}")
        state: dict[str, Any] = shown.json()
        return state if shown.status_code == 200 and state["state"] != "pending" else None

    def together(self, *calls: Callable[[], Any]) -> list[Any]:
        """The results of `calls`, run at the same time."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]


class Account:
    """One account, used with its own key."""

    def __init__(self, bench: Bench, opened: dict[str, Any]) -> None:
        self.bench = bench
        self.id: str = opened["id"]
        self.customer: str = opened["customer"]
        self.headers = {"Authorization": f"Bearer {opened['api_key']}"}

    def call(self, method: str, path: str = "", body: Any = None, **headers: str) -> requests.Response:
        return self.bench.call(method, f"/accounts/{self.id}{path}", body, **self.headers, **headers)

    def top_up(self, amount: Any, key: str = "", request_id: str = "", **fields: Any) -> requests.Response:
        headers = {"Idempotency-Key": key or f"key-{self.bench.number()}", "X-Request-Id": request_id}
        return self.call("POST", "/topups", {"amount": amount, **fields}, **headers)

    def charge(self, amount: int, card: str = "pm_card_visa", **more: Any) -> requests.Response:
        return self.top_up(amount, payment_method=card, confirm=True, **more)

    def fund(self, amount: int) -> None:
        """Fill the wallet through a saved card."""
        assert self.charge(amount).json()["status"] == "paid"

    def paid_event(self, amount: int) -> bytes:
        """A top-up that is paid at the provider, and the event that says so; not delivered yet."""
        payment = self.top_up(amount).json()["payment_intent"]
        self.bench.pay(payment)
        return self.bench.event(payment)

    def use(self, units: Any, usage_id: str = "", **fields: Any) -> requests.Response:
        return self.call(
            "POST", "/usage", {"id": usage_id or f"use-{self.bench.number()}", "units": units, **fields}
        )

    def wallet(self) -> dict[str, Any]:
        wallet: dict[str, Any] = self.call("GET", "/wallet").json()
        return wallet

    @property
    def balance(self) -> int:
        return int(self.wallet()["balance"])

    @property
    def ledger_total(self) -> int:
        return int(self.call("GET", "/ledger").json()["total"])

    def payments(self) -> list[dict[str, Any]]:
        """The account's payments at the provider."""
        path = f"/v1/payment_intents?customer={self.customer}&limit=100"
        found: list[dict[str, Any]] = self.bench.provider("GET", path).json()["data"]
        return found

    def disrupt(self, kind: str, times: int = 1) -> None:
        body = {"account": self.id, "kind": kind, "times": times}
        assert self.bench.call("POST", "/ops/disruptions", body).status_code == 201


def event_body(resource: dict[str, Any], kind: str, number: int) -> bytes:
    event = {"id": f"evt_test_{number}", "object": "event", "type": kind, "livemode": False}
    return json.dumps({**event, "data": {"object": resource}}).encode()


def sign(body: bytes, timestamp: int, secret: str = WEBHOOK_SECRET) -> str:
    """Written anew here, so that a mistake in the service's own signing shows."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def eventually(claim: Callable[[], Any], within: float = 3.0) -> Any:
    """The first true value of `claim`."""
    deadline = time.monotonic() + within
    while not (value := claim()):
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.003)
    return value


@pytest.fixture
def launch() -> Iterator[Callable[..., Bench]]:
    """Starts services: `launch("F01", schedule="prompt")`."""
    with ExitStack() as cleanup:

        def run(*faults: str, **settings: Any) -> Bench:
            bench = Bench(*faults, **settings)
            cleanup.callback(bench.close)
            return bench

        yield run


@pytest.fixture
def bench(launch: Callable[..., Bench]) -> Bench:
    """A healthy service whose provider delivers nothing by itself."""
    return launch()


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., Any]:
    """Waits until a claim is true and answers its value."""
    return eventually


@pytest.fixture(name="sign")
def sign_fixture() -> Callable[..., str]:
    """Signs a body for a timestamp, with the service's secret unless another is given."""
    return sign
