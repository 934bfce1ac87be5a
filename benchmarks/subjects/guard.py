"""What the guard adds to the wall time of 1,000 requests of a canary.

Both sides make the same requests, in the mix of a mock canary, through the same adapters and the
provider's SDK, to one reference service in another process: one over the guarded session, the other
over a plain `requests.Session` and the SDK's own client. They take turns request by request, and the
first of a pair changes. Each round has a fresh guard, like a run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from benchmarks.figure import Figure, Metric
from benchmarks.guard_sides import PlainSession, Side, Sides
from benchmarks.measurement import Measurement, Setup

from billing_canary.money import Money
from billing_canary.target.backend import Account
from billing_canary.target.mock import MockService
from billing_canary.target.operations import Answer, Outcome

_VISITS = 40
_A_VISIT = 25
"""Requests that a visit makes, so that 40 make 1,000."""

_BASE = "the same over a plain session"
_OVERHEAD = Metric(name="guard, 1,000 requests", unit="% wall", base=_BASE, goal=3)
_ROUNDS = Metric(name="guard, whole rounds", unit="% wall", base=_BASE)
_GUARDED = Metric(name="a request with guard", unit="ms wall", base="of 1,000 requests")
_PLAIN = Metric(name="a request without guard", unit="ms wall", base="of 1,000 requests")
_numbers = count(1)


@dataclass(frozen=True, kw_only=True)
class _Round:
    """Seconds that each step of one round took on each side."""

    guarded: list[float]
    plain: list[float]


class _Visit:
    """A customer's way through billing on one side, step by step; each step is one or two requests."""

    def __init__(self, side: Side, amount: Money) -> None:
        self._side = side
        self._amount = amount
        self._accounts: list[Account] = []
        self._payments: list[str] = []

    def steps(self) -> list[Callable[[], object]]:
        """The steps in order."""
        backend = self._side.backend
        wallet: Callable[[], object] = self._wallet
        pay = [self._top_up, wallet, self._confirm, wallet, self._deliver, wallet]
        alone = [backend.build, backend.now, self._create]
        usage = [self._consume, wallet]
        first = [self._open, *pay, *alone, *usage]
        return [*first, self._open, *pay, self._top_up, self._deliver, self._close, self._close]

    def _open(self) -> None:
        self._accounts.append(self._side.backend.open_account(_key(), "RUB", 1000))

    def _wallet(self) -> None:
        self._side.backend.wallet(self._accounts[-1])

    def _top_up(self) -> None:
        answer = self._side.backend.create_top_up(self._accounts[-1], self._amount, _key(), trace=_key())
        self._payments.append(str(_good(answer).values["payment"]))

    def _confirm(self) -> None:
        self._side.provider.confirm(self._payments[-1], "pm_card_visa")

    def _create(self) -> None:
        self._side.provider.create(self._amount, _key(), "bench")

    def _deliver(self) -> None:
        now = time.time()
        event = self._side.webhooks.paid(self._accounts[-1], self._payments[-1], self._amount, now)
        _good(self._side.backend.deliver(event.body, self._side.webhooks.sign(event.body, now)))

    def _consume(self) -> None:
        self._side.backend.consume(self._accounts[-1], 1, _key())

    def _close(self) -> None:
        _good(self._side.backend.close_account(self._accounts.pop()))


def _key() -> str:
    return f"bench-{next(_numbers)}"


def _good(answer: Answer) -> Answer:
    if answer.outcome is not Outcome.OK:
        raise RuntimeError(f"{answer.operation.value} answered {answer}: {answer.text}")
    return answer


def _round(sides: Sides, visits: int) -> _Round:
    """The same visits on both sides, request by request."""
    session = PlainSession()
    both = sides.guarded(), sides.plain(session)
    seconds: tuple[list[float], list[float]] = ([], [])
    amount = sides.settings.amounts["RUB"]
    for number in range(visits):
        walks = [_Visit(side, amount).steps() for side in both]
        for position, pair in enumerate(zip(*walks, strict=True)):
            for which in (0, 1) if (number + position) % 2 else (1, 0):
                started = time.perf_counter()
                pair[which]()
                seconds[which].append(time.perf_counter() - started)
    for side in both:
        side.session.close()
    if session.sent != visits * _A_VISIT:
        raise RuntimeError(f"{visits} visits made {session.sent} requests, not {_A_VISIT} each")
    return _Round(guarded=seconds[0], plain=seconds[1])


def _step_medians(rounds: Sequence[list[float]]) -> float:
    """A round of the median time of each step: what remains when others use the machine now and then."""
    return float(sum(statistics.median(times) for times in zip(*rounds, strict=True)))


def measure_guard(setup: Setup) -> Iterator[Figure]:
    """What the guard adds to 1,000 requests of a canary, over the same requests without it."""
    visits = setup.sized(_VISITS)
    with MockService(build_id="bench") as service:
        sides = Sides(service.environment())
        _round(sides, max(1, visits // 4))
        found = [_round(sides, visits) for _ in range(setup.rounds)]
    guarded = _step_medians([each.guarded for each in found])
    plain = _step_medians([each.plain for each in found])
    whole = [(sum(each.guarded) / sum(each.plain) - 1) * 100 for each in found]
    a_request = 1000 / (visits * _A_VISIT)
    yield _OVERHEAD.of([(guarded / plain - 1) * 100])
    yield _ROUNDS.of(whole)
    yield _GUARDED.of([guarded * a_request])
    yield _PLAIN.of([plain * a_request])


MEASUREMENTS = (
    Measurement(name="guard", take=measure_guard, metrics=(_OVERHEAD, _ROUNDS, _GUARDED, _PLAIN)),
)
