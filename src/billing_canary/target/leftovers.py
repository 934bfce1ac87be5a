"""What a run left behind at a target: open accounts, payments that can be cancelled, customers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from billing_canary.errors import RefusedError
from billing_canary.guard.provider_gate import SANDBOX_RULE
from billing_canary.target.backend import Account
from billing_canary.target.operations import Operation
from billing_canary.target.provider_objects import Page, ProviderObject, Sought, seek
from billing_canary.target.target import Target

CANCELLABLE = frozenset(
    {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"}
)
"""Source: https://docs.stripe.com/payments/paymentintents/lifecycle."""

_CLOCKS_DIFFER_S = 3600.0
"""How much earlier than the run's own start its first object may be dated by the provider's clock."""


class Kind(StrEnum):
    """What can be left behind, in the order in which it is removed."""

    PAYMENT = "payment"
    ACCOUNT = "account"
    CUSTOMER = "customer"


Key = tuple[Kind, str]


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """One thing that a run left.

    Attributes:
        detail: what is known of it, for people.
        proved: whether the system that holds it says that it is there and of this run.
        account: how the backend closes it, where it is an account.
    """

    kind: Kind
    id: str
    detail: str = ""
    proved: bool = True
    account: Account | None = field(default=None, repr=False)

    @property
    def key(self) -> Key:
        """What tells it from every other."""
        return self.kind, self.id


@dataclass(frozen=True, kw_only=True)
class Search:
    """What was found, in the order of removal, and sentences about what could not be looked at."""

    found: tuple[Leftover, ...]
    unknown: tuple[str, ...] = ()


def find_leftovers(target: Target, started_at: float | None) -> Search:
    """What backend and provider show of the target's own run.

    Args:
        target: made for the run in question: its `run_id` is the one that is looked for.
        started_at: when that run started, in seconds since the epoch; None when it is not known.

    Raises:
        UnexpectedAnswerError: the backend's answer cannot be believed, as a whole.
        ProviderError: the provider does not answer.
        RefusedError: the guard stopped it, or an object of the run is no test object.
    """
    since = started_at - _CLOCKS_DIFFER_S if started_at is not None else None
    accounts = tuple(_accounts(target))
    if target.provider is None:
        return Search(found=accounts)
    payments = _sought(target, target.provider.payments_page, since)
    customers = _sought(target, target.provider.customers_page, since)
    cancellable = (each for each in payments.objects if each.status in CANCELLABLE)
    found = (*_listed(Kind.PAYMENT, cancellable), *accounts, *_listed(Kind.CUSTOMER, customers.objects))
    return Search(found=found, unknown=(*_unseen("payments", payments), *_unseen("customers", customers)))


def by_journal(target: Target, accounts: Iterable[str]) -> tuple[Leftover, ...]:
    """Accounts that only the run's own journal names as open."""
    currency = target.settings.currency
    return tuple(
        Leftover(
            kind=Kind.ACCOUNT,
            id=account,
            detail="named by the run's journal alone",
            proved=False,
            account=Account(id=account, currency=currency, values={"account": account}),
        )
        for account in accounts
    )


def _accounts(target: Target) -> Iterator[Leftover]:
    if Operation.FIND_ACCOUNTS not in target.settings.operations:
        return
    for account in target.backend.find_accounts(target.run_id):
        yield Leftover(kind=Kind.ACCOUNT, id=account.id, detail="open", account=account)


def _sought(target: Target, page_after: Callable[[str], Page], since: float | None) -> Sought:
    sought = seek(page_after, target.run_id, since)
    for each in sought.objects:
        if not each.is_test:
            reason = f"{each.id} carries the run id and does not say livemode=false"
            raise target.guard.refuse(RefusedError(SANDBOX_RULE, reason, ends_run=True))
    return sought


def _listed(kind: Kind, objects: Iterable[ProviderObject]) -> Iterator[Leftover]:
    for each in objects:
        yield Leftover(kind=kind, id=each.id, detail=each.status)


def _unseen(what: str, sought: Sought) -> Iterator[str]:
    if sought.unseen:
        yield f"the provider's {what}: {sought.unseen}"
