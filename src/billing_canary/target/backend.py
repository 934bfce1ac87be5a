"""The backend under test: typed operations over the declarative HTTP adapter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from billing_canary.guard.session import GuardedSession
from billing_canary.guard.target_call import CallKind, MoneyPlace, TargetCall
from billing_canary.money import Money
from billing_canary.target.found_accounts import read_accounts
from billing_canary.target.http_adapter import HttpAdapter, Question
from billing_canary.target.money_places import call_places
from billing_canary.target.operations import Answer, Operation, Outcome, UnexpectedAnswerError
from billing_canary.target.settings import TargetSettings

_NO_SEGMENT = frozenset({"", ".", ".."})
"""As part of a path these mean another path, however they are quoted."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account that this run opened. `values` is all that `open_account` extracted, its own API key too."""

    id: str
    currency: str
    values: Mapping[str, str] = field(repr=False)

    @property
    def customer(self) -> str | None:
        """The account's customer id at the payment provider, where the backend tells it."""
        return self.values.get("customer")


@dataclass(frozen=True, kw_only=True)
class Wallet:
    """What a wallet says of itself. `available` is the balance less what is held, where it is told."""

    balance: Money
    available: Money | None


class Backend:
    """One billing system, asked in the words of the operations port.

    Args of most methods are the account and what the operation's contract names. Every method answers
    an `Answer` unless it reads a value; those raise `UnexpectedAnswerError` when there is none.
    """

    def __init__(self, session: GuardedSession, settings: TargetSettings, run_id: str) -> None:
        self._guard = session.guard
        self._settings = settings
        everywhere = {"run_id": run_id, **_currency(settings.currency)}
        everywhere |= {f"secrets.{name}": value for name, value in settings.secrets.items()}
        self._http = HttpAdapter(session, settings, everywhere)

    def open_account(self, name: str, currency: str, quota_units: int) -> Account:
        """A fresh account with an empty wallet in `currency` and a quota of units for the period."""
        variables = {"name": name, "quota_units": quota_units, **_currency(currency)}
        answer = self._demand(Operation.OPEN_ACCOUNT, variables, currency)
        values = {key: str(value) for key, value in answer.values.items()}
        if values["account"] in _NO_SEGMENT:
            observed = f"account id {values['account']!r}, which no path can hold"
            raise UnexpectedAnswerError(Operation.OPEN_ACCOUNT, observed)
        if customer := values.get("customer"):
            self._guard.made_by_target(customer)
        return Account(id=values["account"], currency=currency, values=values)

    def close_account(self, account: Account) -> Answer:
        """Close `account`; part of the clean-up."""
        return self._ask(Operation.CLOSE_ACCOUNT, _account(account), account.currency)

    def find_accounts(self, run_id: str) -> tuple[Account, ...]:
        """The open accounts of exactly `run_id`.

        Raises:
            UnexpectedAnswerError: no usable answer, or one account in it that is not shown to be of this
                run, so that the whole answer is worthless (see `read_accounts`).
        """
        listed = self._demand(Operation.FIND_ACCOUNTS, {"run_id": run_id}).values["accounts"]
        close = self._settings.backend.operations.get(Operation.CLOSE_ACCOUNT)
        currency = self._settings.currency
        found = read_accounts(listed, run_id, close)
        return tuple(Account(id=values["account"], currency=currency, values=values) for values in found)

    def wallet(self, account: Account) -> Wallet:
        """The wallet of `account`."""
        values = self._demand(Operation.READ_WALLET, _account(account), account.currency).values
        return Wallet(balance=values["balance"], available=values.get("available"))

    def ledger_total(self, account: Account) -> Money:
        """The sum of the ledger entries of `account`'s wallet."""
        total = self._demand(Operation.READ_LEDGER, _account(account), account.currency).values["total"]
        return _as_money(total)

    def create_top_up(
        self, account: Account, amount: Money, attempt: str, *, trace: str, lose_answer: bool = False
    ) -> Answer:
        """Begin a top-up: the payment intent that a customer then pays.

        Args:
            account: whose wallet.
            amount: reserved with the guard under `attempt` before it is sent.
            attempt: the idempotency key of this attempt, the same for all its retries.
            trace: the request id, another for each retry, as proxies and SDKs send it.
            lose_answer: hang up before the answer is read, as a client whose time ran out.
        """
        variables = _top_up(account, amount, attempt, self._settings.backend.credit_minor) | {"trace": trace}
        call = self._call(Operation.CREATE_TOP_UP, CallKind.MOVES, account, amount, attempt)
        return self._ask_moving(variables, call, lose_answer=lose_answer)

    def create_raw_top_up(self, account: Account, raw_amount: object, attempt: str) -> Answer:
        """Ask for a top-up of an amount that no backend may accept.

        Nothing is paid; what a lenient backend could make of the amount is reserved all the same.
        """
        variables = {"raw_amount": raw_amount, "attempt": attempt, **_account(account)}
        units = self._places(Operation.CREATE_TOP_UP)
        call = TargetCall(
            operation=Operation.CREATE_RAW_TOP_UP.value,
            kind=CallKind.IMPOSSIBLE,
            key=attempt,
            account=account.id,
            places=(*units, *self._places(Operation.CREATE_RAW_TOP_UP)),
            credit_minor=self._settings.backend.credit_minor,
            raw=raw_amount,
            currency=account.currency,
        )
        return self._ask_moving(variables, call)

    def charge_saved_card(self, account: Account, amount: Money, attempt: str) -> Answer:
        """Have the backend itself charge the customer's saved test card and credit the wallet."""
        variables = _top_up(account, amount, attempt, self._settings.backend.credit_minor) | {
            "trace": attempt
        }
        call = self._call(Operation.CHARGE_SAVED_CARD, CallKind.MOVES_AT_ONCE, account, amount, attempt)
        return self._ask_moving(variables, call)

    def check_top_up(self, account: Account, top_up: str, payment: str) -> Answer:
        """Ask the backend to check a payment with its provider, as a customer's 'refresh' does."""
        variables = {"top_up": top_up, "payment": payment, **_account(account)}
        return self._ask(Operation.CHECK_TOP_UP, variables, account.currency)

    def consume(self, account: Account, units: int, usage: str) -> Answer:
        """Use `units` of the paid product; `usage` identifies the use."""
        variables = {"units": units, "usage": usage, **_account(account)}
        return self._ask(Operation.CONSUME, variables, account.currency)

    def consume_failing(self, account: Account, units: int, usage: str) -> Answer:
        """Use the product in a way whose work fails."""
        variables = {"units": units, "usage": usage, **_account(account)}
        return self._ask(Operation.CONSUME_FAILING, variables, account.currency)

    def deliver(self, body: bytes, signature: str | None) -> Answer:
        """Post `body` to the webhook endpoint; without `signature` the header is left out."""
        variables = {"signature": signature or ""}
        question = Question(
            operation=Operation.DELIVER_EVENT, variables=variables, raw_body=body, without_empty=True
        )
        return self._http.ask(question)

    def event_state(self, event: str) -> str:
        """What the inbox says of `event`."""
        return str(self._demand(Operation.READ_EVENT, {"event": event}).values["state"])

    def event_story(self, event: str) -> Mapping[str, Any]:
        """What the inbox tells of `event`: `state`, and where told `attempts`, `effects` and `reason`."""
        return self._demand(Operation.READ_EVENT, {"event": event}).values

    def pending_events(self) -> int:
        """How many events wait in the inbox."""
        return int(self._number(Operation.READ_BACKLOG, {}, "pending"))

    def build(self) -> str:
        """The build id that the running process reports."""
        return str(self._demand(Operation.READ_BUILD, {}).values["build"])

    def health(self) -> Answer:
        """The backend's own health."""
        return self._ask(Operation.READ_HEALTH, {})

    def metrics(self) -> Answer:
        """The backend's metrics; the answer's text is whole."""
        return self._http.ask(Question(operation=Operation.READ_METRICS, variables={}, whole_text=True))

    def now(self) -> float:
        """The backend's clock, in seconds since the epoch."""
        return self._number(Operation.READ_CLOCK, {}, "now")

    def advance_clock(self, seconds: int) -> float:
        """Move the backend's clock forward; its new time."""
        return self._number(Operation.ADVANCE_CLOCK, {"seconds": seconds}, "now")

    def set_enforcement(self, *, enabled: bool) -> Answer:
        """The kill switch: gating off or on."""
        return self._demand(Operation.SET_ENFORCEMENT, {"enabled": enabled})

    def disrupt(self, operation: Operation, account: Account, times: int) -> Answer:
        """Make the next `times` steps of one kind fail for `account` (a test hook of the backend)."""
        return self._demand(operation, {"times": times, **_account(account)})

    def _places(self, operation: Operation) -> tuple[MoneyPlace, ...]:
        mapping = self._settings.backend.operations.get(operation)
        return call_places(mapping) if mapping is not None else ()

    def _call(
        self, operation: Operation, kind: CallKind, account: Account, amount: Money, key: str
    ) -> TargetCall:
        return TargetCall(
            operation=operation.value,
            kind=kind,
            amount=amount,
            key=key,
            account=account.id,
            places=self._places(operation),
            credit_minor=self._settings.backend.credit_minor,
            currency=account.currency,
        )

    def _ask_moving(
        self, variables: Mapping[str, Any], call: TargetCall, *, lose_answer: bool = False
    ) -> Answer:
        question = Question(
            operation=Operation(call.operation),
            variables=variables,
            currency=call.amount.currency if call.amount else call.currency,
            call=call,
            lose_answer=lose_answer,
        )
        answer = self._http.ask(question)
        if payment := answer.values.get("payment"):
            self._guard.payment_of(call, str(payment))
        return answer

    def _ask(self, operation: Operation, variables: Mapping[str, Any], currency: str | None = None) -> Answer:
        return self._http.ask(Question(operation=operation, variables=variables, currency=currency))

    def _demand(self, operation: Operation, variables: dict[str, Any], currency: str | None = None) -> Answer:
        answer = self._ask(operation, variables, currency)
        if answer.outcome is not Outcome.OK:
            raise UnexpectedAnswerError(operation, f"{answer}: {answer.text}")
        return answer

    def _number(self, operation: Operation, variables: dict[str, Any], name: str) -> float:
        value = self._demand(operation, variables).values[name]
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise UnexpectedAnswerError(operation, f"{name} = {value!r}, no number")
        return number


def _currency(currency: str) -> dict[str, str]:
    return {"currency": currency.upper(), "currency.lower": currency.lower()}


def _account(account: Account) -> dict[str, Any]:
    extracted = {f"account.{name}": value for name, value in account.values.items()}
    return {"account": account.id, **_currency(account.currency), **extracted}


def _top_up(account: Account, amount: Money, attempt: str, credit_minor: int) -> dict[str, Any]:
    amounts = {"amount.minor": amount.minor, "amount.decimal": amount.decimal}
    amounts["amount.credits"] = amount.minor // credit_minor
    return {"attempt": attempt, **_account(account), **amounts, **_currency(amount.currency)}


def _as_money(value: object) -> Money:
    if not isinstance(value, Money):
        raise TypeError(f"{value!r} is no amount")
    return value
