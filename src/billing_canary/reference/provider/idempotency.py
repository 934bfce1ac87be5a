"""Idempotency keys as the provider has them.

Source: https://docs.stripe.com/api/idempotent_requests. The first answer to a key is kept, errors
included, unless validation failed or another request with the key is still running.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from billing_canary.reference.web import SERVER_FAULT, Answer, ApiError, Call

_CARD_DECLINED = 402
_BAD_REQUEST = 400


@dataclass(kw_only=True)
class _Record:
    fingerprint: str
    answer: Answer | None = None


class IdempotencyKeys:
    """The keys that were seen, with the answers they got."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, _Record] = {}

    def answer(self, call: Call, work: Callable[[], Answer]) -> Answer:
        """Run `work` for `call`, or answer what its key was answered before.

        Raises:
            ApiError: 400 when the key came with other parameters, 409 while the first request runs.
        """
        key = call.header("Idempotency-Key")
        if not key or call.method != "POST":
            return work()
        record, kept = self._claim(key, _fingerprint(call))
        if kept is not None:
            return Answer(
                status=kept.status, body=kept.body, headers={**kept.headers, "Idempotent-Replayed": "true"}
            )
        try:
            record.answer = work()
        finally:
            if record.answer is None or not _is_kept(record.answer):
                self._forget(key)
        return record.answer

    def _claim(self, key: str, fingerprint: str) -> tuple[_Record, Answer | None]:
        with self._lock:
            record = self._records.get(key)
            if record is None:
                record = self._records[key] = _Record(fingerprint=fingerprint)
                return record, None
        if record.fingerprint != fingerprint:
            message = "Keys for idempotent requests can only be used with the parameters of their first use."
            raise ApiError(400, "idempotency_key_reused", message, type="idempotency_error")
        if record.answer is None:
            message = "There is currently another in-progress request using this Idempotent Key."
            raise ApiError(409, "idempotency_key_in_use", message)
        return record, record.answer

    def _forget(self, key: str) -> None:
        with self._lock:
            self._records.pop(key, None)


def _is_kept(answer: Answer) -> bool:
    return answer.status < _BAD_REQUEST or answer.status == _CARD_DECLINED or answer.status >= SERVER_FAULT


def _fingerprint(call: Call) -> str:
    return hashlib.sha256(f"{call.method} {call.path}\n".encode() + call.body).hexdigest()
