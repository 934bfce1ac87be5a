"""Answers that speak of live money, in every spelling; and what is sent after the run has ended."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator

from tests.battery.arena import Attempt, World, doing, replying, rub
from tests.fakes.server import Reply, answer_json

from billing_canary.errors import RefusedError
from billing_canary.guard.permit import Permit, current_permit

PLAIN = '{"id": "pi_1", "livemode": true}'
SPELLINGS: dict[str, bytes | str] = {
    "true": PLAIN,
    "compact": '{"livemode":true}',
    "spaced": '{"livemode"  :\n\t true}',
    "capitals": '{"LIVEMODE": TRUE}',
    "text": '{"livemode": "true"}',
    "text-capital": '{"livemode": "True"}',
    "text-with-spaces": '{"livemode": " true "}',
    "one": '{"livemode": 1}',
    "one-as-text": '{"livemode": "1"}',
    "one-as-float": '{"livemode": 1.0}',
    "yes": '{"livemode": "yes"}',
    "on": '{"livemode": "on"}',
    "live": '{"livemode": "live"}',
    "live_mode": '{"live_mode": true}',
    "live-mode": '{"live-mode": true}',
    "liveMode": '{"liveMode": true}',
    "is_livemode": '{"is_livemode": true}',
    "escaped-value": '{"livemode": "\\u0074rue"}',
    "escaped-key": '{"\\u006civemode": true}',
    "escaped-capital": '{"\\u004CIVEMODE": true}',
    "escaped-inside": '{"live\\u006dode": true}',
    "second-key": '{"livemode": false, "livemode": true}',
    "first-key": '{"livemode": true, "livemode": false}',
    "nested": '{"data": {"object": {"livemode": true}}}',
    "in-a-list": '{"data": [{"livemode": false}, {"livemode": true}]}',
    "json-in-a-string": json.dumps({"body": json.dumps({"livemode": True})}),
    "json-in-a-string-twice": json.dumps({"a": json.dumps({"b": json.dumps({"livemode": True})})}),
    "escaped-in-a-string": '{"body": "{\\"live\\\\u006dode\\": true}"}',
    "single-quotes": "{'livemode': true}",
    "query": "id=pi_1&livemode=true",
    "url-quoted": "%22livemode%22%3A%20true",
    "html-quoted": "{&quot;livemode&quot;: true}",
    "xml": "<payment><livemode>true</livemode></payment>",
    "yaml": "id: pi_1\nlivemode: true\n",
    "ini": "livemode = 1",
    "arrow": "['livemode' => true]",
    "not-json": 'oops {"livemode": true',
    "utf-8-mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "utf-16": PLAIN.encode("utf-16"),
    "utf-16-be": PLAIN.encode("utf-16-be"),
    "utf-32": PLAIN.encode("utf-32"),
    "after-much-text": "x" * 200_000 + PLAIN,
}


STATUSES = (201, 302, 400, 402, 404, 409, 429, 500, 503)
CODED = {
    "gzip": Reply(body=gzip.compress(PLAIN.encode()), headers={"Content-Encoding": "gzip"}),
    "deflate": Reply(body=zlib.compress(PLAIN.encode()), headers={"Content-Encoding": "deflate"}),
    "as-text": Reply(body=PLAIN.encode(), headers={"Content-Type": "text/plain"}),
    "as-image": Reply(body=PLAIN.encode(), headers={"Content-Type": "image/png"}),
    **{f"status-{status}": Reply(status=status, body=PLAIN.encode()) for status in STATUSES},
}


def _answered(reply: Reply, *, by_backend: bool = False) -> Callable[[World], object]:
    """One answer says live; whatever is asked after it must not leave."""

    def act(world: World) -> object:
        server = world.arena.backend if by_backend else world.arena.provider
        usual = server.script
        server.script = replying(reply)
        try:
            world.send("GET", f"{server.url}/v1/balance")
        except RefusedError as refusal:
            if refusal.rule != "never-live":
                raise
            server.script = usual
            world.arm()
            return world.provider.create(rub(29), "k", "run-1")
        return None

    return act


def _spelt() -> Iterator[Attempt]:
    for name, body in SPELLINGS.items():
        reply = Reply(body=body.encode() if isinstance(body, str) else body)
        yield _attempt(f"provider-{name}", _answered(reply))
    for name in ("true", "liveMode", "json-in-a-string", "gzip-like"):
        reply = Reply(body=str(SPELLINGS.get(name, PLAIN)).encode())
        yield _attempt(f"backend-{name}", _answered(reply, by_backend=True))
    for name, reply in CODED.items():
        yield _attempt(f"coded-{name}", _answered(reply))


def _situations() -> Iterator[Attempt]:
    yield _attempt("second-answer", _second_answer)
    yield _attempt("payment-of-the-target", _payment_of_target)
    yield _attempt("created-live", _created_live)
    yield _attempt("confirmed-live", _confirmed_live)
    yield _attempt("in-a-redirect", _in_redirect)
    for name, act in {
        "backend-write": lambda world: world.backend.open_account("x", "RUB", 1),
        "backend-read": lambda world: world.backend.health(),
        "provider-read": lambda world: world.provider.customer("cus_1"),
        "clean-up": lambda world: world.provider.cancel("pi_1"),
        "reservation": lambda world: world.guard.reserve("x", rub(1), "k"),
    }.items():
        yield _attempt(f"after-the-end-{name}", doing(_after_end, act))


def _end(world: World) -> None:
    usual = world.arena.provider.script
    world.arena.provider.script = lambda _: answer_json({"livemode": True})
    try:
        world.send("GET", "/v1/balance")
    except RefusedError:
        world.arena.provider.script = usual
        world.arm()


def _after_end(world: World, act: Callable[[World], object]) -> object:
    _end(world)
    return act(world)


def _second_answer(world: World) -> object:
    answers = iter([{"livemode": False}, {"livemode": True}])
    world.arena.provider.script = lambda _: answer_json(next(answers, {"livemode": False}))
    for _ in range(3):
        world.send("GET", "/v1/balance")
    return None


def _payment_of_target(world: World) -> object:
    """The backend answers with a payment that the provider then shows to be a live one."""
    account = world.account()
    top_up = world.backend.create_top_up(account, rub(29), "k", trace="t").values["payment"]
    shown = world.bank.intents[top_up].show() | {"livemode": True}
    world.arena.provider.script = lambda _: answer_json(shown)
    world.arm()
    return world.provider.confirm(top_up, "pm_card_visa")


def _created_live(world: World) -> object:
    usual = world.arena.provider.script
    world.arena.provider.script = lambda _: answer_json({"id": "pi_1", "livemode": True})
    try:
        world.provider.create(rub(29), "k", "run-1")
    except RefusedError:
        world.arena.provider.script = usual
        world.arm()
    return world.provider.confirm("pi_1", "pm_card_visa")


def _confirmed_live(world: World) -> object:
    payment = world.provider.create(rub(29), "k", "run-1").id
    world.provider.payment(payment)
    usual = world.arena.provider.script
    world.arena.provider.script = lambda _: answer_json({"id": payment, "livemode": True})
    try:
        world.post(f"/v1/payment_intents/{payment}/confirm")
    except RefusedError:
        world.arena.provider.script = usual
        world.arm()
    return world.provider.refund(payment, rub(29), "back")


def _in_redirect(world: World) -> object:
    reply = Reply(status=302, body=PLAIN.encode(), headers={"Location": "/v1/there"})
    world.arena.provider.script = lambda _: reply
    return world.send("GET", "/v1/balance")


def _proofs() -> Iterator[Attempt]:
    values: dict[str, object] = {
        "missing": None,
        "text": "false",
        "zero": 0,
        "empty": "",
        "list": [],
    }
    for name, value in values.items():
        yield Attempt(
            id=f"sandbox-proof-{name}",
            rule="sandbox",
            act=doing(_proved_by, value),
        )
    yield Attempt(id="sandbox-proof-live", rule="never-live", act=lambda world: _proved_by(world, True))
    yield Attempt(id="sandbox-no-provider", rule="sandbox", act=_no_provider)


def _proved_by(world: World, livemode: object) -> object:
    world.arena.provider.script = lambda _: answer_json({"object": "balance", "livemode": livemode})
    world.provider.prove_sandbox()
    return None


def _no_provider(world: World) -> object:
    world.guard.prove_sandbox(livemode="nothing: the target names no provider")
    return None


def _late() -> Iterator[Attempt]:
    for name, act in {
        "read": lambda world: world.send("GET", "/v1/balance"),
        "write": lambda world: world.post("/v1/customers"),
        "payment": lambda world: world.provider.create(rub(29), "k", "run-1"),
        "backend": lambda world: world.backend.health(),
        "reservation": lambda world: world.guard.reserve("x", rub(1), "k"),
    }.items():
        yield Attempt(id=f"late-{name}", rule="time-limit", act=doing(_when_late, act))


def _when_late(world: World, act: Callable[[World], object]) -> object:
    permit = Permit()
    permit.revoke()
    token = current_permit.set(permit)
    try:
        return act(world)
    finally:
        current_permit.reset(token)


def _attempt(name: str, act: Callable[[World], object]) -> Attempt:
    return Attempt(id=f"live-{name}", rule="never-live", act=act)


ATTEMPTS = (*_spelt(), *_situations(), *_proofs(), *_late())
