"""The backend under test: typed operations over the declarative HTTP adapter."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests
from urllib3.exceptions import ReadTimeoutError

from billing_canary import __version__
from billing_canary.guard.session import GuardedSession
from billing_canary.money import Money
from billing_canary.target.operations import CONTRACTS, Answer, Operation, Outcome, UnexpectedAnswerError
from billing_canary.target.settings import OperationMapping, TargetSettings
from billing_canary.target.template import render, render_text

_USER_AGENT = f"billing-canary/{__version__}"
_EXCERPT = 300
_LOST_ANSWER_S = 0.001
_NO_SEGMENT = frozenset({"", ".", ".."})
"""As part of a path these mean another path, however they are quoted."""
_PAYMENT_REQUIRED, _UNAVAILABLE = 402, 503


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
        self._session = session
        self._settings = settings
        self._everywhere: dict[str, Any] = {"run_id": run_id, **_currency(settings.currency)}
        self._everywhere |= {f"secrets.{name}": value for name, value in settings.secrets.items()}

    def open_account(self, name: str, currency: str, quota_units: int) -> Account:
        """A fresh account with an empty wallet in `currency` and a quota of units for the period."""
        variables = {"name": name, "quota_units": quota_units, **_currency(currency)}
        answer = self._demand(Operation.OPEN_ACCOUNT, variables, currency)
        values = {key: str(value) for key, value in answer.values.items()}
        if values["account"] in _NO_SEGMENT:
            observed = f"account id {values['account']!r}, which no path can hold"
            raise UnexpectedAnswerError(Operation.OPEN_ACCOUNT, observed)
        return Account(id=values["account"], currency=currency, values=values)

    def close_account(self, account: Account) -> Answer:
        """Close `account`; part of the clean-up."""
        return self._ask(Operation.CLOSE_ACCOUNT, _account(account), account.currency)

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
        return self._ask_moving(Operation.CREATE_TOP_UP, variables, amount, lose_answer=lose_answer)

    def create_raw_top_up(self, account: Account, raw_amount: object, attempt: str) -> Answer:
        """Ask for a top-up of an amount that no backend may accept; nothing is reserved or paid."""
        variables = {"raw_amount": raw_amount, "attempt": attempt, **_account(account)}
        return self._ask(Operation.CREATE_RAW_TOP_UP, variables, account.currency)

    def charge_saved_card(self, account: Account, amount: Money, attempt: str) -> Answer:
        """Have the backend itself charge the customer's saved test card and credit the wallet."""
        variables = _top_up(account, amount, attempt, self._settings.backend.credit_minor) | {
            "trace": attempt
        }
        return self._ask_moving(Operation.CHARGE_SAVED_CARD, variables, amount)

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
        return self._ask(Operation.DELIVER_EVENT, variables, raw_body=body, without_empty=True)

    def event_state(self, event: str) -> str:
        """What the inbox says of `event`."""
        return str(self._demand(Operation.READ_EVENT, {"event": event}).values["state"])

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
        return self._ask(Operation.READ_METRICS, {}, excerpt=None)

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

    def _ask_moving(
        self, operation: Operation, variables: dict[str, Any], amount: Money, *, lose_answer: bool = False
    ) -> Answer:
        guard, key = self._session.guard, str(variables["attempt"])
        guard.reserve(operation.value, amount, key)
        answer = self._ask(operation, variables, amount.currency, lose_answer=lose_answer)
        guard.ledger.answered(key, str(answer))
        if payment := answer.values.get("payment"):
            guard.ledger.link(key, str(payment))
        return answer

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

    def _ask(  # noqa: PLR0913 - the one place where a request is put together
        self,
        operation: Operation,
        variables: dict[str, Any],
        currency: str | None = None,
        *,
        raw_body: bytes | None = None,
        without_empty: bool = False,
        lose_answer: bool = False,
        excerpt: int | None = _EXCERPT,
    ) -> Answer:
        mapping = self._settings.backend.operations[operation]
        known = self._everywhere | variables
        headers = {name: render_text(value, known) for name, value in mapping.headers.items()}
        headers.setdefault("User-Agent", _USER_AGENT)
        if without_empty:
            headers = {name: value for name, value in headers.items() if value}
        body = raw_body if raw_body is not None else _body(mapping, known, headers)
        url = self._settings.base_url + render_text(mapping.path, known, quote=_quote)
        answer_s = _LOST_ANSWER_S if lose_answer else self._settings.patience.answer
        try:
            # Prepared without the session's headers, cookies and parameters: it has none of its own, and
            # merging them costs a third of a request.
            prepared = requests.Request(mapping.method, url, headers=headers, data=body).prepare()
            response = self._session.send(prepared, timeout=(self._settings.patience.answer, answer_s))
        except (requests.RequestException, UnicodeError) as error:
            if _timed_out_reading(error):
                return Answer(operation=operation, outcome=Outcome.UNANSWERED, status=0)
            raise UnexpectedAnswerError(operation, f"no HTTP answer ({type(error).__name__})") from error
        if lose_answer:
            return Answer(operation=operation, outcome=Outcome.UNANSWERED, status=0)
        return self._read(operation, mapping, response, currency or self._settings.currency, excerpt)

    def _read(
        self,
        operation: Operation,
        mapping: OperationMapping,
        response: requests.Response,
        currency: str,
        excerpt: int | None,
    ) -> Answer:
        outcome = mapping.outcomes.get(response.status_code, _usual_outcome(response.status_code))
        text = response.text if excerpt is None else response.text[:excerpt]
        values = _values(operation, mapping, response, currency, demand=outcome is Outcome.OK)
        return Answer(
            operation=operation, outcome=outcome, status=response.status_code, values=values, text=text
        )


def _values(
    operation: Operation,
    mapping: OperationMapping,
    response: requests.Response,
    currency: str,
    *,
    demand: bool,
) -> dict[str, Any]:
    if not mapping.extract:
        return {}
    try:
        body = response.json()
        found = {name: each.take(body, currency) for name, each in mapping.extract.items()}
    except (ValueError, RecursionError) as error:
        if demand:
            raise UnexpectedAnswerError(operation, f"HTTP {response.status_code}, but {error}") from error
        return {}
    # What a new account brings along is used by later templates, so all of it must be there.
    required = mapping.extract if operation is Operation.OPEN_ACCOUNT else CONTRACTS[operation].outputs
    missing = [name for name in sorted(required) if found.get(name) is None]
    if demand and missing:
        sources = ", ".join(f"{name} ({mapping.extract[name].source})" for name in missing)
        raise UnexpectedAnswerError(operation, f"HTTP {response.status_code} without {sources}")
    return {name: value for name, value in found.items() if value is not None}


def _timed_out_reading(error: Exception) -> bool:
    """Whether the request left and its answer, head or body, did not come in time."""
    within = error.args[0] if error.args else None
    return isinstance(error, requests.ReadTimeout) or isinstance(within, ReadTimeoutError)


def _usual_outcome(status: int) -> Outcome:
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes
        return Outcome.OK
    if status == _PAYMENT_REQUIRED:
        return Outcome.BLOCKED
    if status == _UNAVAILABLE:
        return Outcome.UNAVAILABLE
    return Outcome.REJECTED if 400 <= status < 500 else Outcome.FAILED  # noqa: PLR2004 - HTTP's own classes


def _body(mapping: OperationMapping, known: Mapping[str, Any], headers: dict[str, str]) -> Any:
    if mapping.json is not None:
        headers.setdefault("Content-Type", "application/json")
        return json.dumps(render(mapping.json, known)).encode()
    return render(mapping.form, known) if mapping.form is not None else None


def _currency(currency: str) -> dict[str, str]:
    return {"currency": currency.upper(), "currency.lower": currency.lower()}


def _account(account: Account) -> dict[str, Any]:
    extracted = {f"account.{name}": value for name, value in account.values.items()}
    return {"account": account.id, **_currency(account.currency), **extracted}


def _top_up(account: Account, amount: Money, attempt: str, credit_minor: int) -> dict[str, Any]:
    amounts = {"amount.minor": amount.minor, "amount.decimal": amount.decimal}
    amounts["amount.credits"] = amount.minor // credit_minor
    return {"attempt": attempt, **_account(account), **amounts, **_currency(amount.currency)}


def _quote(text: str) -> str:
    return quote(text, safe="")


def _as_money(value: object) -> Money:
    if not isinstance(value, Money):
        raise TypeError(f"{value!r} is no amount")
    return value
