"""The nouns of the risk score: what its policy weighs, and the facts that it weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class RollbackState(StrEnum):
    """How far the way back was tried, best to worst in this order."""

    VERIFIED = "verified"
    PARTIAL = "partial"
    NONE = "none"


class TestSignal(StrEnum):
    """How much the recorded tests of the commit show, best to worst in this order."""

    __test__ = False  # no test class, whatever its name tells pytest

    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Fact(Generic[T_co]):
    """One thing that the score rests on, and where it is from.

    Attributes:
        value: None when it is unknown; then it counts in full.
        source: "derived: ...", "stated: ..." or "unknown: ...", in words.
    """

    value: T_co | None
    source: str


def derived(value: T, words: str) -> Fact[T]:
    """A fact that recorded evidence or the repository shows."""
    return Fact(value=value, source=f"derived: {words}")


def stated(value: T, words: str) -> Fact[T]:
    """A fact that a person or a policy file says."""
    return Fact(value=value, source=f"stated: {words}")


def unknown(words: str) -> Fact[T]:
    """A fact that cannot be told, and why."""
    return Fact(value=None, source=f"unknown: {words}")


@dataclass(frozen=True, kw_only=True)
class RiskFacts:
    """Everything that the score is judged from.

    Attributes:
        environment: where the release goes, such as "production".
        modules: names of the billing modules that it touches.
        unresolved: required checklist items that are not green.
        past_incidents: billing incidents on the surface that it touches.
        high_blast_radius: whether a mistake would reach many.
    """

    environment: Fact[str]
    migration: Fact[bool]
    billing_logic: Fact[bool]
    modules: Fact[tuple[str, ...]]
    rollback: Fact[RollbackState]
    unresolved: Fact[int]
    past_incidents: Fact[int]
    tests: Fact[TestSignal]
    high_blast_radius: Fact[bool]
    approvals_missing: Fact[bool]


@dataclass(frozen=True, kw_only=True)
class Capped:
    """Points for each of something, up to a most."""

    each: int
    most: int


@dataclass(frozen=True, kw_only=True)
class RiskWeights:
    """Points of each factor, 0 to 100.

    Attributes:
        environments: by name in lower case; one that is not named counts as the highest.
    """

    environments: Mapping[str, int]
    migration: int
    billing_logic: int
    modules: Capped
    rollback: Mapping[RollbackState, int]
    unresolved: Capped
    past_incidents: int
    tests: Mapping[TestSignal, int]
    high_blast_radius: int
    approvals_missing: int


@dataclass(frozen=True, kw_only=True)
class RiskLevel:
    """One level: it starts at the score `start` (0 to 100) and ends where the next one starts."""

    name: str
    start: int
    advice: str


@dataclass(frozen=True, kw_only=True)
class RiskPaths:
    """Patterns of paths (`path_glob`), relative to the repository's root.

    Attributes:
        modules: patterns by the name of each billing module.
    """

    migrations: tuple[str, ...]
    billing_logic: tuple[str, ...]
    modules: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What `gates/risk.toml` says because nothing recorded can show it; None where it says nothing.

    A statement answers what is unknown, and it can raise what was derived; it never lowers that.
    """

    migration: bool | None = None
    billing_logic: bool | None = None
    modules: tuple[str, ...] | None = None
    past_incidents: int | None = None
    high_blast_radius: bool | None = None


@dataclass(frozen=True, kw_only=True)
class RiskPolicy:
    """`gates/risk.toml`, checked.

    Attributes:
        levels: low, medium, high, critical, in this order.
        tiers: the tiers of which a green run on the commit gives each signal but `none`.
        blast_environments: where a mistake can have a high blast radius, in lower case.
        blast_modules: how many billing modules, at least, make it high there.
        incident_days: how long an incident counts after it was last heard of.
    """

    weights: RiskWeights
    levels: tuple[RiskLevel, ...]
    paths: RiskPaths
    tiers: Mapping[TestSignal, tuple[str, ...]]
    blast_environments: frozenset[str]
    blast_modules: int
    incident_days: int
    stated: Stated = field(default_factory=Stated)
