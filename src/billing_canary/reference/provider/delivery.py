"""Delivery of events to the registered endpoint, by the schedule that is set."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from http.client import HTTPException

from billing_canary.reference.clock import ServiceClock
from billing_canary.reference.http_pool import HttpPool
from billing_canary.reference.provider.schedules import Schedule
from billing_canary.reference.provider.state import EmittedEvent
from billing_canary.reference.signature import header_text, sign

_THREADS = 8
_TRIES = 6
_FIRST_RETRY_S = 0.2
_RETRY_GROWTH = 4
_OLD_SECRET = "whsec_an_older_secret"  # noqa: S105 - made up, opens nothing
_WRONG_SECRET = "whsec_not_the_secret"  # noqa: S105 - made up, opens nothing
_STOP_LIMIT_S = 2.0


@dataclass(frozen=True, kw_only=True)
class _Copy:
    """One request still to be sent."""

    event: EmittedEvent
    age_s: float = 0.0
    signed_with: str = "current"
    tries: int = 1

    @property
    def is_good(self) -> bool:
        """Whether the endpoint ought to accept it; others are not sent again."""
        return not self.age_s and self.signed_with != "wrong"


@dataclass(order=True, kw_only=True)
class _Job:
    """Copies that one thread sends one after the other; `events` of a reversed batch grow until due."""

    due_at: float
    number: int
    copies: list[_Copy] = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class SentCopy:
    """One request that was sent; `status` 0 means that no answer came."""

    event: str
    type: str
    attempt: int
    status: int
    sent_at: float


class Deliveries:
    """Queue and threads that carry events to one endpoint."""

    def __init__(self, clock: ServiceClock, secret: str, schedule: Schedule) -> None:
        self.schedule = schedule
        self._clock, self._secret = clock, secret
        self._timer = clock.timer()
        self._lock = threading.Lock()
        self._jobs: list[_Job] = []
        self._batch: _Job | None = None
        self._numbers = itertools.count()
        self._log: list[SentCopy] = []
        self._pool: HttpPool | None = None
        self._path = ""
        self._enabled: frozenset[str] = frozenset()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"provider-delivery-{number}", daemon=True)
            for number in range(_THREADS)
        ]

    def start(self, base_url: str, path: str, enabled_events: Iterable[str]) -> None:
        """Register the endpoint for `enabled_events` (types) and begin to deliver to it."""
        self._pool, self._path = HttpPool(base_url), path
        self._enabled = frozenset(enabled_events)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; what is queued is dropped."""
        self._stopping = True
        self._timer.wake_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(_STOP_LIMIT_S)
        if self._pool is not None:
            self._pool.close()

    def log(self) -> list[SentCopy]:
        """Everything that was sent so far."""
        with self._lock:
            return list(self._log)

    def enqueue(self, event: EmittedEvent) -> None:
        """Plan the deliveries of `event` by the current schedule, if the endpoint asked for its type."""
        if event.type not in self._enabled:
            return
        schedule = self.schedule
        copies = [
            _Copy(event=event, age_s=schedule.age_s, signed_with=schedule.signed_with)
        ] * schedule.copies
        if schedule.then_good:
            copies.append(_Copy(event=event))
        due_at = event.created + schedule.delay_s
        if schedule.order == "reversed":
            self._join_batch(copies, due_at)
        elif schedule.parallel:
            for copy in copies:
                self._push([copy], due_at)
        elif copies:
            self._push(copies, due_at)

    def _push(self, copies: list[_Copy], due_at: float) -> _Job:
        job = _Job(due_at=due_at, number=next(self._numbers), copies=copies)
        with self._lock:
            heapq.heappush(self._jobs, job)
        self._timer.wake_one()
        return job

    def _join_batch(self, copies: list[_Copy], due_at: float) -> None:
        with self._lock:
            batch = self._batch if self._batch in self._jobs else None
            if batch is not None:
                batch.copies[:0] = copies
                return
        self._batch = self._push(copies, due_at)

    def _run(self) -> None:
        while not self._stopping:
            ticket = self._timer.ticket()
            job, until = self._next()
            if job is None:
                self._timer.wait(ticket, until)
                continue
            for copy in job.copies:
                self._send(copy)

    def _next(self) -> tuple[_Job | None, float | None]:
        with self._lock:
            if not self._jobs:
                return None, None
            if self._jobs[0].due_at > self._clock.now():
                return None, self._jobs[0].due_at
            return heapq.heappop(self._jobs), None

    def _send(self, copy: _Copy) -> None:
        if self._stopping or self._pool is None:
            return
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": self._signature(copy),
        }
        try:
            status = self._pool.request("POST", self._path, copy.event.body, headers).status
        except (OSError, HTTPException):
            status = 0
        self._note(copy, status)
        if not 200 <= status < 300 and copy.is_good and copy.tries < _TRIES:  # noqa: PLR2004 - HTTP's 2xx
            delay = _FIRST_RETRY_S * _RETRY_GROWTH ** (copy.tries - 1)
            self._push([replace(copy, tries=copy.tries + 1)], self._clock.now() + delay)

    def _signature(self, copy: _Copy) -> str:
        timestamp = int(self._clock.now() - copy.age_s)
        secrets = {"wrong": [_WRONG_SECRET], "rotated": [_OLD_SECRET, self._secret]}.get(
            copy.signed_with, [self._secret]
        )
        return header_text(timestamp, [sign(copy.event.body, secret, timestamp) for secret in secrets])

    def _note(self, copy: _Copy, status: int) -> None:
        sent = SentCopy(
            event=copy.event.id,
            type=copy.event.type,
            attempt=copy.tries,
            status=status,
            sent_at=self._clock.now(),
        )
        with self._lock:
            self._log.append(sent)
