"""Faults of deployment."""

from __future__ import annotations

from dataclasses import replace

from billing_canary.reference.backend.policies import Policies
from billing_canary.reference.faults.registry import fault


@fault("F85", "Old process serves old code", source="gh:arniesaha/agentweave#252")
def previous_release(healthy: Policies) -> Policies:
    """The previous release still runs: another build id, and no gating yet."""
    return replace(healthy, build_id=lambda build_id: f"{build_id}-previous", gates_usage=False)
