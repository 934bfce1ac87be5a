"""Caps against time: retries, races, lost answers, and payments that change between two looks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests.battery.arena import Act, Attempt, World, rub

from billing_canary.errors import RefusedError
from billing_canary.money import Money

INTENTS = "/v1/payment_intents"


def _attempts() -> Iterator[Attempt]:
    yield _caps("raised-after-creation", _raised)
    yield _caps("grown-while-confirmed", _grown)
    yield _caps("switched-while-confirmed", _switched_meanwhile)
    yield _caps("one-kopeck-too-many", _one_too_many)
    yield _caps("same-key-other-amount", _same_key_other_amount)
    yield _caps("key-of-another-endpoint", _key_of_another_endpoint)
    yield _caps("without-a-key-each-counts", _without_a_key)
    yield _caps("parallel-race", _race)
    yield _caps("refunds-count-too", _refunds_count)
    yield _caps("unanswered-stay-counted", _unanswered)
    yield _caps("ignored-key-counts-again", _ignored_key)


def fill(world: World, minor: int) -> None:
    """Leave exactly `minor` of the run's cap."""
    cap = rub(minor + 100)
    world.renew(policy=replace(world.policy, per_run={**world.policy.per_run, "RUB": cap}))
    world.provider.create(rub(100), "fill", "run-1")


def _raised(world: World) -> object:
    payment = world.provider.create(rub(29), "own", "run-1").id
    world.bank.intents[payment].amount = rub(101)
    world.arm()
    return world.provider.confirm(payment, "pm_card_visa")


def _during_confirm(world: World, amount: Money) -> object:
    """The provider's amount changes after the look; the answer shows it, and nothing more may leave."""
    payment = world.provider.create(rub(29), "own", "run-1").id
    world.send("GET", f"{INTENTS}/{payment}")
    world.bank.intents[payment].amount = amount
    try:
        world.post(f"{INTENTS}/{payment}/confirm")
    except RefusedError:
        world.arm()
    return world.post("/v1/customers")


def _grown(world: World) -> object:
    return _during_confirm(world, rub(30))


def _switched_meanwhile(world: World) -> object:
    return _during_confirm(world, Money(minor=29, currency="USD"))


def _one_too_many(world: World) -> object:
    fill(world, 28)
    world.arm()
    return world.provider.create(rub(29), "own", "run-1")


def _same_key_other_amount(world: World) -> object:
    fill(world, 50)
    world.provider.create(rub(29), "own", "run-1")
    world.arm()
    return world.provider.create(rub(30), "own", "run-1")


def _key_of_another_endpoint(world: World) -> object:
    """A key is known for each endpoint apart, so the refund under it moves money once more."""
    fill(world, 30)
    payment = world.provider.create(rub(29), "own", "run-1").id
    world.provider.confirm(payment, "pm_card_visa")
    world.arm()
    return world.provider.refund(payment, rub(29), "own")


def _without_a_key(world: World) -> object:
    fill(world, 50)
    world.post(INTENTS, {"amount": "29", "currency": "rub"}, key=None)
    world.arm()
    return world.post(INTENTS, {"amount": "29", "currency": "rub"}, key=None)


def _race(world: World) -> object:
    """Sixteen threads want the last 0.29 RUB; one may have it."""
    fill(world, 29)

    def one(number: int) -> RefusedError | None:
        try:
            world.provider.create(rub(29), f"race-{number}", "run-1")
        except RefusedError as refusal:
            return refusal
        return None

    with ThreadPoolExecutor(16) as threads:
        refusals = list(filter(None, threads.map(one, range(16))))
    if len(refusals) == 15:
        world.arm()
    raise refusals[0]


def _refunds_count(world: World) -> object:
    fill(world, 40)
    payment = world.provider.create(rub(29), "own", "run-1").id
    world.provider.confirm(payment, "pm_card_visa")
    world.arm()
    return world.provider.refund(payment, rub(29), "back")


def _unanswered(world: World) -> object:
    fill(world, 50)
    answer = world.arena.provider.script
    world.arena.provider.script = lambda call: replace(answer(call), hang_up=True)
    try:
        world.post(INTENTS, {"amount": "29", "currency": "rub"}, key="lost")
    except OSError:
        world.arm()
    return world.post(INTENTS, {"amount": "29", "currency": "rub"}, key="next")


def _ignored_key(world: World) -> object:
    fill(world, 60)
    world.bank.honours_keys = False
    for _ in range(2):
        world.post(INTENTS, {"amount": "29", "currency": "rub"}, key="same")
    world.arm()
    return world.post(INTENTS, {"amount": "29", "currency": "rub"}, key="next")


def _caps(name: str, act: Act) -> Attempt:
    return Attempt(id=f"order-{name}", rule="caps", act=act)


ATTEMPTS = tuple(_attempts())
