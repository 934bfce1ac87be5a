"""Refusals by rule and exact text: they stand in the report, and people decide by them whom to call."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.guards import BACKEND, BODY, INTENTS, PROVIDER, ask, make_guard, top_up, write
from tests.fakes.policies import WRITES, money

from billing_canary.errors import RefusedError
from billing_canary.guard.addresses import AllowedHosts, Base, check_redirect, is_loopback, origin
from billing_canary.guard.form_body import form_fields
from billing_canary.guard.keys import check_provider_key, check_sent
from billing_canary.guard.permit import Permit, current_permit
from billing_canary.guard.provider_gate import ProviderGate
from billing_canary.guard.sent_headers import check_framing, check_no_override
from billing_canary.guard.session import GuardedSession
from billing_canary.guard.sightings import Sightings
from billing_canary.guard.stray_numbers import check_around, check_beside, check_copies
from billing_canary.guard.target_call import (
    CallKind,
    MoneyPlace,
    TargetCall,
    Unit,
    charges_at_once,
    check_body,
    check_raw_body,
)

HOSTS = AllowedHosts(frozenset({"billing.example.com", "127.0.0.1:8001"}))
GATE = ProviderGate(WRITES, Sightings(), f"{PROVIDER}/api", BACKEND)
INTENT = f"{PROVIDER}/api{INTENTS}"
PLACE = MoneyPlace(keys=("order", 0, "amount"), unit=Unit.MINOR)
RAW = MoneyPlace(keys=("order", 0, "amount"), unit=Unit.RAW)
CALL = replace(top_up(), places=(PLACE,), currency="RUB")
RAW_CALL = TargetCall(
    operation="raw", kind=CallKind.IMPOSSIBLE, key="k", raw=-5, currency="RUB", places=(RAW,)
)
NO_KEY = "the provider's key is no test key: it is not one plain sk_test_... or rk_test_... key"
NO_JSON = "the body is no readable JSON with each key once"
UNKNOWN = "where its amount stands is not known"


def order(**fields: object) -> str:
    return json.dumps({"order": [fields]})


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda: HOSTS.check("ftp://billing.example.com/"), "hosts: scheme 'ftp' is not allowed"),
        (
            lambda: HOSTS.check("https://me@billing.example.com/"),
            "hosts: a URL with user name or password is not allowed",
        ),
        (
            lambda: HOSTS.check("https://b\u0456lling.example.com/"),
            "hosts: the URL's host is not written in plain letters, digits and dots",
        ),
        (
            lambda: HOSTS.check("https://billing.example.com:x/"),
            "hosts: the URL's port is no number",
        ),
        (
            lambda: HOSTS.check("https://evil.test/"),
            "hosts: evil.test:443 is not in [hosts] allow of gates/money.toml",
        ),
        (
            lambda: HOSTS.check("http://billing.example.com/"),
            "hosts: billing.example.com:80 is asked over plain http; use https",
        ),
        (
            lambda: HOSTS.check("https://billing.example.com/a/../b"),
            "hosts: the URL's path climbs, so that it is not known where it leads",
        ),
        (
            lambda: HOSTS.check("https://billing.example.com\\x"),
            "hosts: the URL holds a backslash, white space or a control character",
        ),
        (lambda: HOSTS.check("https://[x/"), "hosts: the URL cannot be read"),
        (
            lambda: check_redirect("https://billing.example.com/", "https://[x/"),
            "hosts: redirect to an unreadable address",
        ),
        (
            lambda: check_redirect("https://billing.example.com/a?b=c", "http://evil.test:81/d"),
            "hosts: redirect from https://billing.example.com:443 to http://evil.test:81",
        ),
        (
            lambda: check_framing(INTENT, {}, iter([b"x"])),
            "endpoints: the body is a stream, so it cannot be read before it leaves",
        ),
        (
            lambda: check_framing(INTENT, {"Host": "evil.test"}, None),
            "hosts: the Host header names another host than the address",
        ),
        (
            lambda: check_framing(INTENT, {"Content_Length": "3"}, "a=1&b=2"),
            "endpoints: the content-length header does not fit the body",
        ),
        (
            lambda: check_no_override({"X_HTTP_Method": "PUT"}, "read"),
            "endpoints: a header makes a read into something else: X_HTTP_Method",
        ),
        (lambda: check_provider_key("sk_test_a,b"), f"keys: {NO_KEY}"),
        (
            lambda: check_sent("https://billing.example.com/sk_live_abcdef", {}, None),
            "keys: the address holds a live key",
        ),
        (
            lambda: check_sent(PROVIDER, {"X-Key": b"sk_live_abcdef"}, None),
            "keys: header X-Key holds a live key",
        ),
        (lambda: check_sent(PROVIDER, {}, b"key=sk_live_abcdef"), "keys: the body holds a live key"),
        (lambda: GATE.check_read(INTENT, {}, b"a=1"), "endpoints: a read with a body"),
        (
            lambda: GATE.check_read(f"{PROVIDER}/v1/x", {}, None),
            "hosts: the address leaves the provider's base path",
        ),
        (
            lambda: GATE.check_declared("consume", INTENT),
            "endpoints: consume: an operation of the target leads to the provider's own address",
        ),
        (
            lambda: GATE.spending("POST", INTENT, {"Stripe-Account": "acct_1"}, "amount=1&currency=rub"),
            "endpoints: a header makes a write into something else: Stripe-Account",
        ),
        (
            lambda: GATE.spending("POST", INTENT, {}, "amount=1&amount=2"),
            f"endpoints: {INTENTS}: the field amount stands twice",
        ),
        (
            lambda: GATE.spending("POST", f"{PROVIDER}/api/v1/refunds", {}, "amount=1"),
            "sandbox: the payment was not fetched and found to be a test payment",
        ),
        (
            lambda: form_fields("/v1/x", {"Content-Type": b"text/plain"}, "a=1"),
            "endpoints: /v1/x: the body is 'text/plain', not a form",
        ),
        (
            lambda: check_beside("buy", {"lines": [{"units": 2}]}, (), "RUB"),
            "endpoints: buy: the body's lines.0.units could change the amount",
        ),
        (
            lambda: check_copies("buy", [("minor", ("fee",)), ("minor", ("amount",))]),
            "endpoints: buy: a second amount in the body's fee could change the amount",
        ),
        (
            lambda: check_copies("buy", [("minor", ("a", 0)), ("minor", ("a", 1))]),
            "endpoints: buy: a second amount in the body's a.1 could change the amount",
        ),
        (
            lambda: check_around("buy", f"{BACKEND}?quantity=2", {}),
            "endpoints: buy: the address's quantity could change the amount",
        ),
        (
            lambda: check_around("buy", BACKEND, {"X-Amount": "2"}),
            "endpoints: buy: the header X-Amount could change the amount",
        ),
        (
            lambda: check_body(CALL, order(amount=30)),
            "caps: create_top_up: order.0.amount is 30, but 0.29 RUB was declared",
        ),
        (
            lambda: check_body(CALL, order(amount=29, quantity=2)),
            "endpoints: create_top_up: the body's order.0.quantity could change the amount",
        ),
        (
            lambda: check_body(top_up(), "amount=29&currency=RUB&amount="),
            "endpoints: create_top_up: a field of the body stands twice",
        ),
        (
            lambda: check_raw_body(RAW_CALL, order(amount=5)),
            "caps: raw: order.0.amount is 5, but -5 was declared",
        ),
        (lambda: check_raw_body(RAW_CALL, "{"), f"endpoints: raw: {NO_JSON}"),
        (
            lambda: check_raw_body(RAW_CALL, order(amount=-5, quantity=2)),
            "endpoints: raw: the body's order.0.quantity could change the amount",
        ),
        (lambda: check_raw_body(replace(RAW_CALL, places=()), "{}"), f"endpoints: raw: {UNKNOWN}"),
        (lambda: charges_at_once(CALL, "{"), f"endpoints: create_top_up: {NO_JSON}"),
    ],
)
def test_a_refusal_names_its_rule_and_what_is_wrong(act: Callable[[], object], told: str) -> None:
    with pytest.raises(RefusedError) as caught:
        act()
    assert f"{caught.value.rule}: {caught.value.reason}" == told
    assert caught.value.ends_run is (caught.value.rule == "keys")


def test_the_guard_hands_on_what_each_rule_needs_for_its_sentence() -> None:
    guard = make_guard()
    headers = {"Host": "pay.example.com"}
    assert guard.before_request("POST", f"{PROVIDER}{INTENTS}", headers, "amount=1&currency=rub")
    with pytest.raises(RefusedError) as caught:
        guard.before_request("POST", f"{PROVIDER}/v1/x", {}, BODY, top_up())
    assert caught.value.reason.startswith("create_top_up: an operation of the target leads to")
    with pytest.raises(RefusedError) as caught:
        ask(guard, top_up(), BODY, "/use?quantity=2")
    assert caught.value.reason == "create_top_up: the address's quantity could change the amount"


def test_after_the_end_every_request_is_told_why_the_run_ended() -> None:
    guard = make_guard()
    with pytest.raises(RefusedError) as first:
        guard.prove_sandbox(livemode=None)
    assert first.value.reason == "the provider answered livemode=None on /v1/balance"
    for _ in range(2):
        with pytest.raises(RefusedError) as caught:
            write(guard)
        assert (caught.value.rule, caught.value.ends_run) == ("sandbox", True)
        assert caught.value.reason == f"the run has ended: {first.value.reason}"


def test_a_probe_after_its_time_is_told_so() -> None:
    permit = Permit()
    token = current_permit.set(permit)
    try:
        assert write(make_guard()) is not None
        permit.revoked = True
        with pytest.raises(RefusedError) as caught:
            write(make_guard())
    finally:
        current_permit.reset(token)
    assert str(caught.value) == "time-limit: a probe went on after its time limit"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"proxies": {"https": "http://127.0.0.1:9"}}, "hosts: a proxy would be contacted in between"),
        ({"verify": False}, "hosts: the server's certificate would not be checked"),
        ({}, "hosts: 127.0.0.1:9 is not in [hosts] allow of gates/money.toml"),
    ],
)
def test_the_adapter_itself_refuses_a_detour(options: dict[str, Any], told: str) -> None:
    with GuardedSession(make_guard()) as session:
        url = "HTTPS://127.0.0.1:9/"
        adapter, request = session.get_adapter(url), session.prepare_request(_get(url))
        with pytest.raises(RefusedError) as caught:
            adapter.send(request, **options)
        assert str(caught.value) == told


def _get(url: str) -> Any:
    import requests  # noqa: PLC0415 - here alone

    return requests.Request("GET", url)


def test_an_address_without_a_known_port_or_host_is_told_apart() -> None:
    assert origin("ftp://x.example.com/") == ("ftp", "x.example.com", 0)
    assert origin("https:///x") == ("https", "", 443)
    assert not is_loopback("X127.0.0.1X")
    assert Base("https://x.example.com/XX/").path_of("https://x.example.com/XX/v1") == "/v1"


def test_what_is_declared_right_is_no_refusal() -> None:
    assert check_body(replace(CALL, credit_minor=10), order(amount=29)) == money(29)
    check_beside("buy", [29, [30]], (), "RUB")
    check_raw_body(RAW_CALL, order(amount=-5))
