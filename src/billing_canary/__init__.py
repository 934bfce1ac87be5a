"""billing-canary: evidence that billing is safe to ship and safe to keep running.

Probe authors import everything they need from here; names are resolved when they are first used,
so that `import billing_canary` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billing_canary.model import Severity as Severity
    from billing_canary.model import Status as Status
    from billing_canary.money import Money as Money
    from billing_canary.probe.context import ProbeContext as ProbeContext
    from billing_canary.probe.registry import Phase as Phase
    from billing_canary.probe.registry import Spends as Spends
    from billing_canary.probe.registry import billing_probe as billing_probe
    from billing_canary.target.operations import Operation as Operation
    from billing_canary.target.operations import Outcome as Outcome
    from billing_canary.target.stripe_provider import ProviderError as ProviderError

__version__ = "0.1.0"

_PUBLIC = {
    "Money": "billing_canary.money",
    "billing_probe": "billing_canary.probe.registry",
    "Operation": "billing_canary.target.operations",
    "Outcome": "billing_canary.target.operations",
    "Phase": "billing_canary.probe.registry",
    "ProbeContext": "billing_canary.probe.context",
    "ProviderError": "billing_canary.target.stripe_provider",
    "Severity": "billing_canary.model",
    "Spends": "billing_canary.probe.registry",
    "Status": "billing_canary.model",
}
__all__ = ["__version__", *_PUBLIC]  # noqa: PLE0604 - the names are strings, spread from the table above


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value
