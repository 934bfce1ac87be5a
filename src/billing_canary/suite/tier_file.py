"""Reading suites/*.toml: which suites a tier runs. Every problem of every file at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from billing_canary.config import Table, read_toml
from billing_canary.errors import Problem, raise_problems, wrong_call
from billing_canary.project import Project
from billing_canary.suite.suite_table import read_suite, title_of
from billing_canary.tier import Suite, SuiteReason, Tier

_FOLDER = "suites"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}", re.ASCII)


def tier_names(project: Project) -> tuple[str, ...]:
    """The tiers of `project`: the names of its files suites/*.toml."""
    return tuple(sorted(file.stem for file in (project.root / _FOLDER).glob("*.toml")))


def load_tier(project: Project, name: str) -> Tier:
    """The tier called `name`, with the suites of those that it extends first.

    Raises:
        ProjectError: there is no such tier, or a file is wrong; carries every problem.
    """
    if name not in tier_names(project):
        raise _unknown(project, name)
    problems: list[Problem] = []
    files = list(_chain(project, name, problems))
    suites = [suite for file in reversed(files) for suite in _suites(project, file, problems)]
    problems.extend(_clashes(files[0].file, suites))
    own = files[0]
    tier = Tier(
        name=name,
        title=title_of(own),
        suites=tuple(suites),
        coverage_gate=any(file.get("coverage_gate", bool, False) for file in files),
        checks_harness=own.get("checks_harness", bool, False),
    )
    for file in files:
        _note_known_keys(file)
        file.finish()
    problems.extend(_wrong_expectations(own.file, tier))
    raise_problems(list(dict.fromkeys(problems)))  # a key that is read twice complains twice
    return tier


def _unknown(project: Project, name: str) -> Exception:
    from difflib import get_close_matches  # noqa: PLC0415 - for this error alone

    known = tier_names(project)
    close = get_close_matches(name, known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    there = (
        f"use one of {', '.join(known)}" if known else f"describe it in {project.shown(_FOLDER)}/NAME.toml"
    )
    return wrong_call("TIER", f"no tier {name[:60]!r} in {project.shown(_FOLDER)}", f"{there}{hint}")


def _chain(project: Project, name: str, problems: list[Problem]) -> Iterator[Table]:
    """The file of `name`, then the one that it extends, and so on."""
    seen: list[str] = []
    while name:
        relative = f"{_FOLDER}/{name}.toml"
        table = read_toml(project.file(relative), project.shown(relative), problems)
        yield table
        seen.append(name)
        name = table.get("extends", str, "")
        if name in seen:
            table.problem(
                "extends", f"leads in a circle: {' -> '.join([*seen, name])}", "extend another tier"
            )
            return
        if name and (not _NAME.fullmatch(name) or name not in tier_names(project)):
            table.problem(
                "extends", f"names no tier: {name!r}", f"use one of {', '.join(tier_names(project))}"
            )
            return


def _suites(project: Project, file: Table, problems: list[Problem]) -> Iterator[Suite]:
    entries = file.get("suite", list, [])
    if not entries and not file.get("extends", str, ""):
        file.problem("suite", "is missing: a tier without a suite shows nothing", "add a [[suite]]")
    for number, entry in enumerate(entries):
        path = f"suite[{number}]"
        if not isinstance(entry, dict):
            file.problem(path, f"must be a table, not {entry!r}", "write [[suite]]")
            continue
        yield read_suite(Table(file=file.file, path=path, data=entry, problems=problems), project)


def _clashes(file: str, suites: list[Suite]) -> Iterator[Problem]:
    """Names that stand for two suites, and JUnit files that two suites would write."""
    names = [suite.name for suite in suites if suite.name]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(where=file, key=name, message="names two suites of this tier", fix="rename one of them")
    paths = [_place(suite) for suite in suites if suite.junit]
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        message = f"{path} is the JUnit file of two suites: one would pass for the other"
        yield Problem(where=file, key="junit", message=message, fix="give each suite a file of its own")


def _place(suite: Suite) -> str:
    return str(PurePosixPath(suite.cwd) / suite.junit)


def _note_known_keys(file: Table) -> None:
    """Every key that any tier file may have; `finish` then complains of the others."""
    file.get("title", str)
    file.get("extends", str, "")
    file.get("coverage_gate", bool, False)
    file.get("checks_harness", bool, False)
    file.get("suite", list, [])


def _wrong_expectations(file: str, tier: Tier) -> Iterator[Problem]:
    for suite in tier.suites:
        if suite.expects is not SuiteReason.PASSED and not tier.checks_harness:
            message = f"{suite.name} expects {suite.expects!s}: no release rests on a suite that fails"
            fix = "remove it; only a tier with checks_harness = true may expect something else"
            yield Problem(where=file, key="expects", message=message, fix=fix)
