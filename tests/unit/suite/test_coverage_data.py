"""Counts from coverage.py's data files: exact, of the right file, and of the text that was run."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from coverage import CoverageData
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
from billing_canary.gate.coverage import judge_module
from billing_canary.module_coverage import GatedModule, ModuleCoverage, ModuleMeasure
from billing_canary.suite.coverage_file import open_coverage
from billing_canary.suite.coverage_measure import Freshness, measure_modules
from billing_canary.suite.source_hashes import hash_sources, hashes_document, read_hashes

LATE = 2**62


def _measure(
    root: Path, data: Path, *modules: GatedModule, hashes: dict[str, str] | None = None
) -> ModuleMeasure:
    fresh = Freshness(hashes=hashes, written_ns=LATE)
    (found,) = measure_modules(policy_of(root, *modules), open_coverage(data), fresh, ends=lambda _: True)
    return found


def _judged(root: Path, data: Path, **changes: Any) -> ModuleCoverage:
    module = gated(root, **changes)
    return judge_module(module, _measure(root, data, module))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_covered(tmp_path / "project")


def test_counts_equal_those_of_coverage_json_on_every_module(tmp_path: Path) -> None:
    root = generate_package(tmp_path, 200)
    data = measured(root, program="exercise.py")
    summaries = json_summaries(root)
    source = open_coverage(data)
    modules = [
        gated(root, path, role=f"m{n}") for n, path in enumerate(sorted(summaries)) if "__init__" not in path
    ]
    fresh = Freshness(hashes=None, written_ns=LATE)
    measures = list(measure_modules(policy_of(root, *modules), source, fresh, ends=lambda _: False))
    assert len(measures) == 200
    for module, found in zip(modules, measures, strict=True):
        summary = summaries[module.module]
        assert found.problem is None
        assert (found.lines_covered, found.lines_total, found.branches_covered, found.branches_total) == (
            summary["covered_lines"],
            summary["num_statements"],
            summary["covered_branches"],
            summary["num_branches"],
        )
    assert len({(found.lines_covered, found.branches_covered) for found in measures}) > 5


def test_what_is_not_covered_is_named(root: Path) -> None:
    found = _measure(root, measured(root))
    assert (found.lines_covered, found.lines_total) == (5, 9)
    assert (found.branches_covered, found.branches_total) == (2, 4)
    assert found.missing_lines == ((6, 6), (9, 9), (13, 14))
    assert {line for line, _, _ in found.partial} == {line for line, _ in found.missing_branches} == {5, 7}


def test_reading_changes_nothing_on_disk(root: Path) -> None:
    data = measured(root)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    _measure(root, data)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_module_that_nothing_imported_is_missing(root: Path) -> None:
    write_files(root, {"test.py": "import app\n"})
    result = _judged(root, measured(root, "--branch"))
    assert (result.status, result.line.total) == ("missing", 0)
    # With source= coverage.py knows of the file, and nothing of it ran.
    assert _judged(root, measured(root, "--branch", "--source=app")).line.covered == 0


@pytest.mark.parametrize("setting", ["omit = app/billing.py", "include = app/other.py"])
def test_a_module_that_the_target_s_configuration_leaves_out_is_missing(root: Path, setting: str) -> None:
    write_files(root, {"hide.cfg": f"[run]\nbranch = true\n{setting}\n"})
    assert _judged(root, measured(root, "--data-file=.coverage", rcfile="hide.cfg")).status == "missing"


@pytest.mark.parametrize("text", ["[report]\nomit = app/*\n", "[report]\nexclude_also = def \n"])
@pytest.mark.parametrize("name", [".coveragerc", "setup.cfg", "forced.cfg"])
def test_the_target_s_configuration_hides_nothing_when_judged(
    root: Path, monkeypatch: pytest.MonkeyPatch, text: str, name: str
) -> None:
    data = measured(root)
    honest = _measure(root, data)
    write_files(root, {name: text if name != "setup.cfg" else text.replace("[report]", "[coverage:report]")})
    monkeypatch.chdir(root)
    monkeypatch.setenv("COVERAGE_FORCE_CONFIG", str(root / "forced.cfg"))
    monkeypatch.setenv("COVERAGE_RCFILE", str(root / name))
    assert _measure(root, data) == honest
    assert os.environ["COVERAGE_FORCE_CONFIG"]


def test_data_without_branches_say_so(root: Path) -> None:
    result = _judged(root, measured(root, "--source=app"))
    assert (result.status, result.line.status) == ("no-branch-data", "pass")


def test_a_module_without_branches_passes_only_when_the_gate_says_so(root: Path) -> None:
    write_files(root, {"app/billing.py": "TOTAL = 1\n"})
    write_files(root, {"test.py": "import app.billing\n"})
    data = measured(root)
    assert _judged(root, data).status == "no-branches"
    assert _judged(root, data, branchless=True).status == "pass"


def test_an_empty_module_and_one_that_excludes_itself_show_nothing(root: Path) -> None:
    write_files(root, {"app/billing.py": "", "test.py": "import app.billing\n"})
    assert _judged(root, measured(root), branchless=True).status == "no-lines"
    write_files(root, {"app/billing.py": "def hidden():  # pragma: no cover\n    return 1\n"})
    result = _judged(root, measured(root), branchless=True)
    assert (result.status, result.excluded) == ("no-lines", 2)


def test_excluded_lines_are_counted(root: Path) -> None:
    write_files(
        root,
        {"app/billing.py": BILLING.replace("def refund(amount):", "def refund(amount):  # pragma: no cover")},
    )
    data = measured(root)
    result = _judged(root, data)
    assert (result.status, result.excluded) == ("pass", 3)
    assert _judged(root, data, max_excluded=2).status == "excluded"


def test_a_source_that_changed_since_its_hash_is_stale(root: Path) -> None:
    module = gated(root)
    hashes = hash_sources([module])
    data = measured(root)
    assert _measure(root, data, module, hashes=hashes).problem is None
    write_files(root, {"app/billing.py": BILLING.replace("wallet - amount", "wallet  - amount")})
    assert _measure(root, data, module, hashes=hashes).problem == "stale"
    assert _measure(root, data, module, hashes={}).problem == "stale"


def test_recorded_hashes_are_read_back(root: Path) -> None:
    hashes = hash_sources([gated(root)])
    (root / "hashes.json").write_bytes(hashes_document(hashes))
    assert read_hashes(root / "hashes.json") == hashes


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"sha256": {"a": 1}}', '{"sha256": {}, "sha256": {}}', "\xff"]
)
def test_a_file_that_holds_no_hashes_is_refused(root: Path, text: str) -> None:
    (root / "hashes.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(EvidenceError):
        read_hashes(root / "hashes.json")


def test_without_hashes_a_newer_source_is_stale_and_an_older_one_unchecked(root: Path) -> None:
    data = measured(root)
    source, written = open_coverage(data), (root / "app/billing.py").stat().st_mtime_ns
    for at, problem, notes in ((written - 1, "stale", 0), (written, None, 1)):
        fresh = Freshness(hashes=None, written_ns=at)
        (found,) = measure_modules(policy_of(root), source, fresh, ends=lambda _: False)
        assert (found.problem, len(found.notes)) == (problem, notes)


def test_a_line_beyond_the_end_of_the_source_is_stale(root: Path) -> None:
    data = measured(root)
    write_files(root, {"app/billing.py": '"""Short now."""\n'})
    assert "has 1 lines" in _measure(root, data).detail


def test_two_checkouts_combined_are_ambiguous(root: Path, tmp_path: Path) -> None:
    other = make_covered(tmp_path / "other")
    first, second = measured(root), measured(other)
    coverage(root, "combine", "--rcfile=", "--keep", "--data-file=both", str(first), str(second))
    found = _measure(root, root / "both")
    assert found.problem == "ambiguous"
    assert str(other / "app/billing.py") in found.detail


def test_data_of_another_checkout_count_while_the_text_is_the_same(root: Path, tmp_path: Path) -> None:
    other = make_covered(tmp_path / "other")
    data = measured(other)
    assert _measure(root, data).lines_covered == 5
    write_files(other, {"app/billing.py": f"{BILLING}\n"})
    assert _measure(root, data).problem == "stale"


def test_relative_data_count_from_any_working_directory(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(root, {"relative.cfg": "[run]\nbranch = true\nrelative_files = true\nsource = app\n"})
    data = measured(root, "--data-file=.coverage", rcfile="relative.cfg")
    recorded = CoverageData(str(data))
    recorded.read()
    assert recorded.measured_files() == {"app/__init__.py", "app/billing.py"}
    monkeypatch.chdir(tmp_path)
    assert _measure(root, data).lines_covered == 5


@pytest.mark.parametrize(
    "path", ["deep/app/billing.py", "app/billing.py.py", "xapp/billing.py", "billing.py"]
)
def test_a_path_that_only_looks_alike_is_another_file(root: Path, path: str) -> None:
    write_files(
        root,
        {path: BILLING, "test.py": f"exec(compile(open({path!r}).read(), {str(root / path)!r}, 'exec'))"},
    )
    found = _measure(root, measured(root, "--branch", "--include=*"))
    assert found.problem == "missing"


TWO_TESTS = """
import app.billing

def test_a():
    app.billing.charge(1, 2)

def test_b():
    test_a()
    app.billing.charge(1, 2)

test_a()
test_b()
"""


def test_contexts_count_an_arc_once(root: Path) -> None:
    plain = _measure(root, measured(root))
    settings = "[run]\nbranch = true\nsource = app\ndynamic_context = test_function\n"
    write_files(root, {"dynamic.cfg": settings, "test.py": TWO_TESTS})
    assert _measure(root, measured(root, "--data-file=.coverage", rcfile="dynamic.cfg")) == plain


def test_a_module_that_was_only_imported_says_so(root: Path) -> None:
    write_files(root, {"test.py": "import app.billing\n"})
    result = _judged(root, measured(root))
    assert result.status == "below"
    assert any("only have been imported" in note for note in result.notes)


@pytest.mark.parametrize(
    "text", ["def broken(:\n", "\x00\x00", "match = (\n"], ids=["syntax", "nul", "open bracket"]
)
def test_a_source_that_cannot_be_parsed_is_unreadable(root: Path, text: str) -> None:
    data = measured(root)
    write_files(root, {"app/billing.py": text * 20})
    assert _measure(root, data).problem == "unreadable"


def test_a_module_measured_by_a_plugin_is_unreadable(root: Path) -> None:
    data = CoverageData(str(root / "plugin.data"))
    name = str(root / "app/billing.py")
    data.add_arcs({name: [(1, 2)]})
    data.add_file_tracers({name: "some.plugin"})
    data.write()
    data.close()
    assert "some.plugin" in _measure(root, root / "plugin.data").detail


def test_another_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "wallets.sqlite"
    database = sqlite3.connect(file)
    database.execute("CREATE TABLE wallet (id)")
    database.commit()
    database.close()
    before = file.read_bytes()
    with pytest.raises(EvidenceError, match="no coverage data"):
        open_coverage(file)
    assert file.read_bytes() == before


def test_damaged_data_are_no_traceback(root: Path) -> None:
    data = measured(root)
    whole = data.read_bytes()
    for length in (16, 100, 4_096, len(whole) // 2, len(whole) - 100):
        data.write_bytes(whole[:length])
        try:
            found = _measure(root, data)
        except EvidenceError:
            continue
        assert found.problem is not None, length


def test_data_of_another_schema_are_refused(root: Path) -> None:
    data = measured(root)
    database = sqlite3.connect(data)
    database.execute("UPDATE coverage_schema SET version = 999")
    database.commit()
    database.close()
    with pytest.raises(EvidenceError, match="999"):
        open_coverage(data)
