from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.history import look_back
from billing_canary.artifact.listing import RunRow, find_runs, list_runs
from billing_canary.artifact.regular_file import read_bytes
from billing_canary.artifact.run_id import new_run_id, start_in
from billing_canary.errors import EvidenceError, ProjectError
from billing_canary.model import Status, Verdict
from billing_canary.redact import Redactor

Record = Callable[..., Path]
NOON = 1_795_262_400.0


def at(report: CanaryReport, minute: int, run_id: str | None = None, **changes: object) -> CanaryReport:
    """The same report of a run that started at 10:`minute`."""
    run_id = run_id or f"20261121T10{minute:02}16.123Z-4f2a"
    started = f"2026-11-21T10:{minute:02}:16.123Z"
    changed = replace(report.run, run_id=run_id, started_at=started, **changes)  # type: ignore[arg-type]  # the test names fields
    return replace(report, run=changed)


def ids(rows: Iterator[RunRow]) -> list[str]:
    return [row.run_id for row in rows]


def test_a_generated_run_id_sorts_by_time_and_is_no_card_number() -> None:
    generated = [new_run_id(NOON + second, "4f2a") for second in (0, 0.001, 1, 3600, 86_400)]

    assert generated[0] == "20261121T120000.000Z-4f2a"
    assert generated == sorted(generated)
    assert [Redactor()(run_id) for run_id in generated] == generated
    assert start_in(generated[0]) == "20261121T120000"
    assert start_in("my-run") is None


def test_the_newest_run_comes_first(tmp_path: Path, record: Record, green: CanaryReport) -> None:
    for minute in (2, 9, 5):
        record(at(green, minute))

    assert [run_id[9:13] for run_id in ids(list_runs(tmp_path))] == ["1009", "1005", "1002"]


def test_a_name_without_a_time_is_ordered_by_its_start(
    tmp_path: Path, record: Record, green: CanaryReport
) -> None:
    record(at(green, 2))
    record(at(green, 5, "release-7"))
    record(at(green, 9))

    assert ids(list_runs(tmp_path))[1] == "release-7"


def test_file_times_do_not_matter(tmp_path: Path, record: Record, green: CanaryReport) -> None:
    old = record(at(green, 2))
    record(at(green, 5))
    os.utime(old, (4e9, 4e9))

    assert ids(list_runs(tmp_path))[-1] == old.name


def test_a_row_says_what_became_of_the_run(tmp_path: Path, record: Record, report: CanaryReport) -> None:
    record(report)

    row = next(list_runs(tmp_path))

    assert (row.status, row.mode, row.started_at) == ("fail", "staging", "2026-11-21T10:37:16.123Z")
    assert row.reason == "webhooks.replay failed: copied"


def test_an_interrupted_run_is_listed_with_its_reason(
    tmp_path: Path, claim: Callable[..., BundleWriter]
) -> None:
    claim().interrupt("SIGTERM")

    row = next(list_runs(tmp_path))

    assert (row.status, row.reason, row.severity) == ("interrupted", "SIGTERM", Status.INCONCLUSIVE)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"overall_status": "pass", "overall_status": "fail"}'])
def test_a_damaged_run_does_not_hide_the_others(
    tmp_path: Path, record: Record, green: CanaryReport, content: str
) -> None:
    (record(at(green, 2)) / "billing-canary-report.json").write_text(content)
    record(at(green, 5))

    assert [row.status for row in list_runs(tmp_path)] == ["pass", "damaged"]


def test_no_folder_is_no_run(tmp_path: Path) -> None:
    assert list(list_runs(tmp_path / "artifacts")) == []


def test_files_and_links_beside_the_runs_are_passed_over(tmp_path: Path, bundle: Path) -> None:
    bundle.with_name("notes.txt").write_text("x")
    bundle.with_name("latest").symlink_to(bundle)

    assert ids(list_runs(tmp_path)) == [bundle.name]


def test_a_file_instead_of_a_folder_of_runs_is_named(tmp_path: Path) -> None:
    (tmp_path / "billing-canary").write_text("x")

    with pytest.raises(EvidenceError, match="billing-canary cannot be listed: Not a directory"):
        list(list_runs(tmp_path))


def test_only_what_is_shown_is_read(
    tmp_path: Path, record: Record, green: CanaryReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in range(10):
        record(at(green, minute))
    reads = []

    def counting(folder: Path, path: str, limit: int) -> bytes:
        reads.append(folder.name)
        return read_bytes(folder, path, limit)

    monkeypatch.setattr("billing_canary.artifact.run_row.read_bytes", counting)
    shown = list(islice(list_runs(tmp_path), 3))

    assert reads == [row.run_id for row in shown]


def test_a_run_is_found_by_its_id(tmp_path: Path, bundle: Path) -> None:
    assert find_runs(tmp_path, bundle.name) == (bundle,)
    for absent in ("nothing", "../etc", ""):
        with pytest.raises(ProjectError):
            find_runs(tmp_path, absent)


def test_a_first_run_has_no_history(tmp_path: Path, green: CanaryReport) -> None:
    history = look_back(tmp_path, green.run, Status.PASS, green.head.commit)

    assert (history.since, history.previous) == (green.run.started_at, None)


def failing(report: CanaryReport) -> CanaryReport:
    return replace(report, verdict=Verdict(overall_status=Status.FAIL, reasons=("x",)))


def test_since_is_the_start_of_the_unbroken_series(
    tmp_path: Path, record: Record, green: CanaryReport
) -> None:
    for minute in (1, 2):
        record(failing(at(green, minute)))
    record(at(green, 3))
    record(failing(at(green, 4)))
    lasting = look_back(tmp_path, at(green, 5).run, Status.FAIL, green.head.commit)
    record(replace(failing(at(green, 5)), since=lasting.since))

    history = look_back(tmp_path, at(green, 6).run, Status.FAIL, green.head.commit)

    assert history.since == "2026-11-21T10:04:16.123Z"


def test_the_run_before_says_what_changed(tmp_path: Path, record: Record, report: CanaryReport) -> None:
    first, *others = report.run.probes
    record(at(report, 1))
    later = at(
        report, 2, probes=(replace(first, status=Status.FAIL), replace(first, id="new.probe"), *others[1:])
    )

    previous = look_back(tmp_path, later.run, Status.FAIL, "b" * 40).previous

    assert previous is not None
    assert previous.changes == (
        "commit: aaaaaaaaaaaa before, bbbbbbbbbbbb now",
        "new.probe: not run before, pass now",
        "wallet.top_up: pass before, fail now",
        "webhooks.replay: fail before, not run now",
    )


def test_other_targets_later_runs_and_broken_ones_are_no_history(
    tmp_path: Path, record: Record, claim: Callable[..., BundleWriter], green: CanaryReport
) -> None:
    record(at(green, 1, target="another"))
    record(at(green, 9))
    claim("20261121T100300.000Z-dead")
    (record(at(green, 4)) / "billing-canary-report.json").write_text("{")
    hollow = record(at(green, 5)) / "billing-canary-report.json"
    hollow.write_text(json.dumps({**json.loads(hollow.read_text()), "probes": "none"}))

    history = look_back(tmp_path, at(green, 6).run, Status.FAIL, green.head.commit)

    assert history.previous is None
