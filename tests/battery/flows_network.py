"""Redirects, proxies, ports, and answers of every kind, as a healthy provider and backend give them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.battery.arena import RUN, Flow, Script, World, replying, rub
from tests.battery.attempts_cli import environment
from tests.fakes.server import Call, Reply, answer_json

from billing_canary.target.operations import Outcome
from billing_canary.target.stripe_provider import ProviderError


def _once(reply: Reply, usual: Script) -> Script:
    """`reply` for the first address, and the usual answer wherever it leads."""

    def answer(call: Call) -> Reply:
        return reply if call.path == "/v1/x" and not call.query else usual(call)

    return answer


def redirects_of_reads(world: World) -> None:
    usual = world.arena.provider.script
    for status in (301, 302, 303, 307, 308):
        for place in ("/v1/balance", "balance", "?a=1", f"{world.arena.provider.url}/v1/balance"):
            reply = Reply(status=status, headers={"Location": place})
            world.arena.provider.script = _once(reply, usual)
            world.send("GET", "/v1/x")


def a_redirect_after_a_post_is_a_read(world: World) -> None:
    usual = world.arena.provider.script
    see = Reply(status=303, headers={"Location": "/v1/balance"})
    world.arena.provider.script = lambda c: see if c.method == "POST" else usual(c)
    assert world.post("/v1/customers", {"name": "x"}).json()["livemode"] is False


def default_ports(world: World) -> None:
    world.renew(policy=world.policy.allowing(["api.stripe.com", "[::1]", "staging.example.com:8443"]))
    for url in (
        "https://api.stripe.com/v1/balance",
        "https://api.stripe.com:443/v1/balance",
        "https://API.Stripe.com/v1/balance",
        "https://staging.example.com:8443/x",
        "http://[::1]:8080/x",
        "http://[::1]/x",
        f"{world.arena.backend.url}/.well-known/x",
        f"{world.arena.backend.url}/a..b/...",
    ):
        assert world.guard.before_request("GET", url, {"Host": url.split("/")[2]}, None) is None


def proxies_and_netrc_are_ignored(world: World) -> None:
    there = world.arena.elsewhere.url
    with tempfile.TemporaryDirectory() as home:
        netrc = Path(home) / ".netrc"
        netrc.write_text("machine 127.0.0.1 login me password secret\n", encoding="utf-8")
        names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
        with environment(dict.fromkeys(names, there) | {"HOME": home, "NETRC": str(netrc), "NO_PROXY": ""}):
            world.send("GET", "/v1/balance")
            world.provider.customer(world.bank.put("customer")["id"])
    assert not world.arena.elsewhere.connections
    assert all("secret" not in str(c.headers) for c in world.arena.provider.calls)
    assert "Authorization" not in world.arena.provider.calls[0].headers


def cookies_are_not_kept(world: World) -> None:
    world.arena.provider.script = lambda _: answer_json({}, Set_Cookie="a=b")
    for _ in range(2):
        world.send("GET", "/v1/balance")
    assert "Cookie" not in world.arena.provider.calls[-1].headers


def an_event_is_delivered(world: World) -> None:
    body = json.dumps({"id": "evt_1", "livemode": False, "data": {"object": {"livemode": False}}}).encode()
    assert world.backend.deliver(body, "t=1,v1=abc").outcome is Outcome.OK
    forged = body.replace(b"false", b"true")
    assert world.backend.deliver(forged, "t=1,v1=abc").outcome is Outcome.OK


WORDS = (
    '{"livemode": false}',
    '{"livemode":"false", "livemode_note": "true story"}',
    '{"note": "not in livemode", "true": 1}',
    '{"livemode": 0, "count": 1}',
    '{"livemode": null}',
    '{"alive": true, "mode": 1}',
    '{"livemodel": 17}',
    '{"message": "a similar object exists in live mode, but a test mode key was used"}',
    "",
    "[]",
)


def answers_that_only_sound_live(world: World) -> None:
    for text in WORDS:
        world.arena.provider.script = replying(Reply(body=text.encode()))
        world.send("GET", "/v1/balance")


def a_large_answer(world: World) -> None:
    world.arena.provider.script = lambda _: Reply(body=b"x" * (4 << 20))
    assert len(world.send("GET", "/v1/balance").content) == 4 << 20


def refusals_of_the_provider(world: World) -> None:
    for status in (400, 402, 404, 409, 429, 500, 503):
        world.arena.provider.script = replying(answer_json({"error": {"message": "no"}}, status))
        with suppress(ProviderError):
            world.provider.create(rub(1), f"k-{status}", RUN)
            raise AssertionError


def refusals_of_the_backend(world: World) -> None:
    account = world.account()
    for status in (402, 409, 429, 503):
        world.arena.backend.script = replying(answer_json({"livemode": False}, status))
        world.backend.consume(account, 1, "u")
        world.backend.create_top_up(account, rub(1), f"k-{status}", trace="t")


def ids_of_every_kind(world: World) -> None:
    account = world.account()
    for usage in ("a_b", "a%b", "ü", "a b", "x" * 200, "sk_test_abc", "live_sk", "../x"):
        world.backend.consume(account, 1, usage)
        world.backend.event_state(usage)


def reads_of_the_backend(world: World) -> None:
    for path in ("/", "/healthz", "/metrics?x=1", "/a%20b", "/accounts/acc1/wallet#top"):
        world.send("GET", world.arena.backend.url + path)
        world.send("HEAD", world.arena.backend.url + path)


_FLOWS: tuple[Callable[[World], None], ...] = (
    redirects_of_reads,
    a_redirect_after_a_post_is_a_read,
    default_ports,
    proxies_and_netrc_are_ignored,
    cookies_are_not_kept,
    an_event_is_delivered,
    answers_that_only_sound_live,
    a_large_answer,
    refusals_of_the_provider,
    refusals_of_the_backend,
    ids_of_every_kind,
    reads_of_the_backend,
)
NETWORK = tuple(Flow(id=f"flow-{act.__name__}", act=act) for act in _FLOWS)
