"""The guard of one run: deny by default, and a record of every rule for the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from billing_canary.clock import Clock, SystemClock, utc_text
from billing_canary.errors import RefusedError
from billing_canary.guard import keys
from billing_canary.guard.addresses import HOSTS_RULE, AllowedHosts, check_redirect
from billing_canary.guard.clean_up_check import accounts_check, after_sweep
from billing_canary.guard.form_body import ENDPOINTS_RULE
from billing_canary.guard.judged_call import LastCall
from billing_canary.guard.live_answers import LIVE_RULE, check_answer
from billing_canary.guard.permit import current_permit
from billing_canary.guard.policy import MoneyPolicy
from billing_canary.guard.provider_gate import READS, SANDBOX_RULE, ProviderGate
from billing_canary.guard.safety_record import SafetyRecord
from billing_canary.guard.sent_headers import Headers, check_framing
from billing_canary.guard.sightings import Sightings
from billing_canary.guard.spend_ledger import CAPS_RULE, Row, Spending, SpendLedger, sum_by_currency
from billing_canary.guard.target_call import CallKind, TargetCall, charges_at_once
from billing_canary.guard.target_spending import TargetSpending
from billing_canary.model import SafetyCheck, SpendReport
from billing_canary.money import Money

PLAN_RULE = "planned-spend"
TIME_RULE = "time-limit"

_CLAIMS = {
    keys.KEYS_RULE: "No live key is used or sent",
    HOSTS_RULE: "Only allowed hosts are contacted, and no redirect leaves its origin",
    SANDBOX_RULE: "The payment provider itself says that it is in test mode, and so is every payment",
    CAPS_RULE: "Every amount was reserved under the caps before it was sent",
    ENDPOINTS_RULE: "Every write to the provider or the target is one that the guard knows",
    LIVE_RULE: "No answer speaks of live money",
    PLAN_RULE: "The planned spend fits the caps",
    TIME_RULE: "A probe whose time is over sends nothing more",
}
_MOST_READS = 4096
"""Reads that are remembered as allowed; others are judged each time."""

_WITHOUT_MONEY = frozenset({CallKind.READS, CallKind.WRITES})
_EVERY_REQUEST = (TIME_RULE, HOSTS_RULE, keys.KEYS_RULE)
_EVERY_WRITE = (*_EVERY_REQUEST, ENDPOINTS_RULE)
_EVERY_MOVE = (*_EVERY_WRITE, CAPS_RULE)


class Guard:
    """Every request of a run passes `before_request` and every answer `after_answer`.

    Args:
        policy: what may be spent, and where.
        provider_url: base address of the payment provider's API.
        backend_url: base address of the backend under test.
        require_sandbox: let the backend itself charge a card only once its test mode is proved.
        clock: tells when something was proved.
    """

    def __init__(
        self,
        policy: MoneyPolicy,
        *,
        provider_url: str | None = None,
        backend_url: str | None = None,
        require_sandbox: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.policy = policy
        self.ledger = SpendLedger(policy)
        self.seen = Sightings()
        self._hosts = AllowedHosts(policy.hosts)
        self._provider = ProviderGate(policy.provider_writes, self.seen, provider_url, backend_url)
        self._target = TargetSpending()
        self._require_sandbox = require_sandbox
        self._clock = clock or SystemClock()
        self._record = SafetyRecord()
        self._planned: tuple[Money, ...] = ()
        self._made_by_target: set[str] = set()
        self._cleaned: SafetyCheck | None = None
        self._good_reads: set[tuple[object, ...]] = set()
        self._last_call = LastCall()

    def plan(self, planned: Iterable[Money]) -> tuple[Money, ...]:
        """Hold the planned spend against the caps, before anything is sent.

        Raises:
            RefusedError: over a cap, or in a currency that has none; nothing may start.
        """
        self._planned = sum_by_currency(planned)
        reasons = [reason for total in self._planned if (reason := self._over(total))]
        if reasons:
            raise self._record.refuse(RefusedError(PLAN_RULE, "; ".join(reasons), ends_run=True))
        self._record.passed(PLAN_RULE)
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
            raise self.refuse(RefusedError(SANDBOX_RULE, reason, ends_run=True))
        self._record.passed(SANDBOX_RULE)
        self.say(SANDBOX_RULE, f"the provider answered livemode=false on /v1/balance at {self._now()}")

    def made_by_target(self, thing: str) -> None:
        """Note the id of a payment or customer that the target made, to be proved a test object."""
        self._made_by_target.add(thing)

    def payment_of(self, call: TargetCall, payment: str) -> None:
        """Note the `payment` that came of a `call` to the target; what moved at once covers no later step.

        Raises:
            RefusedError: the target charged twice for one key, and the run is over its cap; the run ends.
        """
        self.made_by_target(payment)
        at_once = call.kind is CallKind.MOVES_AT_ONCE
        known = self.ledger.link(call.operation, call.movement, payment, covers=not at_once)
        if not at_once or known or call.amount is None:
            return
        spending = Spending(what=call.operation, amount=call.amount, key=call.movement, sent_as=call.key)
        try:
            self._acted_twice(Row(spending=spending, total=call.amount, counted=True), "target")
        except RefusedError as refusal:
            raise self.refuse(refusal) from None

    def say(self, rule: str, sentence: str) -> None:
        """Add a proof to the check of `rule`."""
        self._record.say(rule, sentence)

    def warn(self, rule: str, sentence: str) -> None:
        """Add a warning to the check of `rule`; its status stays."""
        self._record.say(rule, f"warning: {sentence}")

    def cleaned(self, created: int, removed: int, left: Sequence[str], *, possible: bool) -> None:
        """Record what became of the accounts that the run opened (see `accounts_check`)."""
        self._cleaned = accounts_check(created, removed, left, possible=possible)

    def swept(self, removed: int, left: Sequence[str]) -> None:
        """Record the last look for what carries the run id: how much of it was removed, and what was not."""
        if self._cleaned is not None:
            self._cleaned = after_sweep(self._cleaned, removed, left)

    def refuse(self, refusal: RefusedError) -> RefusedError:
        """Record `refusal` and hand it back, to be raised."""
        return self._record.refuse(refusal)

    def reserve(self, what: str, amount: Money, key: str) -> Row:
        """Reserve `amount` before it is sent (see `SpendLedger.reserve`).

        Raises:
            RefusedError: a cap would be passed, or the run has ended.
        """
        try:
            self._still_running()
            row = self.ledger.reserve(Spending(what=what, amount=amount, key=key))
        except RefusedError as refusal:
            raise self.refuse(refusal) from None
        self._record.passed(CAPS_RULE)
        return row

    def check_call(self, method: str, url: str, headers: Headers, body: object) -> None:
        """Judge one call of the provider's SDK before the SDK's own machinery has it; nothing is reserved.

        Raises:
            RefusedError: a rule forbids it.
        """
        try:
            spending = self._judge(method, url, headers, body, None)
        except RefusedError as refusal:
            raise self.refuse(refusal) from None
        self._last_call.note(method, url, headers, body, spending)

    def before_request(
        self, method: str, url: str, headers: Headers, body: object, call: TargetCall | None = None
    ) -> Row | None:
        """Judge one request, a redirect's too, right before it leaves, and reserve what it moves.

        Args:
            method: HTTP method.
            url: the whole address.
            headers: as sent.
            body: as sent.
            call: what the backend adapter declared about it; None for everything else.

        Returns:
            The ledger's row when the request moves money.

        Raises:
            RefusedError: a rule forbids it.
        """
        try:
            spending = self._judge_hop(method, url, headers, body, call)
            row = self.ledger.reserve(spending) if spending else None
        except RefusedError as refusal:
            raise self.refuse(refusal) from None
        self._record.passed(*(_EVERY_REQUEST if method in READS else _EVERY_MOVE if row else _EVERY_WRITE))
        return row

    def after_answer(self, url: str, row: Row | None, status: int, body: bytes) -> None:
        """Judge one answer, and remember what it proves.

        Raises:
            RefusedError: it says `livemode: true`, or shows more money than was reserved; the run ends.
        """
        try:
            check_answer(body)
            path = self._provider.path_of(url)
            shown = self.seen.look(path, body, whole=row is not None) if path else {}
            if row is not None:
                said = f", {shown['status']}" if isinstance(shown.get("status"), str) else ""
                self.ledger.answered(row, f"HTTP {status}{said}")
                self._compare(row, shown)
        except RefusedError as refusal:
            raise self.refuse(refusal) from None
        self._record.passed(LIVE_RULE)

    def refuse_redirect(self, source: str, location: str) -> None:
        """Allow a redirect from the URL `source` to `location` (relative or not) only within its own origin.

        Raises:
            RefusedError: another scheme, host or port, or no URL.
        """
        try:
            check_redirect(source, location)
        except RefusedError as refusal:
            raise self.refuse(refusal) from None

    def safety_checks(self) -> tuple[SafetyCheck, ...]:
        """One check for each rule: what was proved in this run and how, or what was refused."""
        proofs = self._proofs()
        checks = [self._record.check(rule, claim, proofs) for rule, claim in _CLAIMS.items()]
        return (*checks, self._cleaned) if self._cleaned is not None else tuple(checks)

    def spend(self) -> SpendReport:
        """What was planned and sent, and the caps that held."""
        return SpendReport(
            planned=self._planned,
            moved=self.ledger.totals(),
            caps_per_run=tuple(self.policy.per_run.values()),
            caps_per_call=tuple(self.policy.per_call.values()),
            entries=self.ledger.entries(),
        )

    def _proofs(self) -> dict[str, str]:
        caps = self.policy.per_run
        planned = ", ".join(f"{money} of at most {caps.get(money.currency)}" for money in self._planned)
        moved = ", ".join(f"{money} of at most {caps.get(money.currency)}" for money in self.ledger.totals())
        payments = len(self.seen.payments)
        return {
            HOSTS_RULE: f"contacted {', '.join(self._hosts.contacted)}" if self._hosts.contacted else "",
            CAPS_RULE: f"reserved {moved}" if moved else "",
            PLAN_RULE: f"planned {planned}" if planned else "nothing is planned to be spent",
            SANDBOX_RULE: f"{payments} payments were fetched and are livemode=false" if payments else "",
        }

    def _judge_hop(
        self, method: str, url: str, headers: Headers, body: object, call: TargetCall | None
    ) -> Spending | None:
        judged = self._last_call.take(method, url, headers, body)
        if judged is None or call is not None:
            return self._judge(method, url, headers, body, call)
        added, spending = judged
        self._still_running()
        keys.check_sent("", added, None)  # address and body are those of the call
        check_framing(url, added, body)
        return spending

    def _judge(
        self, method: str, url: str, headers: Headers, body: object, call: TargetCall | None
    ) -> Spending | None:
        self._still_running()
        if body or method not in READS:
            return self._judge_closely(method, url, headers, body, call)
        # Polls ask the same again and again, and what makes a read allowed does not change in a run.
        asked = (method, url, call and call.operation, *headers.items())
        if asked in self._good_reads:
            return None
        spending = self._judge_closely(method, url, headers, body, call)
        if spending is None and len(self._good_reads) < _MOST_READS:
            self._good_reads.add(asked)
        return spending

    def _judge_closely(
        self, method: str, url: str, headers: Headers, body: object, call: TargetCall | None
    ) -> Spending | None:
        self._hosts.check(url)
        keys.check_sent(url, headers, body)
        check_framing(url, headers, body)
        if call is not None:
            self._provider.check_declared(call.operation, url)
            return self._target_spending(call, url, headers, body)
        if method in READS:
            self._provider.check_read(url, headers, body)
            return None
        return self._provider.spending(method, url, headers, body)

    def _target_spending(self, call: TargetCall, url: str, headers: Headers, body: object) -> Spending | None:
        if call.kind in _WITHOUT_MONEY:
            return None
        spending = self._target.read(call, url, headers, body)
        if self._require_sandbox and not self._target_is_proved() and charges_at_once(call, body):
            reason = f"{call.operation}: nothing of the target's own was found to be in test mode yet"
            raise RefusedError(SANDBOX_RULE, reason)
        return spending

    def _target_is_proved(self) -> bool:
        made, seen = self._made_by_target, self.seen
        return not (made.isdisjoint(seen.payments) and made.isdisjoint(seen.customers))

    def _compare(self, row: Row, shown: Mapping[str, Any]) -> None:
        """Hold an answer against what was reserved for its request."""
        made = shown.get("id")
        if not isinstance(made, str):
            return
        spending = row.spending
        if not spending.payment and not self.ledger.link(spending.what, spending.key, made):
            self._acted_twice(row, "provider")
        amount, reserved = self.seen.payments.get(made), self.ledger.reserved_for(made)
        if amount is None or reserved is None:
            return
        if amount.currency != reserved.currency or amount > reserved:
            reason = f"{spending.what}: {amount} was confirmed, {reserved} was reserved"
            raise RefusedError(CAPS_RULE, reason, ends_run=True)

    def _acted_twice(self, row: Row, who: str) -> None:
        reason = f"{row.spending.what}: the {who} ignored the idempotency key and acted twice"
        self.warn(CAPS_RULE, reason)
        self.ledger.count_again(row, reason)

    def _still_running(self) -> None:
        ended = self._record.ended
        if ended is not None:
            raise RefusedError(ended.rule, f"the run has ended: {ended.reason}", ends_run=True)
        permit = current_permit.get()
        if permit is not None and permit.revoked:
            raise RefusedError(TIME_RULE, "a probe went on after its time limit")

    def _now(self) -> str:
        return utc_text(self._clock.now())
