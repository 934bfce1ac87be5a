"""What the suites are handed: a billing system to ask over real HTTP, and a customer's steps in it.

Every request passes the guard, but for `Billing.raw`, which speaks to the mock alone. `mock` starts the
reference service in this process, so that its coverage is measured; `staging` is whatever
probes/targets.toml describes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, TypeVar

import requests

from billing_canary.money import Money
from billing_canary.reference.backend.event import HANDLED_TYPES
from billing_canary.reference.provider.schedules import SCHEDULES
from billing_canary.target.backend import Account
from billing_canary.target.operations import Answer, Operation, Outcome
from billing_canary.target.stripe_provider import Payment, ProviderError
from billing_canary.target.subscriptions import SubscriptionState
from billing_canary.target.target import Target

T = TypeVar("T")

GOOD_CARD = "pm_card_visa"
DECLINED_CARD = "pm_card_chargeDeclined"
CARD_THAT_FAILS_LATER = "pm_card_chargeCustomerFail"
"""It can be attached to a customer, and is declined whenever it is charged."""

AMPLE_QUOTA = 1_000_000
LONGEST_MONTH_S = 31 * 86_400
_MOCK_POLL_S = 0.005
_TIGHT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class TopUp:
    """A top-up that was begun and is not paid yet."""

    id: str
    payment: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A subscription of `account`."""

    id: str
    account: Account


class MockDeliveries:
    """Tells whether the mock's provider has sent what its schedule demands."""

    def __init__(self, provider_url: str, key: str, schedule: str) -> None:
        self._url = provider_url
        self._headers = {"Authorization": f"Bearer {key}"}
        self._copies = SCHEDULES[schedule].copies + SCHEDULES[schedule].then_good

    def are_sent(self) -> bool:
        """Whether every copy of every event that the backend asked for has left."""
        wanted = {"limit": 100, "types[]": list(HANDLED_TYPES)}
        events = [event["id"] for event in self._get("/v1/events", wanted)["data"]]
        sent = Counter(copy["event"] for copy in self._get("/_mock/deliveries", {})["deliveries"])
        return all(sent[event] >= self._copies for event in events)

    def _get(self, path: str, params: Any) -> Any:
        return requests.get(self._url + path, params=params, headers=self._headers, timeout=5).json()


class Billing:
    """One billing system, and what customers and operators do there. `deliveries`: of the mock alone."""

    def __init__(self, target: Target, deliveries: MockDeliveries | None = None) -> None:
        self.target = target
        self.backend = target.backend
        self.is_mock = deliveries is not None
        self._deliveries = deliveries
        self._numbers = count(1)
        self._opened: list[Account] = []

    @property
    def provider(self) -> Any:
        """The payment provider."""
        assert self.target.provider is not None
        return self.target.provider

    @property
    def webhooks(self) -> Any:
        """Events and signatures."""
        assert self.target.webhooks is not None
        return self.target.webhooks

    def key(self) -> str:
        """A fresh idempotency key, usage id or trace id."""
        return f"{self.target.run_id}-{next(self._numbers)}-{time.time_ns()}"

    def amount(self, currency: str = "") -> Money:
        """The smallest sensible top-up."""
        return self.target.settings.amounts[currency or self.target.settings.currency]

    def nothing(self, currency: str = "") -> Money:
        """No money."""
        return self.amount(currency) * 0

    def open(self, currency: str = "", quota_units: int = AMPLE_QUOTA) -> Account:
        """A fresh account with an empty wallet, whose customer is proved to be a test one."""
        chosen = currency or self.target.settings.currency
        account = self.backend.open_account(self.key(), chosen, quota_units)
        self._opened.append(account)
        if account.customer:
            self.provider.customer(account.customer)
        return account

    def close_all(self) -> None:
        """Close what was opened."""
        for account in self._opened:
            self.backend.close_account(account)

    def balance(self, account: Account) -> Money:
        """What is in the wallet."""
        return self.backend.wallet(account).balance

    def begin(self, account: Account, amount: Money | None = None) -> TopUp:
        """Begin a top-up."""
        asked = amount or self.amount(account.currency)
        answer = self.backend.create_top_up(account, asked, self.key(), trace=self.key())
        assert answer.outcome is Outcome.OK, answer
        return self.top_up_in(answer, asked)

    @staticmethod
    def top_up_in(answer: Answer, amount: Money) -> TopUp:
        """The top-up that `answer` tells of."""
        values = answer.values
        return TopUp(id=str(values.get("top_up", "")), payment=str(values["payment"]), amount=amount)

    def pay(self, top_up: TopUp, **options: bool) -> Payment:
        """Pay with a good card."""
        payment: Payment = self.provider.confirm(top_up.payment, GOOD_CARD, **options)
        return payment

    def is_declined(self, top_up: TopUp) -> bool:
        """Try to pay with a card that is declined."""
        try:
            self.provider.confirm(top_up.payment, DECLINED_CARD)
        except ProviderError:
            return True
        return False

    def fund(self, account: Account, amount: Money | None = None) -> Money:
        """Top the wallet up and wait for the credit; what was paid."""
        before = self.balance(account)
        top_up = self.begin(account, amount)
        self.pay(top_up)
        self.becomes(partial(self.balance, account), before + top_up.amount)
        return top_up.amount

    def payments(self, account: Account) -> tuple[Payment, ...]:
        """The account's payments at the provider that were taken."""
        assert account.customer is not None
        return tuple(each for each in self.provider.payments_of(account.customer) if each.received.minor)

    def use(self, account: Account, units: int = 1) -> Answer:
        """Use the product once."""
        return self.backend.consume(account, units, self.key())

    def subscribe(self, account: Account, card: str = GOOD_CARD) -> Subscription:
        """Subscribe to the plan."""
        answer = self.try_to_subscribe(account, card)
        assert answer.outcome is Outcome.OK, answer
        return Subscription(id=str(answer.values["subscription"]), account=account)

    def try_to_subscribe(self, account: Account, card: str = GOOD_CARD, key: str = "") -> Answer:
        """The answer of an attempt to subscribe."""
        return self.backend.subscribe(account, self.backend.plan().price, card, key or self.key())

    def state(self, subscription: Subscription) -> SubscriptionState:
        """The subscription as the backend tells it."""
        return self.backend.subscription(subscription.account, subscription.id)

    def status(self, subscription: Subscription) -> str:
        """Its status."""
        return self.state(subscription).status

    def invoices(self, subscription: Subscription) -> tuple[dict[str, Any], ...]:
        """Its invoices, oldest first."""
        return self.backend.invoices(subscription.account, subscription.id)

    def quota_left(self, account: Account) -> int | None:
        """The units that its subscription has left."""
        return self.backend.entitlement(account).quota_left

    def pass_period(self) -> None:
        """Let a month go by; what that may charge is reserved before."""
        price = self.backend.plan().price
        if price.minor:
            self.target.guard.reserve("renewal", price, self.key())
        self.target.advance_clock(LONGEST_MONTH_S + 3600)

    def provider_invoices(self, account: Account) -> tuple[str, ...]:
        """The provider's invoices of the account, newest first; the backend may not know them all yet."""
        found: tuple[str, ...] = self.provider.invoices_of(account.customer)
        return found

    def event(self, about: str, kind: str) -> bytes:
        """The body of the provider's newest event of type `kind` about an object."""
        found = self.becomes(partial(self.provider.event_about, about, kind), None, reached=bool)
        return bytes(found.body)

    def deliver(self, body: bytes, *, age_s: float = 0, **signing: str) -> Answer:
        """Post an event with a good signature, unless `signing` says otherwise."""
        return self.backend.deliver(body, self.webhooks.sign(body, self.target.now() - age_s, **signing))

    def outcome_of(self, event: str) -> str:
        """What the inbox says of an event, once it waits no longer."""
        read = partial(self.backend.event_state, event)
        return str(self.becomes(read, "no longer pending", reached=lambda state: state != "pending"))

    def idle(self) -> None:
        """Wait until the provider has told all and the inbox is empty: nothing more happens by itself."""
        if self._deliveries is not None:
            self.becomes(self._deliveries.are_sent, expected=True)
        else:
            time.sleep(self.target.settings.patience.holds)
        self.becomes(self.backend.pending_events, 0)

    def becomes(
        self, read: Callable[[], T], expected: Any, *, reached: Callable[[T], bool] | None = None
    ) -> T:
        """Read until the value is `expected`, or until it is `reached`; the value."""
        patience = self.target.settings.patience
        pause, within = (_MOCK_POLL_S, _TIGHT_S) if self.is_mock else (patience.poll, patience.eventually)
        deadline = time.monotonic() + within
        while True:
            value = read()
            if reached(value) if reached is not None else value == expected:
                return value
            assert time.monotonic() < deadline, f"it is {value!r} and did not become {expected!r}"
            time.sleep(pause)

    @staticmethod
    def together(calls: Iterable[Callable[[], T]]) -> list[T]:
        """Make all calls at the same time; their answers."""
        waiting = list(calls)
        with ThreadPoolExecutor(len(waiting)) as pool:
            return [each.result() for each in [pool.submit(call) for call in waiting]]

    def raw(self, account: Account, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A request below an account of the mock, in words that no operation has; the answer."""
        assert self.is_mock, "mark the test with mock_only"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Authorization": f"Bearer {account.values['api_key']}", **named}
        url = f"{self.target.settings.base_url}/accounts/{account.id}{path}"
        return requests.request(method, url, json=body, headers=named, timeout=5)

    def can(self, operation: str) -> bool:
        """Whether the target maps `operation`."""
        return Operation(operation) in self.target.settings.operations
