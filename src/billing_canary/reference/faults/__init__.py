"""Named fault switches: each makes the reference service wrong in one documented way."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from billing_canary.errors import wrong_call
from billing_canary.reference.backend.policies import Policies
from billing_canary.reference.faults import operations, quota, wallet, webhooks
from billing_canary.reference.faults.registry import FAULTS, Fault, fault

__all__ = [
    "FAULTS",
    "Fault",
    "catalogue",
    "fault",
    "faulty_policies",
    "operations",
    "quota",
    "wallet",
    "webhooks",
]


def catalogue() -> tuple[Fault, ...]:
    """Every fault, by id."""
    return tuple(sorted(FAULTS.values(), key=lambda known: known.id))


def faulty_policies(ids: Iterable[str]) -> Policies:
    """The healthy policies with the named faults switched on.

    Raises:
        ProjectError: naming every id that is not in the catalogue.
    """
    wanted = tuple(ids)
    unknown = sorted(set(wanted) - FAULTS.keys())
    if unknown:
        known = ", ".join(fault.id for fault in catalogue())
        raise wrong_call("faults", f"not in the catalogue: {', '.join(unknown)}", f"use some of {known}")
    return reduce(lambda policies, fault_id: FAULTS[fault_id].apply(policies), wanted, Policies())
