"""Coverage that other tools wrote: the same counts, and nothing that disagrees with itself."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.covered_project import (
    BILLING,
    coverage,
    gated,
    generate_package,
    json_summaries,
    make_covered,
    measured,
    policy_of,
    write_files,
)

from billing_canary.errors import EvidenceError
from billing_canary.module_coverage import ModuleMeasure
from billing_canary.suite.coverage_file import open_coverage
from billing_canary.suite.coverage_measure import Freshness, measure_modules

FORMATS = ("json", "xml", "lcov")
KINDS = {"json": "coverage.py JSON", "xml": "Cobertura XML", "lcov": "LCOV"}
LATE = Freshness(hashes=None, written_ns=2**62)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_covered(tmp_path / "project")


def _report(root: Path, kind: str, *options: str) -> Path:
    measured(root, *options)
    coverage(root, kind, "--rcfile=", "-q", "-o", "report")
    return root / "report"


def _measure(root: Path, file: Path, path: str = "app/billing.py") -> ModuleMeasure:
    module = gated(root, path)
    (found,) = measure_modules(policy_of(root, module), open_coverage(file), LATE, ends=lambda _: True)
    return found


def _counts(found: ModuleMeasure) -> tuple[int, ...]:
    return (found.lines_covered, found.lines_total, found.branches_covered, found.branches_total)


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_tells_the_same_counts(tmp_path: Path, kind: str) -> None:
    root = generate_package(tmp_path, 40)
    measured(root, program="exercise.py")
    coverage(root, kind, "--rcfile=", "-q", "-o", "report")
    source = open_coverage(root / "report")
    assert source.kind == KINDS[kind]
    for path, summary in json_summaries(root).items():
        if path.endswith("__init__.py"):
            continue
        (found,) = measure_modules(policy_of(root, gated(root, path)), source, LATE, ends=lambda _: True)
        expected = ("covered_lines", "num_statements", "covered_branches", "num_branches")
        assert _counts(found) == tuple(summary[key] for key in expected), path


@pytest.mark.parametrize("kind", FORMATS)
def test_gaps_are_named_in_each_format(root: Path, kind: str) -> None:
    found = _measure(root, _report(root, kind))
    assert found.missing_lines == ((6, 6), (9, 9), (13, 14))
    assert found.partial == ((5, 2, 1), (7, 2, 1))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_branch_that_a_pragma_excuses_counts_as_taken(root: Path, kind: str) -> None:
    excused = BILLING.replace("if wallet >= amount:", "if wallet >= amount:  # pragma: no branch")
    write_files(root, {"app/billing.py": excused})
    assert _counts(_measure(root, _report(root, kind))) == (5, 9, 3, 4)


@pytest.mark.parametrize("kind", FORMATS)
def test_data_without_branches_say_so(root: Path, kind: str) -> None:
    found = _measure(root, _report(root, kind, "--source=app"))
    assert (found.problem, found.lines_total) == ("no-branch-data", 9)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_module_that_is_not_reported_is_missing(root: Path, kind: str) -> None:
    file = _report(root, kind)
    write_files(root, {"app/other.py": BILLING})
    assert _measure(root, file, "app/other.py").problem == "missing"


@pytest.mark.parametrize("kind", FORMATS)
def test_a_line_beyond_the_source_is_stale(root: Path, kind: str) -> None:
    file = _report(root, kind)
    write_files(root, {"app/billing.py": "TOTAL = 1\n"})
    assert _measure(root, file).problem == "stale"


@pytest.mark.parametrize("kind", FORMATS)
def test_a_report_that_is_cut_off_never_counts(root: Path, kind: str) -> None:
    file = _report(root, kind)
    whole = file.read_bytes()
    honest = _measure(root, file)
    for length in range(0, len(whole) - 1, max(1, len(whole) // 60)):
        file.write_bytes(whole[:length])
        try:
            found = _measure(root, file)
        except EvidenceError:
            continue
        assert found.problem is not None or found == honest, whole[:length][-200:]


def _edited(entry: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def edit(file: Path) -> None:
        document = json.loads(file.read_text())
        entry(document["files"]["app/billing.py"])
        file.write_text(json.dumps(document))

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        _edited(lambda e: e["summary"].update(covered_lines=9)),
        _edited(lambda e: e["summary"].update(covered_branches=4)),
        _edited(lambda e: e["summary"].update(num_branches=2)),
        _edited(lambda e: e["summary"].update(num_statements=5)),
        _edited(lambda e: e["summary"].update(covered_lines=True)),
        _edited(lambda e: e["summary"].update(missing_lines=-4)),
        _edited(lambda e: e["missing_branches"].clear()),
        _edited(lambda e: e["missing_lines"].clear()),
        _edited(lambda e: e["executed_lines"].append(e["missing_lines"][0])),
        _edited(lambda e: e["executed_lines"].append(e["executed_lines"][0])),
        _edited(lambda e: e["executed_lines"].append("5")),
        _edited(lambda e: e["executed_lines"].append(5.0)),
        _edited(lambda e: e["missing_branches"].append([5])),
        _edited(lambda e: e.pop("missing_branches")),
        _edited(lambda e: e.pop("summary")),
        _edited(lambda e: e.pop("excluded_lines")),
        _edited(lambda e: e.update(summary=[])),
    ],
)
def test_json_that_disagrees_with_itself_is_unreadable(root: Path, edit: Callable[[Path], None]) -> None:
    file = _report(root, "json")
    edit(file)
    assert _measure(root, file).problem == "unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"meta": {}, "files": []}',
        '{"meta": {"branch_coverage": true}, "files": {}, "files": {}}',
        '{"meta": {"x": NaN}, "files": {}}',
        '{"meta": {"x": 1e999}, "files": {}}',
        '{"meta": {"x": ' + "9" * 5_000 + '}, "files": {}}',
        '{"a":' * 20_000,
        '\ufeff{"meta": {}, "files": {}}',
    ],
)
def test_json_that_readers_could_take_differently_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "report").write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError):
        open_coverage(tmp_path / "report")


@pytest.mark.parametrize(
    "data", [b"", b"   ", b"coverage: 100 %", b"\x00" * 100, b"mode: atomic\n", b"SQLite format 3"]
)
def test_what_is_no_coverage_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "data").write_bytes(data)
    with pytest.raises(EvidenceError):
        open_coverage(tmp_path / "data")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", Path("/dev/zero"), tmp_path / "absent"):
        with pytest.raises(EvidenceError):
            open_coverage(path)
