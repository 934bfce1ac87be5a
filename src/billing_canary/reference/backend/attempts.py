"""Idempotency of payments: one client key, one payment, however often the client asks."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from billing_canary.reference.backend.core import Core
from billing_canary.reference.store import Row, Transaction
from billing_canary.reference.web import SERVER_FAULT, Answer, ApiError

_WAIT_LIMIT_S = 5.0

Work = Callable[[str], Answer]
"""Does the attempt for the id that it is given: the one of the top-up or subscription to be made."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Who asks for what.

    Attributes:
        fingerprint: covers the fields that must not change over retries.
        prefix: what the id of the thing that is made begins with.
    """

    account: str
    key: str
    fingerprint: str
    prefix: str = "top"

    def new_id(self) -> str:
        """A fresh id for the thing that is made."""
        return f"{self.prefix}_{secrets.token_hex(8)}"


class Attempts:
    """Records attempts before they start, so that a retry finds a running one too."""

    def __init__(self, core: Core) -> None:
        self._store, self._policies = core.store, core.policies
        self._finished = threading.Condition()
        with self._store.transaction() as transaction:  # a stopped process may have left some running
            transaction.execute("UPDATE attempt SET state = 'open' WHERE state = 'running'")

    def run(self, attempt: Attempt, work: Work) -> Answer:
        """Do `work` unless the attempt was made before; then answer as before.

        A failure on our side leaves the attempt open: the next try does the work again, for the
        same thing and hence with the same key at the provider.

        Raises:
            ApiError: 409 when the key came with other fields, or an equal request runs for too long.
        """
        if not self._policies.remembers_attempts:
            return work(attempt.new_id())
        if not self._policies.reserves_attempts:
            return self._run_unreserved(attempt, work)
        resource, replay = self._reserve(attempt)
        return replay or self._run_reserved(attempt, resource, work)

    def _run_reserved(self, attempt: Attempt, resource: str, work: Work) -> Answer:
        answer: Answer | None = None
        try:
            answer = _outcome(work, resource)
        finally:
            self._close(attempt, answer)
        return answer

    def _run_unreserved(self, attempt: Attempt, work: Work) -> Answer:
        row = self._find(attempt)
        if row is not None:
            self._require_same_fields(row, attempt)
            return _replay(row)
        resource = attempt.new_id()
        answer = _outcome(work, resource)
        time.sleep(self._policies.completion_gap_s)
        with self._store.transaction() as transaction:
            _insert(transaction, attempt, resource)
        self._close(attempt, answer)
        return answer

    def _reserve(self, attempt: Attempt) -> tuple[str, Answer | None]:
        deadline = time.monotonic() + _WAIT_LIMIT_S
        while True:
            with self._store.transaction() as transaction:
                row = _insert(transaction, attempt, attempt.new_id())
            self._require_same_fields(row, attempt)
            if row["state"] == "done":
                return row["resource"], _replay(row)
            if row["state"] == "open":
                return row["resource"], None
            self._wait_for_running(attempt, deadline)

    def _require_same_fields(self, row: Row, attempt: Attempt) -> None:
        if row["fingerprint"] != attempt.fingerprint and self._policies.compares_attempts:
            raise ApiError(409, "idempotency_key_reused", "this key was used with other fields")

    def _wait_for_running(self, attempt: Attempt, deadline: float) -> None:
        with self._finished:
            while (row := self._find(attempt)) is not None and row["state"] == "running":
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ApiError(409, "idempotency_key_in_use", "an equal request is still running")
                self._finished.wait(left)

    def _find(self, attempt: Attempt) -> Row | None:
        return self._store.one(
            "SELECT * FROM attempt WHERE account = ? AND key = ?", attempt.account, attempt.key
        )

    def _close(self, attempt: Attempt, answer: Answer | None) -> None:
        state = "open" if answer is None or answer.status >= SERVER_FAULT else "done"
        status, body = (answer.status, json.dumps(answer.body)) if answer else (None, None)
        with self._store.transaction() as transaction:
            transaction.execute(
                "UPDATE attempt SET state = ?, status = ?, body = ? WHERE account = ? AND key = ?",
                *(state, status, body, attempt.account, attempt.key),
            )
        with self._finished:
            self._finished.notify_all()


def _insert(transaction: Transaction, attempt: Attempt, resource: str) -> Row:
    """Take the attempt over when it is new or open; the row as it was found, "open" when it is ours now."""
    key = (attempt.account, attempt.key)
    transaction.execute(
        """INSERT OR IGNORE INTO attempt (account, key, fingerprint, resource, state)
        VALUES (?, ?, ?, ?, 'open')""",
        *(*key, attempt.fingerprint, resource),
    )
    row = transaction.one("SELECT * FROM attempt WHERE account = ? AND key = ?", *key)
    if row is None:
        raise LookupError("the attempt vanished inside its own transaction")
    if row["state"] == "open" and row["fingerprint"] == attempt.fingerprint:
        transaction.execute("UPDATE attempt SET state = 'running' WHERE account = ? AND key = ?", *key)
    return row


def _outcome(work: Work, resource: str) -> Answer:
    """The answer of `work`; a declined card is an answer too, and kept."""
    try:
        return work(resource)
    except ApiError as error:
        if error.status >= SERVER_FAULT:
            raise
        body = {"code": error.code, "message": error.message, **error.details}
        return Answer(status=error.status, body=body)


def _replay(row: Row) -> Answer:
    return Answer(status=row["status"], body=json.loads(row["body"]), headers={"Idempotent-Replayed": "true"})
