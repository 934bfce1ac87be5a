"""The catalogue of fault switches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from billing_canary.reference.backend.policies import Policies

Apply = Callable[[Policies], Policies]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way in which billing goes wrong.

    Attributes:
        id: stable identifier, as probes name it in what they reveal.
        title: what is wrong, in a few words.
        source: where it happened or is documented ("gh:owner/repository#number"), or "inferred".
        apply: the healthy policies in, the faulty ones out.
    """

    id: str
    title: str
    source: str
    apply: Apply


FAULTS: dict[str, Fault] = {}
"""Every fault by its id, in the order of the catalogue once all modules are loaded."""


def fault(fault_id: str, title: str, *, source: str) -> Callable[[Apply], Apply]:
    """Register the decorated function as the switch of one fault.

    Raises:
        ValueError: the id is taken.
    """

    def register(apply: Apply) -> Apply:
        if fault_id in FAULTS:
            raise ValueError(f"fault {fault_id} is registered twice")
        FAULTS[fault_id] = Fault(id=fault_id, title=title, source=source, apply=apply)
        return apply

    return register
