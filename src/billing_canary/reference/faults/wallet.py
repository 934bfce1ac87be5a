"""Faults of top-ups, currencies and the wallet."""

from __future__ import annotations

import math
from dataclasses import replace

from billing_canary.money import exponent
from billing_canary.reference.backend.policies import LARGEST_AMOUNT, Policies
from billing_canary.reference.faults.registry import fault

_COMPLETION_GAP_S = 0.2
"""Long enough for a retry to come in between, on a busy machine too."""

_FACTOR = 100


def _times_hundred(amount: int, currency: str) -> int:
    return amount if exponent(currency) else amount * _FACTOR


def _by_hundred(amount: int, currency: str) -> int:
    return amount if exponent(currency) else amount // _FACTOR


@fault("F22", "Client retry after timeout charges again", source="gh:akash-network/console#3449")
def attempt_recorded_late(healthy: Policies) -> Policies:
    """An attempt is recorded when it is done, so a retry of a running one starts anew."""
    return replace(healthy, reserves_attempts=False, completion_gap_s=_COMPLETION_GAP_S)


@fault(
    "F23",
    "Idempotency key changes with volatile fields or each retry",
    source="gh:Adyen/adyen-commercetools#1305",
)
def volatile_key(healthy: Policies) -> Policies:
    """The key takes the request id in, which is another one on each retry."""
    return replace(healthy, attempt_key=lambda key, request_id: f"{key}:{request_id}")


@fault("F24", "Same key, other amount accepted", source="inferred from the provider's own rule")
def other_fields_accepted(healthy: Policies) -> Policies:
    """The fields behind a key are not compared."""
    return replace(healthy, compares_attempts=False)


@fault("F25", "Top-up API has no idempotency", source="gh:getlago/lago-api#5870")
def no_idempotency(healthy: Policies) -> Policies:
    """Every request is a new top-up."""
    return replace(healthy, remembers_attempts=False)


@fault(
    "F26",
    "Charge before balance write, then retry loop",
    source="postmortems.app/postmortem/4fc691c5-2853-49c7-8797-a63249067ade",
)
def charge_in_the_loop(healthy: Policies) -> Policies:
    """When the balance cannot be written, the loop charges the card again."""
    return replace(healthy, charges_again_on_failed_write=True)


@fault("F29", "Zero-decimal currency ×100", source="gh:Paymenter/Paymenter#1258")  # noqa: RUF001 - a times sign
def zero_decimal_times_hundred(healthy: Policies) -> Policies:
    """80 JPY are charged as 8000, and booked as 80."""
    return replace(healthy, to_provider=_times_hundred, from_provider=_by_hundred)


@fault("F30", "Zero-decimal ÷100 on the way back", source="gh:Dolibarr/dolibarr#37650")
def zero_decimal_by_hundred(healthy: Policies) -> Policies:
    """500 JPY that were paid come back as 5 and match no top-up."""
    return replace(
        healthy,
        from_provider=_by_hundred,
        accepts_received=lambda requested, received: received == requested,
    )


@fault("F31", "Currency mismatch credited at face value", source="gh:fullstackhero/dotnet-starter-kit#1325")
def currency_not_compared(healthy: Policies) -> Policies:
    """100 of any currency are 100 of the wallet's."""
    return replace(healthy, compares_currency=False)


@fault("F32", "Float or rounding drift", source="gh:jamis/bucketwise#17")
def float_major_units(healthy: Policies) -> Policies:
    """Amounts pass through float major units: 29 becomes 28."""
    return replace(healthy, kept_amount=lambda amount: int(amount / _FACTOR * _FACTOR))


@fault("F33", "Requested amount credited, not captured amount", source="gh:akash-network/console#1864")
def requested_amount(healthy: Policies) -> Policies:
    """A partial capture credits the whole."""
    return replace(
        healthy,
        credited_amount=lambda requested, _received: requested,
        accepts_received=lambda _requested, received: received > 0,
    )


@fault("F34", "Balance and ledger differ", source="gh:akash-network/console#1864")
def credit_without_entry(healthy: Policies) -> Policies:
    """A credit raises the balance and leaves no ledger entry."""
    return replace(healthy, enters_credits=False)


@fault("F35", "Paid, never credited", source="gh:synthetic-sciences/openscience#475")
def paid_not_credited(healthy: Policies) -> Policies:
    """Payments are taken and processed, and the balance stays."""
    return replace(healthy, credits_payments=False)


@fault("F39", "Negative, zero, huge or NaN amount accepted", source="inferred")
def any_amount(healthy: Policies) -> Policies:
    """Whatever comes is bent into some amount that the provider takes."""

    def bent(value: object) -> int:
        number = float(value) if isinstance(value, int | float) else 1.0
        if math.isnan(number):
            return 1
        return int(max(1.0, min(abs(number), float(LARGEST_AMOUNT))))

    return replace(healthy, valid_amount=bent)
