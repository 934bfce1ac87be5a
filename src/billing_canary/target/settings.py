"""What one target of `targets.toml` says: addresses, secrets, amounts, patience, and its backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from billing_canary.model import NotApplicable
from billing_canary.money import Money
from billing_canary.target.extract import Extraction
from billing_canary.target.operations import Operation, Outcome


@dataclass(frozen=True, kw_only=True)
class OperationMapping:
    """How one operation is sent to this backend, and how its answer is read."""

    method: str
    path: str
    headers: Mapping[str, str]
    json: Any
    form: Mapping[str, Any] | None
    outcomes: Mapping[int, Outcome]
    extract: Mapping[str, Extraction]


@dataclass(frozen=True, kw_only=True)
class PaidEvent:
    """Which provider event, with which body, means "paid" for this backend."""

    type: str
    body: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class BackendMapping:
    """A backend described by data alone. `credit_minor`: minor units that one of its credits is worth."""

    operations: Mapping[Operation, OperationMapping]
    paid_event: PaidEvent | None
    credit_minor: int = 1


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait, in seconds.

    Attributes:
        eventually: for what must come true.
        holds: how long what must stay true is watched.
        poll: between two looks.
        probe: for one whole probe.
        answer: for one HTTP answer.
    """

    eventually: float = 30.0
    holds: float = 5.0
    poll: float = 0.5
    probe: float = 120.0
    answer: float = 20.0


@dataclass(frozen=True, kw_only=True)
class ProviderSettings:
    """Address and secret key of the payment provider. The key is never shown.

    Attributes:
        attach_card_first: a payment gets its card by a call of its own before it is confirmed, for servers
            that take none at the confirmation.
    """

    base_url: str
    api_key: str = field(repr=False)
    attach_card_first: bool = False


@dataclass(frozen=True, kw_only=True)
class TargetSettings:
    """One resolved target.

    Attributes:
        secrets: values by name, for templates; also what the redactor must mask.
        amounts: the smallest sensible top-up by currency.
        unit_price: minor units that one unit of use costs.
        test_cards: payment methods by role, "accepted" and "declined".
        connectivity: URLs of which one must answer before a silent target is called a failed one.
        not_applicable: excuses for skipped probes, by probe id or glob.
        variables: values by the name of the environment variable that each was read from.
    """

    name: str
    base_url: str
    backend: BackendMapping
    secrets: Mapping[str, str] = field(repr=False)
    provider: ProviderSettings | None
    webhook_secret: str | None = field(repr=False)
    currency: str
    amounts: Mapping[str, Money]
    unit_price: int
    expected_build: str | None
    patience: Patience
    test_cards: Mapping[str, str]
    connectivity: tuple[str, ...] = ()
    not_applicable: Mapping[str, NotApplicable] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def operations(self) -> frozenset[Operation]:
        """What this target can be asked."""
        found = set(self.backend.operations)
        if self.provider is not None:
            found.add(Operation.PAY)
        if self.webhook_secret is not None and self.backend.paid_event is not None:
            found.add(Operation.PAID_EVENT)
        return frozenset(found)

    @property
    def all_secrets(self) -> tuple[str, ...]:
        """Every secret value of this target."""
        own = (self.webhook_secret, self.provider.api_key if self.provider else None)
        return tuple(value for value in (*self.secrets.values(), *own) if value)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every URL below which a run sends requests."""
        own = (self.base_url, self.provider.base_url if self.provider else "", *self.connectivity)
        return tuple(dict.fromkeys(url for url in own if url))
