"""The index of runs: it saves reading, and nobody has to believe it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.archives import FINAL, KIND, add_run, run_id

from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.index_file import INDEX_FILE, append_lines, read_index
from billing_canary.artifact.run_index import RunIndex, missing_runs, note_pruned, note_rows
from billing_canary.artifact.status_reader import StatusReader, note_present

Record = Callable[..., Path]
ROW = json.dumps(
    {
        "kind": KIND,
        "run_id": "x",
        "event": "finished",
        "overall_status": "pass",
        **dict.fromkeys(("mode", "tier", "commit", "started_at", "finished_at", "sha256"), ""),
        "size": 1,
        "mtime_ns": 1,
    },
    separators=(",", ":"),
).encode()


def lines(root: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (root / INDEX_FILE).read_bytes().splitlines()]


def known(root: Path, number: int = 0) -> str | None:
    row = RunIndex.of(root).row(KIND, run_id(number))
    return None if row is None else row.overall_status


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One failed run that the index knows."""
    add_run(tmp_path, 0, "fail")
    note_present(tmp_path, [f"{KIND}/{run_id(0)}"])
    return tmp_path


def test_a_finished_run_has_one_line(tmp_path: Path, record: Record, green: CanaryReport) -> None:
    folder = record(green)

    (line,) = lines(tmp_path)

    final = (folder / FINAL).stat()
    assert (line["kind"], line["run_id"], line["event"]) == (KIND, folder.name, "finished")
    assert (line["overall_status"], line["mode"], line["tier"]) == ("pass", "staging", "")
    assert (line["commit"], line["started_at"]) == ("a" * 40, "2026-11-21T10:37:16.123Z")
    assert (line["size"], line["mtime_ns"]) == (final.st_size, final.st_mtime_ns)
    row = RunIndex.of(tmp_path).row(KIND, folder.name)
    assert row is not None
    assert row.is_fresh(tmp_path)


def break_with_a_folder(root: Path) -> None:
    (root / INDEX_FILE).mkdir()


def break_with_a_fifo(root: Path) -> None:
    os.mkfifo(root / INDEX_FILE)


def break_with_a_link(root: Path) -> None:
    (root / INDEX_FILE).symlink_to("/dev/full")


@pytest.mark.parametrize("broken", [break_with_a_folder, break_with_a_fifo, break_with_a_link])
def test_a_broken_index_fails_no_run_and_no_look(
    tmp_path: Path, record: Record, green: CanaryReport, broken: Callable[[Path], None]
) -> None:
    broken(tmp_path)

    folder = record(green)

    assert (folder / FINAL).exists()
    assert read_index(tmp_path) == b""
    assert missing_runs(tmp_path) == ()
    assert StatusReader(tmp_path, quick=0).status(KIND, folder.name) == "pass"


def test_half_a_line_costs_that_line_only(root: Path) -> None:
    whole = (root / INDEX_FILE).read_bytes()
    (root / INDEX_FILE).write_bytes(whole + whole[: len(whole) // 2])
    add_run(root, 1)
    note_present(root, [f"{KIND}/{run_id(1)}"])

    assert RunIndex.of(root).damaged
    assert (known(root, 0), known(root, 1)) == ("fail", "pass")

    reader = StatusReader(root, quick=0)
    reader.status(KIND, run_id(1))
    reader.note()

    assert not RunIndex.of(root).damaged
    assert len(lines(root)) == 2


@pytest.mark.parametrize(
    "line",
    [
        b"\x00\xff",
        b"[]",
        b"null}",
        b'{"kind":"billing-canary","run_id":"x","event":"finished"}',
        b'{"kind":"billing-canary","run_id":"../../etc","event":"finished","overall_status":"pass"}',
        ROW.replace(b"billing-canary", b"no-such-kind"),
        ROW.replace(b'"size":1', b'"size":true'),
        ROW.replace(b'"run_id":"x"', b'"run_id":".."'),
        ROW.replace(b'"mode":""', b'"mode":7'),
        b'{"kind":"billing-canary","run_id":"x","event":"finished",' + b"[" * 100_000 + b"}",
    ],
)
def test_a_line_that_is_no_row_tells_nothing(root: Path, line: bytes) -> None:
    append_lines(root, [line])

    index = RunIndex.of(root)

    assert index.finished() == {(KIND, run_id(0))}
    assert index.row(KIND, "x") is None
    assert missing_runs(root) == ()


def forged(root: Path, **changes: object) -> None:
    append_lines(root, [json.dumps({**lines(root)[-1], **changes}, separators=(",", ":")).encode()])


def test_a_sound_row_of_that_form_is_known(root: Path) -> None:
    append_lines(root, [ROW])

    assert RunIndex.of(root).finished() == {(KIND, run_id(0)), (KIND, "x")}


@pytest.mark.parametrize("change", [{"size": 1}, {"mtime_ns": 1}])
def test_a_forged_row_about_another_file_is_not_believed(root: Path, change: dict[str, int]) -> None:
    forged(root, overall_status="pass", **change)
    assert known(root) == "pass"

    reader = StatusReader(root, quick=0)

    assert reader.status(KIND, run_id(0)) == "fail"
    reader.note()
    assert known(root) == "fail"


@pytest.mark.parametrize("quick", [None, 500])
def test_who_does_not_use_the_index_cannot_be_fooled_by_it(root: Path, quick: int | None) -> None:
    forged(root, overall_status="pass")

    assert StatusReader(root, quick=quick).status(KIND, run_id(0)) == "fail"


def test_a_row_without_its_final_file_is_not_believed(root: Path) -> None:
    (root / KIND / run_id(0) / FINAL).unlink()

    assert StatusReader(root, quick=0).status(KIND, run_id(0)) == "interrupted"


def test_a_row_whose_final_file_is_a_link_now_is_not_believed(root: Path) -> None:
    final = root / KIND / run_id(0) / FINAL
    final.rename(root / "elsewhere")
    final.symlink_to(root / "elsewhere")

    assert StatusReader(root, quick=0).status(KIND, run_id(0)) == "damaged"


def test_a_deleted_index_is_written_again_by_those_who_read(root: Path) -> None:
    before = (root / INDEX_FILE).read_bytes()
    (root / INDEX_FILE).unlink()

    reader = StatusReader(root, quick=0)
    reader.status(KIND, run_id(0))
    reader.note()

    assert (root / INDEX_FILE).read_bytes() == before


def test_a_read_only_root_is_only_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / INDEX_FILE).unlink()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr("billing_canary.artifact.run_index.append_lines", refuse)
    reader = StatusReader(root, quick=0)

    assert reader.status(KIND, run_id(0)) == "fail"
    reader.note()


def test_a_run_whose_folder_is_gone_is_missing_until_pruned(root: Path) -> None:
    (root / KIND / run_id(0)).rename(root / "hidden")
    assert missing_runs(root) == (f"{KIND}/{run_id(0)}",)

    note_pruned(root, [(KIND, run_id(0))], "2026-11-21T10:00:00.000Z")

    assert missing_runs(root) == ()
    assert known(root) is None


def test_an_id_that_is_used_again_after_a_prune_is_known_again(root: Path) -> None:
    note_pruned(root, [(KIND, run_id(0))], "2026-11-21T10:00:00.000Z")
    note_present(root, [f"{KIND}/{run_id(0)}"])

    assert known(root) == "fail"


def test_a_link_in_place_of_the_folder_is_no_folder(root: Path) -> None:
    (root / KIND / run_id(0)).rename(root / "hidden")
    (root / KIND / run_id(0)).symlink_to(root / "hidden")

    assert missing_runs(root) == (f"{KIND}/{run_id(0)}",)


def test_healing_keeps_tombstones(root: Path) -> None:
    note_pruned(root, [(KIND, "gone-1")], "2026-11-21T10:00:00.000Z")
    append_lines(root, [b"rubbish"])

    note_rows(root, [], heal=True)

    assert [line["event"] for line in lines(root)] == ["finished", "pruned"]


def test_writers_at_once_lose_no_line(root: Path) -> None:
    def write(writer: int) -> None:
        for number in range(20):
            append_lines(root, [b'{"kind":"k","run_id":"%d-%d","event":"pruned"}' % (writer, number)])
            if number % 5 == 0:
                note_rows(root, [], heal=True)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(lines(root)) == 1 + 8 * 20
