"""One item of `gates/release.toml`: what each kind asks for, checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from billing_canary.config import Table
from billing_canary.errors import Problem, noting
from billing_canary.project import Project
from billing_canary.release import ItemKind, ReleaseItem
from billing_canary.suite.tier_file import load_tier, tier_names
from billing_canary.tier import Tier

Settings = dict[str, object]

PLAN_STATES = ("verified", "partial", "none")
"""What a rollback plan can be attested as."""

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}", re.ASCII)
_MODES = ("mock", "staging")
_MOST_HOURS = 8_760
_MOST_DAYS = 3_650
_DEFECT_FORMATS = (".json", ".csv")


class Tiers:
    """The tiers of a project, each loaded once and only when an item names it."""

    def __init__(self, project: Project, problems: list[Problem]) -> None:
        self._project = project
        self._problems = problems
        self._loaded: dict[str, Tier | None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Every tier that could be named."""
        return tier_names(self._project)

    def __getitem__(self, name: str) -> Tier | None:
        """The tier; None when its file is wrong, which is noted."""
        if name not in self._loaded:
            self._loaded[name] = None
            with noting(self._problems):
                self._loaded[name] = load_tier(self._project, name)
        return self._loaded[name]


def read_item(table: Table, tiers: Tiers) -> ReleaseItem:
    """The item in `table`; what is wrong with it is noted there."""
    name, title = table.get("id", str), table.get("title", str)
    if name and not _ID.fullmatch(name):
        table.problem("id", f"is {name!r}", "use small letters, digits, '-' and '_'")
    if "title" in table.data and not title.strip():
        table.problem("title", "is empty", "say in a few words what must be so")
    kind = table.one_of("kind", tuple(ItemKind))
    required = table.get("required", bool, default=True)
    settings = _SETTINGS[ItemKind(kind)](table, tiers) if kind in set(ItemKind) else None
    if settings is not None:
        table.finish()
    return ReleaseItem(
        id=name,
        title=title,
        kind=ItemKind(kind) if settings is not None else ItemKind.TIER,
        required=required,
        settings=settings or {},
        place=f"{table.file}: {table.path}",
    )


def _tier_item(table: Table, tiers: Tiers) -> Settings:
    name, _ = _tier(table, tiers)
    return {"tier": name, "max_age_h": _hours(table)}


def _probe_item(table: Table, _: Tiers) -> Settings:
    mode = table.one_of("mode", _MODES)
    return {"mode": mode, "target": table.get("target", str, ""), "max_age_h": _hours(table)}


def _suites_item(table: Table, tiers: Tiers) -> Settings:
    name, tier = _tier(table, tiers)
    suites = _some(table, "suites")
    known = [suite.name for suite in tier.suites] if tier is not None else list(suites)
    for suite in suites:
        if suite not in known:
            table.problem("suites", f"{suite!r} is none of tier {name}", f"use {', '.join(known)}")
    return {"tier": name, "suites": suites, "max_age_h": _hours(table)}


def _coverage_item(table: Table, tiers: Tiers) -> Settings:
    name, tier = _tier(table, tiers)
    if tier is not None and not tier.coverage_gate:
        fix = f"set coverage_gate = true in suites/{name}.toml, or name another tier"
        table.problem("tier", f"tier {name} has no coverage gate", fix)
    return {"tier": name, "max_age_h": _hours(table)}


def _no_settings(_table: Table, _tiers: Tiers) -> Settings:
    return {}


def _defects_item(table: Table, _: Tiers) -> Settings:
    file = table.get("file", str, "")
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts or "\\" in file or not file.isprintable():
        table.problem("file", f"{file!r} leads out of the project", "write a path below the project's root")
    elif file and path.suffix not in _DEFECT_FORMATS:
        table.problem("file", f"{file!r} is neither JSON nor CSV", "end it with .json or .csv")
    return {"file": file}


def _sign_off_item(table: Table, _: Tiers) -> Settings:
    return {"roles": _some(table, "roles") if "roles" in table.data else ()}


def _plan_item(table: Table, _: Tiers) -> Settings:
    states = _some(table, "states")
    for state in states:
        if state not in PLAN_STATES:
            table.problem("states", f"holds {state!r}", f"use {', '.join(PLAN_STATES)}")
    return {"states": states, "max_age_days": _whole(table, "max_age_days", _MOST_DAYS)}


def _approvals_item(table: Table, _: Tiers) -> Settings:
    return {"roles": _some(table, "roles")}


_SETTINGS: Mapping[ItemKind, Callable[[Table, Tiers], Settings]] = {
    ItemKind.TIER: _tier_item,
    ItemKind.PROBE: _probe_item,
    ItemKind.SUITES: _suites_item,
    ItemKind.COVERAGE: _coverage_item,
    ItemKind.ARTIFACTS: _no_settings,
    ItemKind.DEFECTS: _defects_item,
    ItemKind.RISKS: _no_settings,
    ItemKind.SIGN_OFF: _sign_off_item,
    ItemKind.ROLLBACK_PLAN: _plan_item,
    ItemKind.APPROVALS: _approvals_item,
}


def _tier(table: Table, tiers: Tiers) -> tuple[str, Tier | None]:
    name = table.one_of("tier", tiers.names)
    tier = tiers[name] if name in tiers.names else None
    if tier is not None and tier.checks_harness:
        message = f"tier {name} checks the harness and says nothing about billing"
        table.problem("tier", message, "name a tier whose suites test billing")
    return name, tier


def _hours(table: Table) -> int:
    return _whole(table, "max_age_h", _MOST_HOURS)


def _whole(table: Table, key: str, most: int) -> int:
    value = table.get(key, int)
    if type(table.data.get(key)) is int and not 0 < value <= most:
        table.problem(key, f"is {value}", f"write 1 to {most}")
    return value


def _some(table: Table, key: str) -> tuple[str, ...]:
    """A list with at least one text, none of them empty or there twice."""
    if key not in table.data:
        table.get(key, list)
        return ()
    values = table.strings(key)
    if table.data[key] == [] or any(not value.strip() for value in values):
        table.problem(key, f"is {table.data[key]!r}", "name at least one, none of them empty")
    if len(set(values)) < len(values):
        table.problem(key, "names one twice", "name each once")
    return values
