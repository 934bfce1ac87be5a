"""The guard of one run: deny by default, and a record of every rule for the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import count
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

from billing_canary.errors import RefusedError
from billing_canary.guard import rules
from billing_canary.guard.permit import current_permit
from billing_canary.guard.policy import MoneyPolicy, ProviderWrite
from billing_canary.guard.spend_ledger import CAPS_RULE, SpendLedger, sum_by_currency
from billing_canary.model import SafetyCheck, SpendReport, Status
from billing_canary.money import Money

ENDPOINTS_RULE = "endpoints"
PLAN_RULE = "planned-spend"
TIME_RULE = "time-limit"
SANDBOX_RULE = "sandbox"

_CLAIMS = {
    rules.KEYS_RULE: "No request carries a live key",
    rules.HOSTS_RULE: "Only allowed hosts are contacted, and no redirect leaves its origin",
    rules.LIVE_RULE: "No answer speaks of live money",
    CAPS_RULE: "Every amount was reserved under the caps before it was sent",
    ENDPOINTS_RULE: "Every provider write is one that the guard knows",
    PLAN_RULE: "The planned spend fits the caps",
    SANDBOX_RULE: "The payment provider itself says that it is in test mode",
    TIME_RULE: "A probe whose time is over sends nothing more",
}


class Guard:
    """Every request of a run passes `before_request` and every answer `after_answer`."""

    def __init__(self, policy: MoneyPolicy, *, provider_url: str | None = None) -> None:
        self.policy = policy
        self.ledger = SpendLedger(policy)
        self._provider_url = provider_url
        self._provider = rules.origin(provider_url) if provider_url else None
        self._lock = Lock()
        self._without_key = count(1)
        self._passed: Counter[str] = Counter()
        self._refused: dict[str, list[str]] = {}
        self._ended: RefusedError | None = None
        self._planned: tuple[Money, ...] = ()

    def plan(self, planned: Iterable[Money]) -> tuple[Money, ...]:
        """Hold the planned spend against the caps, before anything is sent.

        Raises:
            RefusedError: over a cap, or in a currency that has none; nothing may start.
        """
        self._planned = sum_by_currency(planned)
        over = [self._over(total) for total in self._planned]
        reasons = [reason for reason in over if reason]
        if reasons:
            raise self._refusal(RefusedError(PLAN_RULE, "; ".join(reasons), ends_run=True))
        self._pass(PLAN_RULE)
        return self._planned

    def _over(self, total: Money) -> str:
        cap = self.policy.per_run.get(total.currency)
        if cap is None:
            return f"{total.currency} has no cap in gates/money.toml"
        return f"planned {total} is over the cap of {cap} for the run" if total > cap else ""

    def prove_sandbox(self, *, livemode: object) -> None:
        """Take the provider's own word for its mode.

        Raises:
            RefusedError: anything but an explicit `livemode: false`; the run ends.
        """
        if livemode is not False:
            reason = f"the provider answered livemode={livemode!r} on /v1/balance"
            raise self._refusal(RefusedError(SANDBOX_RULE, reason, ends_run=True))
        self._pass(SANDBOX_RULE)

    def reserve(self, what: str, amount: Money, key: str) -> None:
        """Reserve `amount` before it is sent (see `SpendLedger.reserve`).

        Raises:
            RefusedError: a cap would be passed, or the run has ended.
        """
        try:
            self._still_running()
            self.ledger.reserve(what, amount, key)
        except RefusedError as refusal:
            raise self._refusal(refusal) from None
        self._pass(CAPS_RULE)

    def before_request(self, method: str, url: str, headers: Mapping[str, str | bytes], body: object) -> None:
        """Judge one request, redirects included, before it leaves.

        Raises:
            RefusedError: a rule forbids it.
        """
        try:
            self._still_running()
            rules.check_url(url, self.policy)
            rules.check_headers(headers)
            self._check_provider_write(method, url, headers, body)
        except RefusedError as refusal:
            raise self._refusal(refusal) from None
        self._pass(rules.HOSTS_RULE)
        self._pass(rules.KEYS_RULE)

    def after_answer(self, body: bytes) -> None:
        """Judge one answer.

        Raises:
            RefusedError: it says `livemode: true`; the run ends.
        """
        try:
            rules.check_answer(body)
        except RefusedError as refusal:
            raise self._refusal(refusal) from None
        self._pass(rules.LIVE_RULE)

    def refuse_redirect(self, source: str, location: str) -> None:
        """Allow a redirect from the URL `source` to `location` (relative or not) only within its own origin.

        Raises:
            RefusedError: another scheme, host or port, or no URL.
        """
        try:
            rules.check_redirect(source, location)
        except RefusedError as refusal:
            raise self._refusal(refusal) from None

    def _check_provider_write(
        self, method: str, url: str, headers: Mapping[str, str | bytes], body: object
    ) -> None:
        if self._provider is None or method in {"GET", "HEAD"} or rules.origin(url) != self._provider:
            return
        path = urlsplit(url).path.removeprefix(urlsplit(self._provider_url or "").path)
        if urlsplit(url).query:
            raise RefusedError(
                ENDPOINTS_RULE, f"{method} {path} carries a query, where amounts are not looked for"
            )
        for write in self.policy.provider_writes:
            found = write.pattern.fullmatch(path)
            if found:
                self._check_amount(write, found.groupdict(), headers, body)
                self._pass(ENDPOINTS_RULE)
                return
        raise RefusedError(
            ENDPOINTS_RULE, f"{method} {path} is not in [[provider.writes]] of gates/money.toml"
        )

    def _check_amount(
        self,
        write: ProviderWrite,
        groups: Mapping[str, str],
        headers: Mapping[str, str | bytes],
        body: object,
    ) -> None:
        if write.amount == "none":
            return
        if write.amount == "reserved":
            if not self.ledger.holds(groups["payment"]):
                raise RefusedError(CAPS_RULE, f"nothing was reserved for {groups['payment']} at {write.path}")
            return
        # Without an idempotency key each copy of a request moves money again, so each is counted.
        key = _idempotency_key(headers) or f"without a key, number {next(self._without_key)}"
        self.ledger.reserve(write.path, _form_money(write, body), key)

    def _still_running(self) -> None:
        if self._ended is not None:
            raise RefusedError(self._ended.rule, f"the run has ended: {self._ended.reason}", ends_run=True)
        permit = current_permit.get()
        if permit is not None and permit.revoked:
            raise RefusedError(TIME_RULE, "a probe went on after its time limit")
        self._pass(TIME_RULE)

    def _pass(self, rule: str) -> None:
        with self._lock:
            self._passed[rule] += 1

    def _refusal(self, refusal: RefusedError) -> RefusedError:
        with self._lock:
            self._refused.setdefault(refusal.rule, []).append(refusal.reason)
            if refusal.ends_run and self._ended is None:
                self._ended = refusal
        return refusal

    def safety_checks(self) -> tuple[SafetyCheck, ...]:
        """One check for each rule: what was proved in this run and how often, or what was refused."""
        return tuple(self._safety_check(rule, claim) for rule, claim in _CLAIMS.items())

    def _safety_check(self, rule: str, claim: str) -> SafetyCheck:
        refused = self._refused.get(rule, [])
        if refused:
            detail = f"{len(refused)} refused: " + "; ".join(dict.fromkeys(refused))
            return SafetyCheck(id=rule, status=Status.REFUSED, claim=claim, detail=detail)
        count = self._passed[rule]
        status = Status.PASS if count else Status.SKIP
        return SafetyCheck(id=rule, status=status, claim=claim, detail=f"{count} checked, none refused")

    def spend(self) -> SpendReport:
        """What was planned and sent, and the caps that held."""
        entries = self.ledger.entries()
        return SpendReport(
            planned=self._planned,
            moved=sum_by_currency(entry.amount for entry in entries),
            caps_per_run=tuple(self.policy.per_run.values()),
            caps_per_call=tuple(self.policy.per_call.values()),
            entries=entries,
        )


def _idempotency_key(headers: Mapping[str, str | bytes]) -> str:
    values = [value for name, value in headers.items() if name.lower() == "idempotency-key"]
    text = values[0] if values else ""
    return text.decode("latin-1") if isinstance(text, bytes) else text


def _form_money(write: ProviderWrite, body: object) -> Money:
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    amounts, currencies = fields.get(write.amount, []), fields.get(write.currency, [])
    if len(amounts) != 1 or len(currencies) != 1:
        raise RefusedError(
            CAPS_RULE, f"{write.path} needs exactly one {write.amount} and one {write.currency}"
        )
    if not (amounts[0].isascii() and amounts[0].isdigit()):
        raise RefusedError(CAPS_RULE, f"{write.path}: amount {amounts[0]!r} is no count of minor units")
    try:
        return Money(minor=int(amounts[0]), currency=currencies[0])
    except ValueError as error:
        raise RefusedError(CAPS_RULE, f"{write.path}: {error}") from None
