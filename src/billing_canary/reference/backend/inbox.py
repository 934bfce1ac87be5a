"""The webhook inbox: every accepted delivery is stored before it is acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.event import Event
from billing_canary.reference.store import Row, Transaction
from billing_canary.reference.web import ApiError

TRIES = 5
"""Attempts before a delivery becomes a dead letter."""

_FIRST_RETRY_S = 0.03
_RETRY_GROWTH = 4


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A stored delivery that a worker has claimed.

    Attributes:
        id: its number in the inbox.
        copy: how many deliveries of the same event came before it.
        body: the event as it was signed.
        signed_at: the signature's own time.
        attempts: how often it was claimed, this time included.
    """

    id: int
    copy: int
    body: bytes
    signed_at: float
    attempts: int


class Inbox:
    """Stores deliveries, hands them to workers, and records what became of them."""

    def __init__(self, core: Core) -> None:
        self._store, self._policies, self._clock = core.store, core.policies, core.clock
        self.timer = core.clock.timer()
        with self._store.transaction() as transaction:  # a stopped process may have left some half done
            transaction.execute("UPDATE delivery SET state = 'pending' WHERE state = 'running'")

    def add(self, event: Event, body: bytes, signed_at: float) -> None:
        """Store a delivery and wake a worker."""

        def insert(transaction: Transaction) -> None:
            now = self._clock.now()
            transaction.execute(
                """INSERT INTO delivery (event, type, body, signed_at, received_at, state, due_at)
                VALUES (?, ?, ?, ?, ?, 'pending', ?)""",
                *(event.id, event.type, body, signed_at, now, now),
            )

        self._policies.store_delivery(self._store, event.id, insert)
        self.timer.wake_one()

    def claim(self) -> Delivery | None:
        """The delivery that is due longest, now running; None when none is due."""
        with self._store.transaction() as transaction:
            row = transaction.one(
                """UPDATE delivery SET state = 'running', attempts = attempts + 1
                WHERE id = (
                    SELECT id FROM delivery WHERE state = 'pending' AND due_at <= ?
                    ORDER BY due_at, id LIMIT 1
                )
                RETURNING id, body, signed_at, attempts, (
                    SELECT count(*) FROM delivery AS earlier
                    WHERE earlier.event = delivery.event AND earlier.id < delivery.id
                ) AS copy""",
                self._clock.now(),
            )
        return None if row is None else Delivery(**dict(row))

    def next_due(self) -> float | None:
        """When the next pending delivery is due, in service time."""
        row = self._store.one("SELECT min(due_at) FROM delivery WHERE state = 'pending'")
        return row[0] if row else None

    def finish(self, delivery: Delivery, state: str, reason: str = "") -> None:
        """Record the end of a delivery: "processed", "ignored" or "dead"."""
        self._update(delivery.id, state=state, reason=reason, due_at=self._clock.now())

    def try_later(self, delivery: Delivery, reason: str) -> None:
        """Plan the next attempt; after the last one the delivery is a dead letter."""
        if delivery.attempts >= TRIES:
            self.finish(delivery, "dead", reason)
            return
        delay = _FIRST_RETRY_S * _RETRY_GROWTH ** (delivery.attempts - 1)
        self._update(delivery.id, state="pending", reason=reason, due_at=self._clock.now() + delay)
        self.timer.wake_one()

    def revive(self, event: str) -> None:
        """Make the latest dead letter of `event` pending again, with all its attempts.

        Raises:
            ApiError: 404 for an unknown event, 409 when it is no dead letter.
        """
        row = self._event(event)
        if row["state"] != "dead":
            raise ApiError(409, "not_dead", f"this event is {row['state']}")
        sql = "UPDATE delivery SET state = 'pending', attempts = 0, reason = '', due_at = ? WHERE id = ?"
        with self._store.transaction() as transaction:
            transaction.execute(sql, self._clock.now(), row["latest"])
        self.timer.wake_one()

    def show(self, event: str) -> dict[str, Any]:
        """One event over all its deliveries."""
        row = self._event(event)
        shown = {name: row[name] for name in ("type", "state", "attempts", "deliveries", "reason")}
        took_effect = self._store.one(
            "SELECT count(*) FROM delivery WHERE event = ? AND state = 'processed' AND reason = ''", event
        )
        return {"id": row["event"], **shown, "effects": took_effect[0] if took_effect else 0}

    def summary(self) -> dict[str, Any]:
        """How many events are in which state, and how long the oldest delivery waits."""
        states = {
            row["state"]: row[1]
            for row in self._store.all("SELECT state, count(*) FROM inbox GROUP BY state")
        }
        counts = {state: states.get(state, 0) for state in ("pending", "dead", "processed", "ignored")}
        row = self._store.one(
            """SELECT min(CASE WHEN state IN ('pending', 'running') THEN received_at END) AS oldest,
            coalesce(sum(attempts - (state IN ('processed', 'ignored', 'running'))), 0) AS failed
            FROM delivery"""
        )
        oldest, failed = (row["oldest"], row["failed"]) if row else (None, 0)
        age = 0.0 if oldest is None else round(self._clock.now() - oldest, 3)
        return {**counts, "oldest_age_s": age, "failed_attempts": failed}

    def _event(self, event: str) -> Row:
        row = self._store.one("SELECT * FROM inbox WHERE event = ?", event)
        if row is None:
            raise ApiError(404, "event_not_found", "no delivery of this event was accepted")
        return row

    def _update(self, delivery: int, *, state: str, reason: str, due_at: float) -> None:
        with self._store.transaction() as transaction:
            transaction.execute(
                "UPDATE delivery SET state = ?, reason = ?, due_at = ? WHERE id = ?",
                *(state, reason, due_at, delivery),
            )
