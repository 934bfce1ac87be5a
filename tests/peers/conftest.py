"""Peers: billing software that we did not write, each started for the tests that need it."""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.peers.billing_canary_commands import ReferenceService
from tests.peers.peer_server import PeerServer
from tests.peers.postgres_server import Postgres
from tests.peers.prometheus_server import Prometheus, Series

TEST_KEY = "sk_test_" + "peers0" * 4
SECRET = "whsec_" + "peers0" * 4


def ask(method: str, url: str, body: object | None = None, key: str = TEST_KEY) -> Any:
    """One JSON request to a peer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
        text = answer.read()
    return json.loads(text) if text.strip() else None


def outer_provider() -> dict[str, str]:
    """What the reference service takes from the environment for a provider that is not its own."""
    return {"BILLING_CANARY_MOCK_PROVIDER_KEY": TEST_KEY, "BILLING_CANARY_MOCK_WEBHOOK_SECRET": SECRET}


def staging_environment(service: ReferenceService, provider_url: str) -> dict[str, str]:
    """What the projects' target files read of a reference service with an outer provider."""
    return {
        "BILLING_CANARY_STAGING_URL": service.url,
        "BILLING_CANARY_STAGING_ADMIN_KEY": service.told["admin_key"],
        "BILLING_CANARY_STAGING_WEBHOOK_SECRET": SECRET,
        "BILLING_CANARY_STAGING_PROVIDER_URL": provider_url,
        "BILLING_CANARY_STAGING_PROVIDER_KEY": TEST_KEY,
    }


@dataclass(frozen=True, kw_only=True)
class World:
    """A private Stripe account of seahaven."""

    url: str

    def listed(self, kind: str) -> list[dict[str, Any]]:
        """Its newest objects of a kind, such as events or payment_intents."""
        found: list[dict[str, Any]] = ask("GET", f"{self.url}/v1/{kind}?limit=100")["data"]
        return found


@pytest.fixture(scope="session", name="ask")
def _ask() -> Callable[..., Any]:
    return ask


@pytest.fixture(scope="session")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeerServer]:
    log = tmp_path_factory.mktemp("localstripe") / "log"
    with PeerServer("localstripe", "localstripe_server.py", log) as server:
        yield server


@pytest.fixture(scope="session")
def seahaven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeerServer]:
    log = tmp_path_factory.mktemp("seahaven") / "log"
    with PeerServer("seahaven", "seahaven_server.py", log) as server:
        yield server


@pytest.fixture
def world(seahaven: PeerServer) -> Iterator[Callable[..., World]]:
    """Makes private accounts, in test mode unless `livemode`; they are deleted after the test."""
    made = []

    def make(*, livemode: bool = False) -> World:
        url = f"{seahaven.url}/worlds/{secrets.token_hex(6)}"
        ask("PUT", url, {"startup": {"livemode": livemode}})
        made.append(url)
        return World(url=url)

    yield make
    for url in made:
        ask("DELETE", url)


@dataclass(frozen=True, kw_only=True)
class DjStripe:
    """A Django project with dj-stripe; `secret` signs its webhooks."""

    url: str
    secret: str


@pytest.fixture
def dj_stripe(tmp_path: Path) -> Iterator[Callable[[str, str], DjStripe]]:
    """Starts dj-stripe with the address and the key of a server with Stripe's API."""
    running = []

    def start(api: str, key: str) -> DjStripe:
        secret = f"whsec_{secrets.token_hex(16)}"
        environ = {"FOLDER": str(tmp_path), "WEBHOOK_SECRET": secret, "API_HOST": api, "API_KEY": key}
        server = PeerServer("dj-stripe", "djstripe_server.py", tmp_path / "dj-stripe.log", environ)
        running.append(server)
        return DjStripe(url=server.url, secret=secret)

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Prometheus]]:
    """Starts a server with the samples that a test module wants."""
    running = []

    def start(series: Series, *options: str) -> Prometheus:
        running.append(Prometheus(tmp_path_factory.mktemp("prometheus"), series, *options))
        return running[-1]

    yield start
    for server in running:
        server.stop()
