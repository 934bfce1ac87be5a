"""Idempotency of top-ups: one client key, one payment, however often the client asks."""

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
"""Does the attempt for the top-up id that it is given."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Who asks for what; `fingerprint` covers the fields that must not change over retries."""

    account: str
    key: str
    fingerprint: str


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
        same top-up and hence with the same key at the provider.

        Raises:
            ApiError: 409 when the key came with other fields, or an equal request runs for too long.
        """
        if not self._policies.remembers_attempts:
            return work(_new_top_up())
        if not self._policies.reserves_attempts:
            return self._run_unreserved(attempt, work)
        top_up, replay = self._reserve(attempt)
        return replay or self._run_reserved(attempt, top_up, work)

    def _run_reserved(self, attempt: Attempt, top_up: str, work: Work) -> Answer:
        answer: Answer | None = None
        try:
            answer = _outcome(work, top_up)
        finally:
            self._close(attempt, answer)
        return answer

    def _run_unreserved(self, attempt: Attempt, work: Work) -> Answer:
        row = self._find(attempt)
        if row is not None:
            self._require_same_fields(row, attempt)
            return _replay(row)
        top_up = _new_top_up()
        answer = _outcome(work, top_up)
        time.sleep(self._policies.completion_gap_s)
        with self._store.transaction() as transaction:
            _insert(transaction, attempt, top_up)
        self._close(attempt, answer)
        return answer

    def _reserve(self, attempt: Attempt) -> tuple[str, Answer | None]:
        deadline = time.monotonic() + _WAIT_LIMIT_S
        while True:
            with self._store.transaction() as transaction:
                row = _insert(transaction, attempt, _new_top_up())
            self._require_same_fields(row, attempt)
            if row["state"] == "done":
                return row["top_up"], _replay(row)
            if row["state"] == "open":
                return row["top_up"], None
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


def _new_top_up() -> str:
    return f"top_{secrets.token_hex(8)}"


def _insert(transaction: Transaction, attempt: Attempt, top_up: str) -> Row:
    """Take the attempt over when it is new or open; the row as it was found, "open" when it is ours now."""
    key = (attempt.account, attempt.key)
    transaction.execute(
        """INSERT OR IGNORE INTO attempt (account, key, fingerprint, top_up, state)
        VALUES (?, ?, ?, ?, 'open')""",
        *(*key, attempt.fingerprint, top_up),
    )
    row = transaction.one("SELECT * FROM attempt WHERE account = ? AND key = ?", *key)
    if row is None:
        raise LookupError("the attempt vanished inside its own transaction")
    if row["state"] == "open" and row["fingerprint"] == attempt.fingerprint:
        transaction.execute("UPDATE attempt SET state = 'running' WHERE account = ? AND key = ?", *key)
    return row


def _outcome(work: Work, top_up: str) -> Answer:
    """The answer of `work`; a declined card is an answer too, and kept."""
    try:
        return work(top_up)
    except ApiError as error:
        if error.status >= SERVER_FAULT:
            raise
        body = {"code": error.code, "message": error.message, **error.details}
        return Answer(status=error.status, body=body)


def _replay(row: Row) -> Answer:
    return Answer(status=row["status"], body=json.loads(row["body"]), headers={"Idempotent-Replayed": "true"})
