"""`gates/coverage.toml`: which modules are gated, and how much of each must be covered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from billing_canary.config import Table, read_toml
from billing_canary.errors import Problem, raise_problems
from billing_canary.module_coverage import GatedModule
from billing_canary.project import Project
from billing_canary.suite.module_file import file_of_module, file_of_path

COVERAGE_FILE = "gates/coverage.toml"
OVERRIDE_PREFIX = "BILLING_COVERAGE_MIN_"
"""Followed by the role and LINE or BRANCH, e.g. BILLING_COVERAGE_MIN_ROUTERS_LINE."""

_MOST_DIGITS = 12
_CONCURRENCY = ("thread", "greenlet", "gevent", "eventlet", "multiprocessing")
_HOW_TO_WRITE = 'write per cent as text from "0" to "100", e.g. "85" or "84.5"'


@dataclass(frozen=True, kw_only=True)
class CoveragePolicy:
    """The gated modules, their floors as this environment overrides them.

    Attributes:
        root: the project's folder.
        concurrency: libraries that run the measured code, as coverage.py names them.
    """

    root: Path
    modules: tuple[GatedModule, ...]
    concurrency: tuple[str, ...] = ()


def load_coverage_policy(project: Project, environ: Mapping[str, str]) -> CoveragePolicy:
    """The policy of `gates/coverage.toml` with the overrides of `environ` applied.

    A variable that is empty counts as not set, since CI systems set undefined ones to "".

    Raises:
        ProjectError: every wrong, unknown or missing key; a module that does not exist; an override that
            is no percentage, or whose role or kind nothing in the file has.
    """
    problems: list[Problem] = []
    root = read_toml(project.file(COVERAGE_FILE), project.shown(COVERAGE_FILE), problems)
    raise_problems(problems)
    tables = list(_tables(root))
    concurrency = _concurrency(root)
    root.finish()
    modules = tuple(_module(table, project.root, environ) for table in tables)
    _check_once(root, modules)
    problems += _unknown_overrides(environ, {module.role for module in modules})
    raise_problems(problems)
    return CoveragePolicy(root=project.root, modules=modules, concurrency=concurrency)


def override_name(role: str, kind: str) -> str:
    """The variable that overrides the `kind` ("line" or "branch") floor of `role`."""
    return f"{OVERRIDE_PREFIX}{role.upper()}_{kind.upper()}"


def is_percentage(text: str) -> bool:
    """Whether `text` is a plain decimal from 0 to 100."""
    whole, dot, part = text.partition(".")
    plain = whole.isascii() and whole.isdigit() and (not dot or (part.isascii() and part.isdigit()))
    return plain and len(text) <= _MOST_DIGITS and Decimal(text) <= 100  # noqa: PLR2004 - all there is


def _tables(root: Table) -> Iterable[Table]:
    entries = root.get("module", list)
    if not entries and "module" in root.data:
        root.problem("module", "is empty: nothing would be gated", "add one [[module]] for each gated module")
    for number, entry in enumerate(entries):
        path = f"module[{number}]"
        if not isinstance(entry, dict):
            root.problem("module", f"holds {entry!r}", "write each as a table: [[module]]")
            continue
        yield Table(file=root.file, path=path, data=entry, problems=root.problems)


def _concurrency(root: Table) -> tuple[str, ...]:
    named = root.strings("concurrency")
    for name in named:
        if name not in _CONCURRENCY:
            root.problem("concurrency", f"holds {name!r}", f"use {', '.join(_CONCURRENCY)}")
    return named


def _module(table: Table, root: Path, environ: Mapping[str, str]) -> GatedModule:
    role = _role(table)
    shown, file = _source(table, root)
    floors = {kind: _floor(table, kind) for kind in ("line", "branch")}
    branchless = table.get("branchless", bool, default=False)
    max_excluded = _max_excluded(table)
    table.finish()
    used, overrides = _overridden(floors, role, environ, table.problems)
    return GatedModule(
        role=role,
        module=shown,
        file=file,
        line=used["line"],
        branch=used["branch"],
        file_line=floors["line"],
        file_branch=floors["branch"],
        branchless=branchless,
        max_excluded=max_excluded,
        overrides=overrides,
    )


def _role(table: Table) -> str:
    role = table.get("role", str)
    if "role" in table.data and not (role.isascii() and role.isidentifier() and role.islower()):
        table.problem("role", f"is {role!r}", "use lower-case letters, digits and _: variables are named so")
    return role


def _source(table: Table, root: Path) -> tuple[str, str]:
    """How the module is shown, and its file, from `path` or `module`."""
    path, dotted = table.get("path", str, default=""), table.get("module", str, default="")
    if bool(path) == bool(dotted):
        table.problem("path", "one of path and module is needed", 'write path = "app/billing.py"')
        return "", ""
    found = file_of_path(root, path) if path else file_of_module(root, dotted)
    if isinstance(found, str):
        table.problem("path" if path else "module", found, "name the source file exactly; globs do not work")
        return "", ""
    return found


def _floor(table: Table, kind: str) -> str:
    text = table.get(kind, str)
    if isinstance(table.data.get(kind), str) and not is_percentage(text):
        table.problem(kind, f"is {text!r}", _HOW_TO_WRITE)
    return text


def _max_excluded(table: Table) -> int | None:
    if "max_excluded" not in table.data:
        table.get("max_excluded", int, default=0)
        return None
    number = table.get("max_excluded", int)
    if number < 0:
        table.problem("max_excluded", f"is {number}", "write how many lines may be excluded, 0 or more")
    return number


def _overridden(
    floors: Mapping[str, str], role: str, environ: Mapping[str, str], problems: list[Problem]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The floors in use, and a sentence for each that is another than the file's."""
    used, told = dict(floors), []
    for kind, written in floors.items():
        name = override_name(role, kind)
        text = environ.get(name, "").strip()
        if not text:
            continue
        if not is_percentage(text):
            problems.append(Problem(where=name, message=f"is {text[:40]!r}", fix=_HOW_TO_WRITE))
        elif is_percentage(written) and Decimal(text) != Decimal(written):
            used[kind] = text
            change = "raises" if Decimal(text) > Decimal(written) else "LOWERS"
            told.append(f"{name} {change} the {kind} floor from {written} % to {text} %")
    return used, tuple(told)


def _unknown_overrides(environ: Mapping[str, str], roles: set[str]) -> Iterable[Problem]:
    known = {override_name(role, kind) for role in roles for kind in ("line", "branch")}
    for name in sorted(environ):
        if name.startswith(OVERRIDE_PREFIX) and name not in known and environ[name].strip():
            fix = f"unset it, or use one of {', '.join(sorted(known))}"
            yield Problem(where=name, message=f"overrides nothing that {COVERAGE_FILE} has", fix=fix)


def _check_once(root: Table, modules: Iterable[GatedModule]) -> None:
    roles: set[str] = set()
    files: set[str] = set()
    for module in modules:
        if module.role and module.role in roles:
            root.problem(
                "module", f"role {module.role!r} stands there twice", "give each module its own role"
            )
        if module.file and module.file in files:
            root.problem("module", f"{module.module} stands there twice", "keep one entry for each module")
        roles.add(module.role)
        files.add(module.file)
