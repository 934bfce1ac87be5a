"""Reading one [[suite]] of a tier file."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from billing_canary.config import Table
from billing_canary.project import Project
from billing_canary.tier import Suite, SuiteReason

JUNIT_PLACE = "{junit}"
"""In a command: the path at which the suite must write its JUnit file."""

PYTHON_PLACE = "{python}"
"""In a command: the interpreter that runs this program."""

_PYTEST = frozenset({"pytest", "py.test"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LONGEST_TIMEOUT_S = 86_400.0
_USUAL_TIMEOUT_S = 600.0


def is_pytest(command: tuple[str, ...]) -> bool:
    """Whether `command` is a call of pytest, also through another program such as `uv run`."""
    return any(PurePosixPath(word).name in _PYTEST for word in command)


def title_of(table: Table) -> str:
    """What a person reads instead of the name."""
    title = table.get("title", str)
    if not title.strip() and "title" in table.data:
        table.problem("title", "is empty", "say in a few words what it shows")
    return title


def read_suite(table: Table, project: Project) -> Suite:
    """The suite in `table`; what is wrong with it is noted there."""
    command = _command(table)
    junit = _inside(table, "junit", table.get("junit", str, ""))
    _check_junit(table, command, junit)
    suite = Suite(
        name=_name(table),
        title=title_of(table),
        command=command,
        cwd=_folder(table, project),
        environment=_environment(table),
        timeout_s=_number(table, "timeout_s", _USUAL_TIMEOUT_S, most=_LONGEST_TIMEOUT_S),
        weight=_number(table, "weight", 1.0, most=_LONGEST_TIMEOUT_S),
        junit=junit,
        adds_junit=not junit and is_pytest(command) and not _mentions_place(command),
        coverage=_coverage(table, command),
        min_tests=_min_tests(table),
        artifacts=tuple(_inside(table, "artifacts", path) for path in table.strings("artifacts")),
        expects=_expects(table),
    )
    table.finish()
    return suite


def _name(table: Table) -> str:
    name = table.get("name", str)
    if name and not _NAME.fullmatch(name):
        table.problem("name", f"is {name!r}", "use small letters, digits, '-' and '_'; it names files")
    return name


def _command(table: Table) -> tuple[str, ...]:
    if "command" not in table.data:
        table.get("command", list)
        return ()
    command = table.strings("command")
    if not command or not command[0]:
        table.problem("command", "is empty", 'write ["{python}", "-m", "pytest", "tests/billing"]')
    return command


def _check_junit(table: Table, command: tuple[str, ...], junit: str) -> None:
    """A suite whose tests nobody can count could pass without having run one."""
    if junit and _mentions_place(command):
        table.problem("junit", "and {junit} in the command exclude each other", "keep one of them")
    if junit or not command or _mentions_place(command):
        return
    if not is_pytest(command):
        fix = "put {junit} into the command where the path of the report stands, or name the file it writes"
        table.problem("junit", "is missing: only pytest gets the option by itself", fix)
    elif any(word.startswith(("--junitxml", "--junit-xml")) for word in command):
        fix = "remove it: the option is added; or name the file with junit = '...'"
        table.problem("command", "writes a JUnit file of its own", fix)


def _mentions_place(command: tuple[str, ...]) -> bool:
    return any(JUNIT_PLACE in word for word in command)


def _inside(table: Table, key: str, path: str) -> str:
    parts = PurePosixPath(path).parts
    if path and (path.startswith("/") or ".." in parts or "\\" in path or not path.isprintable()):
        table.problem(key, f"{path!r} leads out of the suite's folder", "write a path below cwd, with '/'")
    return path


def _folder(table: Table, project: Project) -> str:
    cwd = _inside(table, "cwd", table.get("cwd", str, "."))
    if not (project.root / cwd).is_dir():
        table.problem("cwd", f"{cwd!r} is no folder of the project", "name a folder below the project's root")
    return cwd


def _environment(table: Table) -> dict[str, str]:
    inner = table.table("environment")
    for name, value in inner.data.items():
        inner.get(name, str)
        if not _VARIABLE.fullmatch(name) or "\0" in str(value):
            inner.problem(name, "cannot be a variable of the environment", "use letters, digits and '_'")
    return {name: str(value) for name, value in inner.data.items()}


def _number(table: Table, key: str, default: float, *, most: float) -> float:
    value = table.data.get(key, default)
    if type(value) is int:
        table.get(key, int)
    else:
        value = table.get(key, float, default)
    if not 0 < value <= most:
        table.problem(key, f"is {value!r}", f"write seconds, more than 0 and at most {most:g}")
    return float(value)


def _coverage(table: Table, command: tuple[str, ...]) -> bool:
    wanted = table.get("coverage", bool, False)
    if wanted and not is_pytest(command):
        table.problem("coverage", "is for pytest suites", "remove it, or run pytest")
    return wanted


def _min_tests(table: Table) -> int:
    least = table.get("min_tests", int, 1)
    if least < 1:
        table.problem("min_tests", f"is {least}", "write 1 or more: a suite without a test shows nothing")
    return least


def _expects(table: Table) -> SuiteReason:
    word = table.one_of("expects", tuple(SuiteReason), SuiteReason.PASSED)
    return SuiteReason(word) if word in set(SuiteReason) else SuiteReason.PASSED
