"""What every part of the backend shares."""

from __future__ import annotations

from dataclasses import dataclass, field

from billing_canary.reference.backend.disruptions import Disruptions
from billing_canary.reference.backend.metrics import Metrics
from billing_canary.reference.backend.policies import Policies
from billing_canary.reference.clock import ServiceClock
from billing_canary.reference.store import Store


@dataclass(frozen=True, kw_only=True)
class Core:
    """One store, one clock and one set of policies for the whole backend."""

    store: Store
    policies: Policies
    clock: ServiceClock
    disruptions: Disruptions = field(default_factory=Disruptions)
    metrics: Metrics = field(default_factory=Metrics)
