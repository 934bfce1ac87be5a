"""`gates/risk.toml`: what each risk weighs, which paths mean what, and where the levels start."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from billing_canary.config import Table, read_toml
from billing_canary.errors import Problem, raise_problems
from billing_canary.path_glob import pattern_problem
from billing_canary.project import Project
from billing_canary.risk import (
    Capped,
    RiskLevel,
    RiskPaths,
    RiskPolicy,
    RiskWeights,
    RollbackState,
    Stated,
    TestSignal,
)

RISK_FILE = "gates/risk.toml"

_LEVELS = ("low", "medium", "high", "critical")
_HIGHEST = 100
_MOST_DAYS = 36_500
_MOST_INCIDENTS = 1_000_000

S = TypeVar("S", bound=StrEnum)


def load_risk_policy(project: Project) -> RiskPolicy:
    """The policy of the project's `gates/risk.toml`.

    Raises:
        ProjectError: every wrong, unknown or missing key.
    """
    return read_risk_policy(project.file(RISK_FILE), project.shown(RISK_FILE))


def read_risk_policy(file: Path, shown: str) -> RiskPolicy:
    """The policy in `file`, such as a copy in a bundle; messages name it as `shown`.

    Raises:
        ProjectError: every wrong, unknown or missing key.
    """
    problems: list[Problem] = []
    root = read_toml(file, shown, problems)
    raise_problems(problems)
    blast = root.table("blast_radius", required=True)
    incidents = root.table("incidents", required=True)
    paths = _paths(root.table("paths", required=True))
    policy = RiskPolicy(
        weights=_weights(root.table("weights", required=True)),
        levels=_levels(root.table("levels", required=True)),
        paths=paths,
        tiers=_tiers(root.table("tests", required=True)),
        blast_environments=frozenset(map(str.lower, _names(blast, "environments"))),
        blast_modules=_number(blast, "modules", least=1, most=_HIGHEST),
        incident_days=_number(incidents, "days", least=1, most=_MOST_DAYS),
        stated=_stated(root.table("stated"), paths),
    )
    for table in (blast, incidents, root):
        table.finish()
    raise_problems(problems)
    return policy


def _weights(table: Table) -> RiskWeights:
    weights = RiskWeights(
        environments=_environments(table.table("environment", required=True)),
        migration=_points(table, "migration"),
        billing_logic=_points(table, "billing_logic"),
        modules=_capped(table.table("modules", required=True)),
        rollback=_worsening(table.table("rollback", required=True), RollbackState),
        unresolved=_capped(table.table("unresolved", required=True)),
        past_incidents=_points(table, "past_incidents"),
        tests=_worsening(table.table("tests", required=True), TestSignal),
        high_blast_radius=_points(table, "high_blast_radius"),
        approvals_missing=_points(table, "approvals_missing"),
    )
    table.finish()
    return weights


def _environments(table: Table) -> Mapping[str, int]:
    weights: dict[str, int] = {}
    for name in table.data:
        if name.lower() in weights:
            table.problem(name, "stands there twice but for upper and lower case", "keep one")
        weights[name.lower()] = _points(table, name)
    if not weights:
        table.problem("", "names no environment", "add production = 18")
    return weights


def _capped(table: Table) -> Capped:
    capped = Capped(each=_points(table, "each"), most=_points(table, "most"))
    if capped.most < capped.each:
        table.problem("most", f"is {capped.most}, less than each = {capped.each}", "raise it")
    table.finish()
    return capped


def _worsening(table: Table, states: type[S]) -> Mapping[S, int]:
    """Points by state, where a worse one may not weigh less."""
    weights: dict[S, int] = {}
    before = 0
    for state in states:
        weights[state] = _points(table, state)
        if weights[state] < before:
            fix = "a worse state weighs at least as much as a better one"
            table.problem(state, f"is {weights[state]}, less than the {before} of the state before", fix)
        before = max(before, weights[state])
    table.finish()
    return weights


def _levels(table: Table) -> tuple[RiskLevel, ...]:
    levels = tuple(_level(table.table(name, required=True), name) for name in _LEVELS)
    table.finish()
    if levels[0].start:
        table.problem("low.from", f"is {levels[0].start}", "write 0: each score has a level")
    for before, level in pairwise(levels):
        if level.start <= before.start:
            told = f"is {level.start}, not above the {before.start} of {before.name}"
            table.problem(f"{level.name}.from", told, "let each level start above the one before")
    return levels


def _level(table: Table, name: str) -> RiskLevel:
    level = RiskLevel(name=name, start=_points(table, "from"), advice=table.get("advice", str))
    if not level.advice.strip() and "advice" in table.data:
        table.problem("advice", "is empty", "say in a sentence what to do at this level")
    table.finish()
    return level


def _paths(table: Table) -> RiskPaths:
    modules = table.table("modules", required=True)
    paths = RiskPaths(
        migrations=_patterns(table, "migrations"),
        billing_logic=_patterns(table, "billing_logic"),
        modules={name: _patterns(modules, name) for name in modules.data},
    )
    if not modules.data and "modules" in table.data:
        modules.problem("", "names no module", 'add "Webhooks" = ["src/webhooks/**"]')
    for name in modules.data:
        if not name.strip():
            modules.problem(name, "has no name", "name the module")
    table.finish()
    return paths


def _patterns(table: Table, key: str) -> tuple[str, ...]:
    patterns = _names(table, key)
    for pattern in patterns:
        if wrong := pattern_problem(pattern):
            table.problem(key, f"holds {pattern!r}, which {wrong}", 'write for example "src/billing/**"')
    return patterns


def _tiers(table: Table) -> Mapping[TestSignal, tuple[str, ...]]:
    tiers: dict[TestSignal, tuple[str, ...]] = {}
    for signal in (TestSignal.STRONG, TestSignal.MEDIUM, TestSignal.WEAK):
        tiers[signal] = _tiers_of(table, signal, {name for names in tiers.values() for name in names})
    table.finish()
    return tiers


def _tiers_of(table: Table, signal: TestSignal, taken: set[str]) -> tuple[str, ...]:
    if signal not in table.data:
        table.problem(signal, "is missing", f'add {signal} = ["a tier"], or [] for none')
    names = table.strings(signal)
    for name in names:
        if not name.strip():
            table.problem(signal, "holds an empty text", "remove it")
        elif name in taken:
            table.problem(signal, f"holds {name!r}, which gives a better signal above", "name each tier once")
    return names


def _stated(table: Table, paths: RiskPaths) -> Stated:
    said = Stated(
        migration=_said(table, "migration"),
        billing_logic=_said(table, "billing_logic"),
        modules=_said_modules(table, paths),
        past_incidents=_said_incidents(table),
        high_blast_radius=_said(table, "high_blast_radius"),
    )
    table.finish()
    return said


def _said(table: Table, key: str) -> bool | None:
    value = table.get(key, bool, default=False)
    return value if key in table.data else None


def _said_incidents(table: Table) -> int | None:
    if "past_incidents" in table.data:
        return _number(table, "past_incidents", most=_MOST_INCIDENTS)
    return None


def _said_modules(table: Table, paths: RiskPaths) -> tuple[str, ...] | None:
    named = table.strings("modules")
    for name in named:
        if name not in paths.modules:
            known = ", ".join(paths.modules) or "none"
            table.problem("modules", f"holds {name!r}", f"name modules of [paths.modules]: {known}")
    return named if "modules" in table.data else None


def _names(table: Table, key: str) -> tuple[str, ...]:
    """A required list of texts with something in it."""
    if key not in table.data:
        table.problem(key, "is missing", f'add {key} = ["..."]')
    names = table.strings(key)
    if not names and table.data.get(key) == []:
        table.problem(key, "is empty: the factor would never count", "list at least one, or weigh it 0")
    if any(not name.strip() for name in names):
        table.problem(key, "holds an empty text", "remove it")
    return names


def _points(table: Table, key: str) -> int:
    return _number(table, key)


def _number(table: Table, key: str, *, least: int = 0, most: int = _HIGHEST) -> int:
    number = table.get(key, int)
    if type(table.data.get(key)) is int and not least <= number <= most:
        table.problem(key, f"is {number}", f"write a whole number from {least} to {most}")
    return number
