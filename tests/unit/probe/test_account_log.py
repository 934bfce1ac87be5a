"""Each account is told at once when it is opened, and when it is closed; never otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.fakes.credit_shop import CreditShop
from tests.fakes.probes import make_probe
from tests.fakes.server import FakeServer, answer_json

from billing_canary.probe.canary import CanaryPlan, Progress, run_canary
from billing_canary.probe.context import ProbeContext
from billing_canary.probe.registry import Probe
from billing_canary.redact import Redactor
from billing_canary.target.target import Target


class Notes:
    """Keeps what it is told, and how many requests the backend had had by then."""

    def __init__(self, server: FakeServer) -> None:
        self._server = server
        self.told: list[tuple[str, str]] = []
        self.requests: list[int] = []

    def opened(self, account: str) -> None:
        self._note("opened", account)

    def closed(self, account: str) -> None:
        self._note("closed", account)

    def _note(self, change: str, account: str) -> None:
        self.told.append((change, account))
        self.requests.append(len(self._server.calls))


@pytest.fixture
def notes(server: FakeServer) -> Notes:
    return Notes(server)


def run(target: Target, notes: Notes, *probes: Probe) -> None:
    plan = CanaryPlan(mode="mock", probes=probes, redact=Redactor(), progress=Progress(accounts=notes))
    run_canary(target, plan)


def opens(context: ProbeContext) -> None:
    account = context.open_account()
    context.balance(account)
    context.open_account()


def test_each_opening_and_closing_is_told_in_its_turn(connect: Callable[..., Target], notes: Notes) -> None:
    run(connect(), notes, make_probe("a", opens))
    assert notes.told == [("opened", "t1"), ("opened", "t2"), ("closed", "t1"), ("closed", "t2")]
    # health, then: open (told after 2), wallet, open (told after 4), close, close
    assert notes.requests == [2, 4, 5, 6]


def test_an_account_that_could_not_be_closed_stays_open(
    connect: Callable[..., Target], server: FakeServer, notes: Notes
) -> None:
    usual = server.script
    server.script = lambda call: answer_json({}, 500) if call.method == "DELETE" else usual(call)
    run(connect(), notes, make_probe("a", opens))
    assert notes.told == [("opened", "t1"), ("opened", "t2")]


def test_an_opening_without_an_answer_is_not_told(
    connect: Callable[..., Target], server: FakeServer, notes: Notes, shop: CreditShop
) -> None:
    usual = server.script

    def loses(call: Any) -> Any:
        usual(call)
        return answer_json({}, 500)

    server.script = lambda call: usual(call) if call.path == "/health" else loses(call)
    run(connect(), notes, make_probe("a", opens))
    assert (notes.told, len(shop.tenants)) == ([], 1), "only find_accounts can know of it"


def test_a_probe_that_is_cut_short_has_told_what_it_opened(
    connect: Callable[..., Target], notes: Notes
) -> None:
    def hangs(context: ProbeContext) -> None:
        context.open_account()
        time.sleep(2)

    run(connect(patience=0.2), notes, make_probe("a", hangs))
    assert notes.told[0] == ("opened", "t1")
