"""The adapter against backends that lie, break off or say nothing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.credit_shop import TARGET
from tests.fakes.server import Call, FakeServer, Reply, answer_json, unused_port
from tests.fakes.targets import shop_target

from billing_canary.errors import RefusedError
from billing_canary.money import Money
from billing_canary.target.backend import Account
from billing_canary.target.operations import Operation, Outcome, UnexpectedAnswerError
from billing_canary.target.target import Target

Connect = Callable[..., tuple[Target, FakeServer]]
ACCOUNT = Account(id="t1", currency="USD", values={"account": "t1", "token": "tok"})
AMOUNT = Money(minor=500, currency="USD")
NUMBERS = """
[backends.credits.operations.read_backlog]
method = "GET"
path = "/backlog"
extract = { pending = "n" }
[backends.credits.operations.read_clock]
method = "GET"
path = "/clock"
extract = { now = "n" }
[backends.credits.operations.advance_clock]
method = "POST"
path = "/clock"
json = { by = "{seconds}" }
extract = { now = "n" }
"""


def always(reply: Reply) -> Callable[[Call], Reply]:
    return lambda _: reply


def top_up(target: Target, **kwargs: Any) -> Any:
    return target.backend.create_top_up(ACCOUNT, AMOUNT, "a1", trace="t", **kwargs)


def unexpected(call: Callable[[], object]) -> str:
    with pytest.raises(UnexpectedAnswerError) as caught:
        call()
    return caught.value.observed


NO_JSON = {
    "nothing": b"",
    "HTML": b"<html>Bad gateway</html>",
    "cut off": b'{"purse": {"amount": "1.0',
    "two documents": b"{}{}",
    "not UTF-8": b'{"purse": "\xff\xfe\xfa',
    "too deep": b"[" * 200_000,
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_told(connect: Connect, body: bytes) -> None:
    target, _ = connect(always(Reply(body=body)))
    assert unexpected(lambda: target.backend.wallet(ACCOUNT)).startswith("HTTP 200, but ")


ELSEWHERE: list[Any] = [
    None,
    [],
    {},
    7,
    "text",
    {"purse": None},
    {"purse": []},
    {"Purse": {"amount": "1.00"}},
]


@pytest.mark.parametrize("body", ELSEWHERE, ids=json.dumps)
def test_a_value_that_is_not_where_the_mapping_says_is_told_by_name(connect: Connect, body: Any) -> None:
    target, _ = connect(always(answer_json(body)))
    assert unexpected(lambda: target.backend.wallet(ACCOUNT)) == "HTTP 200 without balance (purse.amount)"


@pytest.mark.parametrize(
    "amount",
    [5, 5.0, 0.29, True, ["5.00"], {"v": "5.00"}, "", "5.001", "5,00", "5.00 USD", "NaN", "1e3", "9" * 40],
)
def test_a_decimal_amount_is_plain_text_with_the_currency_s_decimals(connect: Connect, amount: Any) -> None:
    target, _ = connect(always(answer_json({"purse": {"amount": amount, "ccy": "usd"}})))
    assert unexpected(lambda: target.backend.wallet(ACCOUNT)).startswith("HTTP 200, but ")


@pytest.mark.parametrize("amount", ["5", 5.0, True, None, [5], "five"])
def test_credits_are_a_whole_number(connect: Connect, amount: Any) -> None:
    body = {"purse": {"amount": "5.00", "free": amount}}
    target, _ = connect(always(answer_json(body)))
    if amount is None:
        assert target.backend.wallet(ACCOUNT).available is None
    else:
        assert "not an integer" in unexpected(lambda: target.backend.wallet(ACCOUNT))


@pytest.mark.parametrize("currency", ["XXX", 5, ["usd"], True])
def test_an_unknown_currency_is_told(connect: Connect, currency: Any) -> None:
    target, _ = connect(always(answer_json({"purse": {"amount": "5.00", "ccy": currency}})))
    assert "unknown currency" in unexpected(lambda: target.backend.wallet(ACCOUNT))


def test_without_a_word_the_account_s_currency_is_meant(connect: Connect) -> None:
    target, _ = connect(always(answer_json({"purse": {"amount": "5.00"}})))
    assert target.backend.wallet(ACCOUNT).balance == AMOUNT


def test_a_ledger_of_other_things_than_numbers_is_told(connect: Connect) -> None:
    target, _ = connect(always(answer_json({"rows": [{"credits": "one"}]})))
    assert unexpected(lambda: target.backend.ledger_total(ACCOUNT)).startswith("HTTP 200, but ")


@pytest.mark.parametrize("value", ["many", [], {}, "NaN", "1e999", "-Infinity", float("inf")])
def test_what_should_be_a_number_and_is_none_is_told(connect: Connect, value: Any) -> None:
    target, _ = connect(always(answer_json({"n": value})), text=TARGET + NUMBERS)
    for call in (
        target.backend.pending_events,
        target.backend.now,
        lambda: target.backend.advance_clock(1),
        target.now,
    ):
        assert "no number" in unexpected(call)


@pytest.mark.parametrize(("value", "number"), [(7, 7), ("7", 7), (7.5, 7.5), (0, 0)])
def test_numbers_come_as_numbers_or_as_text(connect: Connect, value: Any, number: float) -> None:
    target, _ = connect(always(answer_json({"n": value})), text=TARGET + NUMBERS)
    assert target.backend.now() == number
    assert target.backend.pending_events() == int(number)


def test_a_refused_connection_is_told_and_the_money_stays_counted(tmp_path: Path) -> None:
    target = shop_target(tmp_path, f"http://127.0.0.1:{unused_port()}")
    try:
        assert "no HTTP answer (ConnectionError)" in unexpected(target.backend.health)
        assert "no HTTP answer" in unexpected(lambda: top_up(target))
        assert [entry.answer for entry in target.guard.ledger.entries()] == ["unanswered (ConnectionError)"]
    finally:
        target.close()


def test_a_server_that_hangs_up_is_told_once_and_the_money_stays_counted(connect: Connect) -> None:
    target, server = connect(always(Reply(hang_up=True)))
    assert "no HTTP answer" in unexpected(lambda: top_up(target))
    assert len(server.calls) == 1
    assert [entry.answer for entry in target.guard.ledger.entries()] == ["unanswered (ConnectionError)"]


@pytest.mark.parametrize("payload", [b"\x00\x01\x02 nonsense", b"HTTP/1.1 abc\r\n\r\n", b""])
def test_what_is_no_http_is_told(tmp_path: Path, payload: bytes) -> None:
    import socketserver  # noqa: PLC0415 - only here

    class Nonsense(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(payload)

    with socketserver.TCPServer(("127.0.0.1", 0), Nonsense) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        target = shop_target(tmp_path, f"http://127.0.0.1:{server.server_address[1]}")
        assert "no HTTP answer" in unexpected(target.backend.health)
        target.close()
        thread.join(5)


@pytest.mark.parametrize("stalls_after_head", [False, True])
def test_a_lost_answer_is_unanswered_and_the_request_arrived(
    connect: Connect, *, stalls_after_head: bool
) -> None:
    release = threading.Event()

    def script(_: Call) -> Reply:
        if not stalls_after_head:
            release.wait(5)
        held = release if stalls_after_head else None
        return Reply(status=201, body=b'{"order": {"pi": "pi_1"}}', stall_after_head=held)

    target, server = connect(script)
    answer = top_up(target, lose_answer=True)
    release.set()
    assert (answer.outcome, answer.status, answer.values) == (Outcome.UNANSWERED, 0, {})
    assert eventually(lambda: len(server.calls) == 1)
    assert target.guard.spend().moved == (AMOUNT,)
    assert not target.guard.ledger.holds("pi_1")


def test_a_lost_answer_to_nobody_is_told_all_the_same(tmp_path: Path) -> None:
    target = shop_target(tmp_path, f"http://127.0.0.1:{unused_port()}")
    assert "no HTTP answer" in unexpected(lambda: top_up(target, lose_answer=True))
    target.close()


def test_an_answer_that_takes_too_long_is_unanswered(connect: Connect) -> None:
    release = threading.Event()

    def script(_: Call) -> Reply:
        release.wait(5)
        return Reply()

    target, _ = connect(script, text=TARGET.replace("answer_ms = 2000", "answer_ms = 50"))
    started = time.monotonic()
    answer = target.backend.health()
    release.set()
    assert answer.outcome is Outcome.UNANSWERED
    assert time.monotonic() - started < 2


def test_live_money_in_an_answer_ends_the_run(connect: Connect) -> None:
    target, server = connect(always(answer_json({"order": {"pi": "pi_1", "livemode": True}})))
    with pytest.raises(RefusedError, match="livemode"):
        top_up(target)
    with pytest.raises(RefusedError, match="the run has ended"):
        target.backend.health()
    assert len(server.calls) == 1


def test_a_redirect_elsewhere_is_refused(connect: Connect) -> None:
    target, server = connect(always(Reply(status=307, headers={"Location": "http://127.0.0.1:9/"})))
    with pytest.raises(RefusedError, match="redirect"):
        target.backend.health()
    assert len(server.calls) == 1


def test_an_error_names_operation_and_what_was_observed(connect: Connect) -> None:
    target, _ = connect(always(answer_json({"error": "boom"}, 500)))
    with pytest.raises(UnexpectedAnswerError) as caught:
        target.backend.wallet(ACCOUNT)
    assert caught.value.operation is Operation.READ_WALLET
    assert str(caught.value) == 'read_wallet answered failed, HTTP 500: {"error": "boom"}'


def eventually(claim: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 3
    while not claim() and time.monotonic() < deadline:
        time.sleep(0.002)
    return claim()
