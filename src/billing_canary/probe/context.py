"""What a probe is handed: the target, the customer's steps, and the claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from itertools import count
from threading import Barrier, Thread
from typing import Generic, TypeVar

from billing_canary.money import Money
from billing_canary.probe.account_log import AccountLog, NoAccountLog
from billing_canary.probe.recorder import ClaimFailedError, Recorder
from billing_canary.redact import Redactor
from billing_canary.target.backend import Account, Backend
from billing_canary.target.operations import Answer, Operation, Outcome
from billing_canary.target.stripe_provider import Payment, ProviderError, StripeProvider
from billing_canary.target.target import Target
from billing_canary.target.webhooks import Webhooks

T = TypeVar("T")
_AMPLE_QUOTA = 1_000_000


@dataclass(frozen=True, kw_only=True)
class TopUp:
    """A top-up that was begun: the provider's payment intent, and the backend's own id where it has one."""

    payment: str
    id: str
    amount: Money


class ProbeContext(Recorder):
    """One probe's view of the run.

    Attributes:
        amount: the target's smallest sensible top-up in its own currency.
        unit_price: minor units that one unit of use costs.
    """

    def __init__(
        self, target: Target, probe_id: str, redact: Redactor, accounts: AccountLog | None = None
    ) -> None:
        super().__init__(target.clock, target.settings.patience, redact)
        self.target = target
        self.amount = self.amount_in(target.settings.currency)
        self.unit_price = target.settings.unit_price
        self.key_prefix = f"{target.run_id}-{probe_id}-"
        self._numbers = count(1)
        self._accounts = accounts or NoAccountLog()
        self._opened: list[Account] = []

    @property
    def backend(self) -> Backend:
        """The backend under test."""
        return self.target.backend

    @property
    def provider(self) -> StripeProvider:
        """The payment provider; declare `Operation.PAY` to need it."""
        return _declared(self.target.provider, Operation.PAY)

    @property
    def webhooks(self) -> Webhooks:
        """Events and signatures; declare `Operation.PAID_EVENT` to need them."""
        return _declared(self.target.webhooks, Operation.PAID_EVENT)

    @property
    def opened(self) -> tuple[Account, ...]:
        """Accounts that this probe opened, for the clean-up."""
        return tuple(self._opened)

    def can(self, operation: Operation) -> bool:
        """Whether the target maps `operation`, for a step that makes a probe stronger where it exists."""
        return operation in self.target.settings.operations

    def amount_in(self, currency: str) -> Money:
        """The target's smallest sensible top-up in `currency`."""
        return self.target.settings.amounts[currency]

    def new_key(self) -> str:
        """A fresh identifier of this run and probe: an idempotency key, a usage id, a trace id."""
        return f"{self.key_prefix}{next(self._numbers)}"

    def now(self) -> float:
        """The target's time in seconds since the epoch."""
        return self.target.now()

    def open_account(self, currency: str | None = None, *, quota_units: int = _AMPLE_QUOTA) -> Account:
        """A fresh account with an empty wallet."""
        chosen = currency or self.target.settings.currency
        account = self.backend.open_account(self.new_key(), chosen, quota_units)
        self._accounts.opened(account.id)
        self._opened.append(account)
        return account

    def balance(self, account: Account) -> Money:
        """The wallet's balance."""
        return self.backend.wallet(account).balance

    def begin_top_up(self, account: Account, amount: Money | None = None) -> TopUp:
        """Begin a top-up; the customer has not paid yet."""
        asked = amount or self.amount_in(account.currency)
        answer = self.backend.create_top_up(account, asked, self.new_key(), trace=self.new_key())
        return self.top_up_of(answer, asked)

    def top_up_of(self, answer: Answer, amount: Money) -> TopUp:
        """The top-up that `answer` tells of.

        Raises:
            ClaimFailedError: the backend did not begin one.
        """
        self.require("A top-up can be begun", answer.outcome, equals=Outcome.OK, source="create_top_up")
        values = answer.values
        return TopUp(payment=str(values["payment"]), id=str(values.get("top_up", "")), amount=amount)

    def pay(self, top_up: TopUp, *, capture_later: bool = False) -> Payment:
        """Pay as a customer whose card is good."""
        card = self.target.settings.test_cards["accepted"]
        return self.provider.confirm(top_up.payment, card, capture_later=capture_later)

    def decline(self, top_up: TopUp) -> str:
        """Pay as a customer whose card is declined; the decline code, or "" if the payment went through."""
        try:
            self.provider.confirm(top_up.payment, self.target.settings.test_cards["declined"])
        except ProviderError as error:
            return error.code
        return ""

    def fund(self, account: Account) -> Money:
        """Top an empty wallet up by the target's amount and wait for the credit; the amount."""
        top_up = self.begin_top_up(account)
        self.pay(top_up)
        self.arrives(account)
        self.has_exactly(account, top_up.amount)
        return top_up.amount

    def arrives(
        self, account: Account, claim: str = "A paid top-up reaches the wallet", *, reveals: str = "F35"
    ) -> None:
        """Wait until an empty wallet is credited, by whatever amount."""
        self.eventually(
            claim,
            partial(self.balance, account),
            equals="more than nothing",
            reached=lambda balance: balance.minor > 0,
            reveals=reveals,
            source="wallet",
        )

    def has_exactly(
        self,
        account: Account,
        balance: Money,
        claim: str = "The credit is exactly what was paid",
        *,
        reveals: str = "F32",
    ) -> None:
        """Require the wallet to hold `balance` now."""
        self.require(claim, self.balance(account), equals=balance, reveals=reveals, source="wallet")

    def stays(self, claim: str, account: Account, balance: Money, *, reveals: str = "") -> None:
        """Watch that the wallet keeps `balance`."""
        self.holds(claim, partial(self.balance, account), equals=balance, reveals=reveals, source="wallet")

    def create_payment(self, amount: Money, key: str) -> Payment:
        """A payment intent of the harness's own at the provider, marked with the run's id."""
        return self.provider.create(amount, key, self.target.run_id)

    def charge_saved_card(self, account: Account, amount: Money) -> Answer:
        """Have the backend charge the customer's saved card, after a look that the customer is a test one."""
        if account.customer:
            self.provider.customer(account.customer)
        return self.backend.charge_saved_card(account, amount, self.new_key())

    def consume(self, account: Account, units: int) -> Answer:
        """Use `units` of the paid product once."""
        return self.backend.consume(account, units, self.new_key())

    def units_for(self, amount: Money) -> int:
        """How many units `amount` pays for."""
        return amount.minor // self.unit_price

    def deliver(self, body: bytes, **signing: str) -> Answer:
        """Post an event with a good signature of this moment (see `Webhooks.sign`)."""
        return self.backend.deliver(body, self.webhooks.sign(body, self.now(), **signing))

    def together(self, calls: Iterable[Callable[[], T]]) -> list[T]:
        """Make all `calls` at the same moment, each in its own thread; their answers in order.

        Raises:
            Exception: the first that one of the calls raised.
        """
        batch = _Batch(list(calls))
        return batch.run()


class _Batch(Generic[T]):
    """Calls that start behind one barrier."""

    def __init__(self, calls: list[Callable[[], T]]) -> None:
        self._calls = calls
        self._barrier = Barrier(len(calls))
        self._answers: dict[int, T] = {}
        self._errors: dict[int, Exception] = {}

    def run(self) -> list[T]:
        contexts = [copy_context() for _ in self._calls]
        threads = [
            Thread(target=context.run, args=(self._one, number), daemon=True)
            for number, context in enumerate(contexts)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._answers[number] for number in range(len(self._calls))]

    def _one(self, number: int) -> None:
        try:
            self._barrier.wait()
            self._answers[number] = self._calls[number]()
        except Exception as error:  # noqa: BLE001 - raised again in the probe's own thread
            self._errors[number] = error


def _declared(part: T | None, operation: Operation) -> T:
    if part is None:
        raise ClaimFailedError(f"the probe uses {operation.value} without declaring that it needs it")
    return part
