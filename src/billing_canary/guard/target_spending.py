"""What a declared call of the backend moves, and under which key it is counted."""

from __future__ import annotations

from itertools import count
from urllib.parse import unquote_plus

from billing_canary.guard.sent_headers import Headers
from billing_canary.guard.spend_ledger import Spending
from billing_canary.guard.stray_numbers import check_around
from billing_canary.guard.target_call import (
    CallKind,
    TargetCall,
    check_body,
    check_raw_body,
    plausible_amount,
)
from billing_canary.money import Money


class TargetSpending:
    """Reads calls of the backend that move money."""

    def __init__(self) -> None:
        self._without_key = count(1)

    def read(self, call: TargetCall, url: str, headers: Headers, body: object) -> Spending | None:
        """What `call` moves; None when no backend could make an amount of it.

        Raises:
            RefusedError: the request does not say what was declared, or says more.
        """
        check_around(call.operation, url, headers)
        amount = self._amount(call, body)
        if amount is None:
            return None
        key = call.movement
        if not _carries(call.key, url, headers, body):
            # A backend that is not told the key takes each copy for another payment.
            key = f"{key} without its key, number {next(self._without_key)}"
        return Spending(what=call.operation, amount=amount, key=key, sent_as=call.key)

    def _amount(self, call: TargetCall, body: object) -> Money | None:
        if call.kind is not CallKind.IMPOSSIBLE:
            return check_body(call, body)
        check_raw_body(call, body)
        return plausible_amount(call)


def _carries(key: str, url: str, headers: Headers, body: object) -> bool:
    values = (value.decode("latin-1") if isinstance(value, bytes) else value for value in headers.values())
    if any(key in value for value in values):
        return True
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    return any(key in each for each in (unquote_plus(url), unquote_plus(text), text))
