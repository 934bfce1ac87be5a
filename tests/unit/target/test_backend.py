"""The adapter, against a backend that is described by TOML alone and is unlike the reference service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.fakes.credit_shop import PARTNER, TARGET, CreditShop
from tests.fakes.server import Call, FakeServer, Reply, answer_json

from billing_canary import __version__
from billing_canary.errors import RefusedError
from billing_canary.money import Money
from billing_canary.target.backend import Account
from billing_canary.target.operations import Operation, Outcome, UnexpectedAnswerError
from billing_canary.target.target import Target

Connect = Callable[..., tuple[Target, FakeServer]]


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def opened(target: Target, quota: int = 7) -> Account:
    return target.backend.open_account("name & co", "USD", quota)


def top_up(target: Target, account: Account, minor: int = 500, attempt: str = "a1", **kwargs: Any) -> Any:
    return target.backend.create_top_up(account, usd(minor), attempt, trace="trace-1", **kwargs)


def test_an_account_is_opened_with_a_form_and_a_header_from_the_environment(
    connect: Connect, shop: CreditShop
) -> None:
    target, server = connect(shop.answer)
    account = opened(target)
    call = server.calls[0]
    assert (call.method, call.path) == ("POST", "/v1/tenants")
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.form == {"label": ["name & co"], "ccy": ["usd"], "quota": ["7"], "run": ["{run-1}"]}
    assert call.headers["X-Partner"] == f"id={PARTNER}"
    assert (account.id, account.currency, account.customer) == ("t1", "USD", "cus_t1")
    assert account.values["token"] == "tok-0"
    assert "tok-0" not in repr(account)


def test_the_harness_names_itself_and_sends_no_library_s_headers(connect: Connect, shop: CreditShop) -> None:
    target, server = connect(shop.answer)
    opened(target)
    assert server.calls[0].headers["User-Agent"] == f"billing-canary/{__version__}"
    assert "python-requests" not in str(server.calls[0].headers)


def test_the_account_s_own_key_from_the_earlier_answer_is_used(connect: Connect, shop: CreditShop) -> None:
    target, server = connect(shop.answer)
    first, second = opened(target), opened(target)
    target.backend.wallet(second)
    target.backend.wallet(first)
    assert [call.headers.get("Authorization") for call in server.calls[2:]] == ["Token tok-1", "Token tok-0"]


def test_decimals_and_credits_become_minor_units(connect: Connect, shop: CreditShop) -> None:
    target, _ = connect(shop.answer)
    account = opened(target)
    shop.tenants[account.id].rows += [50, -7]
    wallet = target.backend.wallet(account)
    assert (wallet.balance, wallet.available) == (usd(430), usd(430))
    assert target.backend.ledger_total(account) == usd(430)


def test_an_empty_ledger_adds_up_to_nothing(connect: Connect, shop: CreditShop) -> None:
    target, _ = connect(shop.answer)
    assert target.backend.ledger_total(opened(target)) == usd(0)


def test_a_top_up_is_sent_in_credits_and_as_a_decimal_and_is_reserved(
    connect: Connect, shop: CreditShop
) -> None:
    target, server = connect(shop.answer)
    answer = top_up(target, opened(target))
    call = server.calls[-1]
    assert (call.method, call.path) == ("PUT", "/v1/tenants/t1/orders/a1")
    assert call.form == {"credits": ["50"], "price": ["5.00"], "ccy": ["USD"]}
    assert call.headers["X-Trace"] == "trace-1"
    assert (answer.outcome, answer.status) == (Outcome.OK, 201)
    assert answer.values == {"payment": "pi_1", "top_up": 1}
    entry = target.guard.ledger.entries()[0]
    assert (entry.amount, entry.idempotency_key, entry.answer) == (usd(500), "a1", "HTTP 201")
    assert target.guard.ledger.holds("pi_1")


def test_a_top_up_over_the_cap_never_leaves(connect: Connect, shop: CreditShop) -> None:
    target, server = connect(shop.answer)
    account = opened(target)
    with pytest.raises(RefusedError, match="over the cap"):
        top_up(target, account, 2010)
    assert len(server.calls) == 1


def test_a_retry_with_the_same_attempt_is_counted_once(connect: Connect, shop: CreditShop) -> None:
    target, _ = connect(shop.answer)
    account = opened(target)
    top_up(target, account)
    top_up(target, account)
    assert target.guard.spend().moved == (usd(500),)


HOSTILE = [
    *("a/b", "a?b=c", "a#b", "a%2Fb", "a b", "a&b", "a+b", "\u00e4\u20ac", "../../admin", "a;b", "a\\b"),
    *("a\r\nX-Evil: 1", "\x00", "%", "%zz", "@evil.test", "//evil.test", "a:b", "{account}", "'<>"),
]


@pytest.mark.parametrize("uid", HOSTILE)
def test_a_hostile_id_stays_one_segment_of_the_path(connect: Connect, uid: str) -> None:
    shop = CreditShop(uid)
    target, server = connect(shop.answer)
    account = opened(target)
    assert account.id == uid
    assert target.backend.wallet(account).balance == usd(0)
    assert top_up(target, account, attempt=uid).outcome is Outcome.OK
    assert [call.path.count("/") for call in server.calls[1:]] == [4, 5]
    assert "X-Evil" not in server.calls[-1].headers
    assert target.backend.close_account(account).outcome is Outcome.OK
    assert shop.tenants == {}


def test_a_value_in_a_query_is_quoted(connect: Connect) -> None:
    shop = CreditShop("x&admin=1#")
    target, server = connect(shop.answer)
    target.backend.consume(opened(target), 1, "u")
    assert server.calls[-1].query == "tenant=x%26admin%3D1%23"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.OK),
        (204, Outcome.OK),
        (402, Outcome.BLOCKED),
        (429, Outcome.BLOCKED),  # the mapping's own
        (418, Outcome.UNAVAILABLE),  # the mapping's own
        (404, Outcome.FAILED),  # the mapping's own
        (503, Outcome.UNAVAILABLE),
        (400, Outcome.REJECTED),
        (401, Outcome.REJECTED),
        (499, Outcome.REJECTED),
        (500, Outcome.FAILED),
        (502, Outcome.FAILED),
        (304, Outcome.FAILED),
        (600, Outcome.FAILED),
        (999, Outcome.FAILED),
    ],
)
def test_a_status_means_what_the_mapping_says_or_else_the_usual(
    connect: Connect, shop: CreditShop, status: int, outcome: Outcome
) -> None:
    target, _ = connect(shop.answer)
    account = opened(target)
    body = b"" if status in {204, 304} else b'{"error": {"code": "why"}}'
    shop.use_answer = Reply(status=status, body=body)
    if status == 204:
        with pytest.raises(UnexpectedAnswerError, match="HTTP 204, but"):
            target.backend.consume(account, 1, "u")
        return
    answer = target.backend.consume(account, 1, "u")
    assert (answer.outcome, answer.status) == (outcome, status)
    if body:
        assert str(answer) == f"{outcome.value} (why), HTTP {status}"


def test_an_error_that_is_no_json_is_still_an_outcome(connect: Connect, shop: CreditShop) -> None:
    target, _ = connect(shop.answer)
    account = opened(target)
    shop.use_answer = Reply(status=500, body=b"<html>Internal Server Error</html>")
    answer = target.backend.consume(account, 1, "u")
    assert (answer.outcome, answer.values) == (Outcome.FAILED, {})
    assert answer.text.startswith("<html>")


def test_an_optional_value_that_is_not_told_is_absent(connect: Connect, shop: CreditShop) -> None:
    target, _ = connect(shop.answer)
    assert target.backend.consume(opened(target), 1, "u").values == {}


def test_a_wrong_secret_is_told_as_the_backend_says_it(connect: Connect, shop: CreditShop) -> None:
    target, _ = connect(shop.answer, text=TARGET.replace("id={secrets.partner}", "other"))
    with pytest.raises(UnexpectedAnswerError, match="rejected, HTTP 403") as caught:
        opened(target)
    assert caught.value.operation is Operation.OPEN_ACCOUNT


def test_an_operation_that_is_not_mapped_is_a_programming_error(connect: Connect, shop: CreditShop) -> None:
    target, server = connect(shop.answer)
    assert Operation.READ_BUILD not in target.settings.operations
    with pytest.raises(KeyError):
        target.backend.build()
    assert server.calls == []


def test_text_of_an_answer_is_an_excerpt(connect: Connect) -> None:
    target, _ = connect(lambda _: Reply(body=b"x" * 5_000_000))
    assert target.backend.health().text == "x" * 300


CONSUME = """method = "POST"
path = "/v1/use?tenant={account}"
headers = { Authorization = "Token {account.token}" }
form = { units = "{units}", id = "{usage}" }
"""


def consuming(*lines: str) -> str:
    """The shop's target with another mapping of `consume`."""
    assert CONSUME in TARGET
    return TARGET.replace(CONSUME, "\n".join(['path = "/v1/use"', 'method = "POST"', *lines, ""]))


def test_json_numbers_booleans_and_lists_keep_their_type(connect: Connect, shop: CreditShop) -> None:
    body = 'n = "{units}", text = "n={units}", list = ["{units}", 7, true], deep = { "{usage}" = 1.5 }'
    target, server = connect(shop.answer, text=consuming(f"json = {{ {body} }}"))
    target.backend.consume(opened(target), 3, "u-1")
    call: Call = server.calls[-1]
    assert call.headers["Content-Type"] == "application/json"
    assert call.json == {"n": 3, "text": "n=3", "list": [3, 7, True], "deep": {"u-1": 1.5}}


def test_a_content_type_of_the_mapping_wins(connect: Connect, shop: CreditShop) -> None:
    own = 'headers = { Content-Type = "application/x.own+json" }'
    target, server = connect(shop.answer, text=consuming(own, "json = {}"))
    target.backend.consume(opened(target), 3, "u-1")
    assert server.calls[-1].headers["Content-Type"] == "application/x.own+json"
    assert server.calls[-1].json == {}


def test_without_a_body_none_is_sent(connect: Connect, shop: CreditShop) -> None:
    target, server = connect(shop.answer, text=consuming())
    target.backend.consume(opened(target), 3, "u-1")
    assert server.calls[-1].body == b""
    assert "Content-Type" not in server.calls[-1].headers


@pytest.mark.parametrize("key", ["Idempotency-Key", "X-\u00dcn\u00efcode"])
def test_a_header_that_http_cannot_carry_is_an_answer_not_a_crash(connect: Connect, key: str) -> None:
    text = TARGET.replace('path = "/health"', f'path = "/health"\nheaders = {{ "{key}" = "\u0416" }}')
    target, server = connect(lambda _: answer_json({}), text=text)
    with pytest.raises(UnexpectedAnswerError, match="no HTTP answer"):
        target.backend.health()
    assert server.calls == []


@pytest.mark.parametrize("uid", ["", ".", ".."])
def test_an_id_that_would_ask_for_another_path_is_not_used(connect: Connect, uid: str) -> None:
    target, _ = connect(CreditShop(uid).answer)
    with pytest.raises(UnexpectedAnswerError, match="which no path can hold"):
        opened(target)


CHARGES = """
[backends.credits.operations.charge_saved_card]
method = "POST"
path = "/v1/charge"
headers = { Idempotency-Key = "{attempt}" }
json = { credits = "{amount.credits}", ccy = "{currency}" }
extract = { payment = "pi" }
[backends.credits.operations.create_raw_top_up]
method = "POST"
path = "/v1/charge"
headers = { Idempotency-Key = "{attempt}" }
json = { credits = "{raw_amount}", ccy = "{currency}" }
extract = { payment = "pi" }
"""


def charging(shop: CreditShop, payments: Iterator[str]) -> Callable[[Call], Reply]:
    """The shop, which charges saved cards too."""

    def answer(call: Call) -> Reply:
        return answer_json({"pi": next(payments)}) if call.path == "/v1/charge" else shop.answer(call)

    return answer


def test_a_saved_card_is_charged_only_once_the_target_is_proved(connect: Connect, shop: CreditShop) -> None:
    target, server = connect(charging(shop, iter(["pi_1"])), text=TARGET + CHARGES)
    account = opened(target)
    with pytest.raises(RefusedError, match="nothing of the target's own") as caught:
        target.backend.charge_saved_card(account, usd(500), "a1")
    assert caught.value.rule == "sandbox"
    assert len(server.calls) == 1
    target.guard.seen.customers.add(str(account.customer))  # as if the provider had shown it
    answer = target.backend.charge_saved_card(account, usd(500), "a1")
    assert (answer.outcome, answer.values) == (Outcome.OK, {"payment": "pi_1"})
    assert server.calls[-1].json == {"credits": 50, "ccy": "USD"}
    assert target.guard.spend().moved == (usd(500),)


def test_a_card_that_is_charged_twice_for_one_attempt_is_counted_twice(
    connect: Connect, shop: CreditShop
) -> None:
    target, _ = connect(charging(shop, iter(["pi_1", "pi_2"])), text=TARGET + CHARGES)
    account = opened(target)
    target.guard.seen.customers.add(str(account.customer))
    for _ in range(2):
        target.backend.charge_saved_card(account, usd(500), "a1")
    assert target.guard.spend().moved == (usd(1000),)


@pytest.mark.parametrize(("raw", "moved"), [(-5, ()), ("abc", ()), ("0.5", (usd(50),)), (5, (usd(500),))])
def test_an_impossible_amount_is_sent_as_it_is_and_reserved_as_it_may_be_read(
    connect: Connect, shop: CreditShop, raw: object, moved: tuple[Money, ...]
) -> None:
    target, server = connect(charging(shop, iter(["pi_1"])), text=TARGET + CHARGES)
    answer = target.backend.create_raw_top_up(opened(target), raw, "a1")
    assert server.calls[-1].json == {"credits": raw, "ccy": "USD"}
    assert answer.values == {"payment": "pi_1"}
    assert target.guard.spend().moved == moved


def test_an_impossible_amount_over_the_cap_never_leaves(connect: Connect, shop: CreditShop) -> None:
    target, server = connect(charging(shop, iter([])), text=TARGET + CHARGES)
    account = opened(target)
    with pytest.raises(RefusedError, match="over the cap"):
        target.backend.create_raw_top_up(account, 201, "a1")
    assert len(server.calls) == 1
