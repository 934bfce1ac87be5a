"""Requests to the payment provider: reads within its base address, and the writes that the policy names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from billing_canary.errors import RefusedError
from billing_canary.guard import amounts
from billing_canary.guard.addresses import HOSTS_RULE, Base
from billing_canary.guard.form_body import ENDPOINTS_RULE, form_fields
from billing_canary.guard.provider_writes import Moves, ProviderWrite
from billing_canary.guard.sent_headers import Headers, check_no_override
from billing_canary.guard.sightings import Sightings
from billing_canary.guard.spend_ledger import Spending
from billing_canary.money import Money

SANDBOX_RULE = "sandbox"
READS = frozenset({"GET", "HEAD"})


class ProviderGate:
    """Judges requests that no operation of the backend's table declared: the provider's, or nobody's."""

    def __init__(
        self,
        writes: Sequence[ProviderWrite],
        seen: Sightings,
        provider_url: str | None,
        backend_url: str | None,
    ) -> None:
        self._writes = writes
        self._seen = seen
        self._provider = Base(provider_url) if provider_url else None
        self._backend = Base(backend_url) if backend_url else None
        self._without_key = count(1)

    def path_of(self, url: str) -> str | None:
        """The path of `url` below the provider's base address, or None when it belongs elsewhere."""
        return self._provider.path_of(url) if self._provider is not None else None

    def check_read(self, url: str, headers: Headers, body: object) -> None:
        """Allow a read that cannot be taken for a write, and that stays in the provider's account.

        Raises:
            RefusedError: it carries a body or a method override, or leaves the base address.
        """
        check_no_override(headers, "read")
        if body:
            raise RefusedError(ENDPOINTS_RULE, "a read with a body")
        if self._provider is None or not self._provider.same_origin(url) or self.path_of(url) is not None:
            return
        if self._backend is None or self._backend.path_of(url) is None:
            raise RefusedError(HOSTS_RULE, "the address leaves the provider's base path")

    def check_declared(self, operation: str, url: str) -> None:
        """Keep operations of the target away from the provider, whose calls are judged by the policy's list.

        Raises:
            RefusedError: `url` is the provider's.
        """
        if self.path_of(url) is not None:
            reason = f"{operation}: an operation of the target leads to the provider's own address"
            raise RefusedError(ENDPOINTS_RULE, reason)

    def spending(self, method: str, url: str, headers: Headers, body: object) -> Spending | None:
        """What a write to the provider moves; None when it moves nothing.

        Raises:
            RefusedError: the policy does not name it, or its amount cannot be read or proved.
        """
        path = self.path_of(url)
        if path is None:
            raise RefusedError(ENDPOINTS_RULE, f"{method} to the target is no operation of its table")
        if "?" in url or "#" in url:
            raise RefusedError(ENDPOINTS_RULE, f"{method} {path} carries a query, where amounts are not read")
        check_no_override(headers, "write")
        for write in self._writes:
            found = write.pattern.fullmatch(path) if write.method == method else None
            if found:
                fields = form_fields(path, headers, body)
                amounts.check_fields(write, fields)
                return self._moved(write, found.groupdict(), fields, _idempotency_key(headers))
        raise RefusedError(
            ENDPOINTS_RULE, f"{method} {path} is not in [[provider.writes]] of gates/money.toml"
        )

    def _moved(
        self, write: ProviderWrite, ids: Mapping[str, str], fields: Mapping[str, str], sent_as: str
    ) -> Spending | None:
        if write.moves is Moves.RESERVED:
            payment, whole = ids["payment"], self._test_payment(ids["payment"])
            amounts.part_of(write, fields, whole)
            what = write.path.replace("{payment}", payment)
            return Spending(what=what, amount=whole, key=payment, payment=payment, sent_as=sent_as)
        amount = self._amount(write, fields)
        # Without an idempotency key each copy of a request moves money again, so each is counted.
        key = sent_as or f"without a key, number {next(self._without_key)}"
        return Spending(what=write.path, amount=amount, key=key, sent_as=sent_as) if amount else None

    def _amount(self, write: ProviderWrite, fields: Mapping[str, str]) -> Money | None:
        if write.moves is Moves.REFUND:
            return amounts.part_of(write, fields, self._test_payment(fields.get("payment_intent", "")))
        if write.moves is Moves.ITEMS:
            return amounts.items_amount(write, fields, self._seen)
        if write.moves in {Moves.AMOUNT, Moves.PRICE}:
            amount = amounts.stated_amount(write, fields)
            return amount if write.moves is Moves.AMOUNT else None
        return None

    def _test_payment(self, payment: str) -> Money:
        amount = self._seen.payments.get(payment)
        if amount is None:
            reason = f"{payment or 'the payment'} was not fetched and found to be a test payment"
            raise RefusedError(SANDBOX_RULE, reason)
        return amount


def _idempotency_key(headers: Headers) -> str:
    values = [value for name, value in headers.items() if name.lower() == "idempotency-key"]
    text = values[0] if values else ""
    return text.decode("latin-1") if isinstance(text, bytes) else text
