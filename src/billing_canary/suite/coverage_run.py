"""Measuring the coverage of a tier's suites: into data files of this run alone, with our own configuration.

Only gated modules are measured, so that the suites stay quick and no other copy of a module gets in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from billing_canary.errors import EvidenceError
from billing_canary.module_coverage import CoverageStatus, ModuleMeasure
from billing_canary.suite.command import Call
from billing_canary.suite.coverage_measure import Freshness, measure_modules
from billing_canary.suite.coverage_policy import CoveragePolicy
from billing_canary.suite.source_hashes import SourceHashes, hash_sources
from billing_canary.tier import Suite

if TYPE_CHECKING:
    from coverage import CoverageData

_PYTHON = re.compile(r"(python|pypy)[0-9.]*(\.exe)?")
_TAKES_A_VALUE = frozenset({"-X", "-W", "--check-hash-based-pycs"})
"""Options of the interpreter whose value is the next word."""


class CoverageRun:
    """The measurement of one run; made before its first suite.

    Attributes:
        hashes: sha256 of each gated source as it was then.
    """

    def __init__(self, policy: CoveragePolicy, work: Path) -> None:
        """Hash the sources and prepare `work`, a folder that must not exist yet.

        Raises:
            EvidenceError: a source cannot be read, or the folder exists or cannot be made.
        """
        self._policy = policy
        self._work = work
        self._started = 0
        self.hashes: SourceHashes = hash_sources(policy.modules)
        try:
            work.mkdir(parents=True)
        except OSError as error:
            raise EvidenceError(f"{work} cannot be made: {error.strerror}") from error

    def cover(self, suite: Suite, call: Call) -> Call:
        """`call` so that what it runs is measured: a `Cover` for `suite.command.prepare`.

        `python -m ...` is run by `coverage run`; of any other command, the Python processes that it starts
        are measured where coverage.py is installed for them (7.13 and newer).
        """
        self._started += 1
        folder = self._work / f"{self._started}.{suite.name}"
        folder.mkdir()
        configuration = folder / "coveragerc"
        configuration.write_text(self._configuration(folder / "data"), encoding="utf-8")
        inherited = {name: value for name, value in call.env.items() if not name.startswith("COVERAGE_")}
        # What the caller's environment sets would otherwise win over the configuration.
        env = {**inherited, "COVERAGE_FILE": str(folder / "data"), "COVERAGE_FORCE_CONFIG": ""}
        at = _module_option(call.argv)
        if at is None:
            return Call(argv=call.argv, env={**env, "COVERAGE_PROCESS_START": str(configuration)})
        run = ("-m", "coverage", "run", f"--rcfile={configuration}")
        return Call(argv=(*call.argv[:at], *run, *call.argv[at:]), env=env)

    def combine(self, target: Path) -> Path:
        """All data of the run as one file at `target`, with paths that are the same on every machine.

        Raises:
            EvidenceError: `target` exists, or a data file cannot be read.
        """
        return combine_data(self._policy, sorted(self._work.glob("*/data*")), target)

    def measure(self, data_file: Path) -> tuple[ModuleMeasure, ...]:
        """What `data_file`, made by `combine`, shows about each gated module; never raises."""
        return measure(self._policy, data_file, self.hashes)

    def _configuration(self, data_file: Path) -> str:
        include = "\n".join(f"    {_pattern(module.file)}" for module in self._policy.modules)
        concurrency = "".join(f"\n    {name}" for name in self._policy.concurrency)
        threads = f"concurrency ={concurrency}\n" if concurrency else ""
        return (
            f"[run]\nbranch = true\nparallel = true\ndata_file = {_plain(str(data_file))}\n"
            # Processes that the suite starts, and those that end by os._exit, as workers of xdist do.
            f"patch =\n    subprocess\n    _exit\n{threads}include =\n{include}\n"
            # A gated module that was never imported has its own verdict.
            "disable_warnings =\n    no-data-collected\n    module-not-imported\n"
        )


def measure(policy: CoveragePolicy, data_file: Path, hashes: SourceHashes) -> tuple[ModuleMeasure, ...]:
    """What `data_file` shows about each gated module of `policy`, the ends of missing branches included.

    Never raises for data that cannot be read: each module is then `unreadable`, with the reason.
    """
    from billing_canary.suite.coverage_file import open_coverage  # noqa: PLC0415 - loads coverage.py

    fresh = Freshness(hashes=hashes, written_ns=0)
    try:
        return tuple(measure_modules(policy, open_coverage(data_file), fresh, ends=lambda _: True))
    except EvidenceError as error:
        lost = ModuleMeasure(problem=CoverageStatus.UNREADABLE, detail=str(error))
        return tuple(lost for _ in policy.modules)


def combine_data(policy: CoveragePolicy, files: list[Path], target: Path) -> Path:
    """The data of `files`, suites or shards, as one file at `target`; they stay as they are.

    Gated modules get the name that the gate shows, so that shards of several machines fit together. With
    no file at all, `target` says that nothing was measured.

    Raises:
        EvidenceError: `target` exists, a file cannot be read, or some have branches and some have not.
    """
    from coverage import CoverageData  # noqa: PLC0415 - loads coverage.py
    from coverage.exceptions import CoverageException  # noqa: PLC0415 - the same

    if target.exists():
        raise EvidenceError(f"{target} exists already; data of another run could be taken for this one's")
    shown = {module.file: module.module for module in policy.modules}
    combined = CoverageData(str(target))
    combined.add_arcs({})
    for file in files:
        try:
            data = CoverageData(str(file))
            data.read()
            _add(combined, data, shown)
        except CoverageException as error:
            raise EvidenceError(f"{file} cannot be combined: {error}") from error
    combined.write()
    combined.close()
    return target


def _add(combined: CoverageData, data: CoverageData, shown: dict[str, str]) -> None:
    for name in data.measured_files():
        known = shown.get(name, name)
        if data.has_arcs():
            combined.add_arcs({known: data.arcs(name) or []})
        else:
            combined.add_lines({known: data.lines(name) or []})
        combined.touch_file(known)


def _module_option(argv: tuple[str, ...]) -> int | None:
    """Where `-m` stands in `python ... -m pytest ...`; None for any other command."""
    if not argv or not _PYTHON.fullmatch(Path(argv[0]).name):
        return None
    words = _interpreter_options(argv)
    return next((at for at in words if argv[at] == "-m"), None)


def _interpreter_options(argv: tuple[str, ...]) -> Iterator[int]:
    at = 1
    while at < len(argv) and argv[at].startswith("-"):
        yield at
        at += 2 if argv[at] in _TAKES_A_VALUE else 1


def _pattern(path: str) -> str:
    """`path` as a pattern; where a character has a meaning there, any one character will do."""
    return re.sub(r"[*?\[\]{}$%#;,\s]", "?", path)


def _plain(path: str) -> str:
    """`path` for a configuration file, where $ begins a variable."""
    return path.replace("$", "$$")
