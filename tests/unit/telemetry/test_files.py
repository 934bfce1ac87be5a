"""Reading files of other tools: their rows count, and only rows that cannot be misread."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.signals import ask, counted, level, windows

from billing_canary.reading import Outcome, Reading
from billing_canary.telemetry.question import Form, Question

INCIDENTS = Question(trigger="incident", form=Form.INCIDENTS)
Read = Callable[..., Reading]
T10, T11, T12, T13 = (f"2026-07-01T{hour}:00:00Z" for hour in (10, 11, 12, 13))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_(content: object, question: Question, **settings: object) -> Reading:
        """Writes text or bytes as CSV, anything else as JSON, and asks."""
        is_csv = isinstance(content, str | bytes) and "format" not in settings
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        (tmp_path / "data").write_bytes(text.encode() if isinstance(text, str) else text)
        form = {"kind": "file", "path": "data", "format": "csv" if is_csv else "json"}
        return ask({**form, **settings}, question, root=tmp_path)

    return read_


def row(start: str, end: str, good: object = 9, total: object = 10) -> dict[str, object]:
    return {"start": start, "end": end, "good": good, "total": total}


def test_windows_are_matched_to_those_that_are_closed(read: Read) -> None:
    rows = [
        row(T10, T11, 8),
        row("2026-07-01T13:00:00+02:00", "2026-07-01T14:00:00+02:00"),
        row(T12, "2026-07-01T12:00:01Z", 1),
    ]
    reading = read(rows, windows())
    assert reading.outcome is Outcome.ANSWERED
    assert counted(reading) == [(8, 10, ""), (9, 10, "")]
    assert reading.question == "data"


def test_csv_says_the_same(read: Read) -> None:
    text = f"\ufeffend,start,total,good,more\r\n{T11},{T10},10,8,x\r\n\r\n{T12},{T11},10,9,\r\n"
    assert counted(read(text, windows())) == [(8, 10, ""), (9, 10, "")]


@pytest.mark.parametrize(
    ("rows", "first", "second"),
    [
        ([row(T11, T12)], "gap", ""),
        ([row(T10, T11), row(T10, T11), row(T11, T12)], "duplicate: 2 rows", ""),
        ([row(T10, T12)], "overlap: a row from 2026-07-01T10:00:00.000Z to 2026-07-01T12:00:00.000Z", None),
        ([row(T10, T11), row(T11, T12), row("2026-07-01T10:30:00Z", T11)], None, ""),
        ([row(T11, T12), row(T10, T11)], "out of order", ""),
        ([row(T10, T11), row(T11, T12), row(T12, T13)], None, None),
        ([row(T10, T11, 11), row(T11, T12, -1)], "good > total: 11 > 10", "good: good is negative: -1"),
        ([row(T10, T11, "9"), row(T11, T12, 9.0)], "good: good is '9', no whole number", None),
        ([row(T10, T11, total=True), row(T11, T12, None)], "total: total is True, no whole number", None),
    ],
)
def test_what_is_odd_is_told_for_each_window(
    read: Read, rows: list[object], first: str | None, second: str | None
) -> None:
    problems = [window.problem for window in read(rows, windows()).windows]
    assert problems[0] == first if first is not None else problems[0] != ""
    assert problems[1] == second if second is not None else problems[1] != ""


def test_rows_of_the_future_are_clock_skew(read: Read) -> None:
    [first, second] = read([row(T10, T11), row(T11, T12), row(T12, T13)], windows()).windows
    assert first.problem == second.problem
    assert first.problem == "clock skew: a row ends at 2026-07-01T13:00:00.000Z, 3300 s from now"


def test_a_row_that_ends_before_it_starts_fails(read: Read) -> None:
    for end in (T10, T11):
        assert "row 1 ends before it starts" in read([row(T11, end)], windows()).problem


def test_no_row_is_empty(read: Read) -> None:
    assert read([], windows()).outcome is Outcome.EMPTY
    assert read([], level()).outcome is Outcome.EMPTY
    assert read("start,end,good,total\n", windows()).outcome is Outcome.EMPTY


def test_text_that_is_no_count_is_told_in_csv(read: Read) -> None:
    text = f"start,end,good,total\n{T10},{T11},,10\n{T11},{T12},1e1,10\n"
    problems = [window.problem for window in read(text, windows()).windows]
    assert problems == [
        "good: NULL: no number; sum() over no row is NULL",
        "good: good is '1e1', no whole number",
    ]


def test_the_latest_row_of_each_series_is_the_level(read: Read) -> None:
    rows = [
        {"at": T11, "value": 5, "labels": {"queue": "billing", "a": "b c"}},
        {"at": T12, "value": 7.5, "labels": {"queue": "billing", "a": "b c"}},
        {"at": T10, "value": "NaN"},
    ]
    samples = read(rows, level()).samples
    assert [(sample.at, sample.value, sample.labels) for sample in samples] == [
        ("2026-07-01T10:00:00.000Z", "NaN", ""),
        ("2026-07-01T12:00:00.000Z", "7.5", 'a="b c",queue=billing'),
    ]
    assert (
        read("at,value,labels\n" + f"{T10},5,queue=billing\n", level()).samples[0].labels == "queue=billing"
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"at": T13, "value": 1}], "clock skew: data: row 1 is 3300 s from now"),
        ([{"at": T10, "value": 1}, {"at": T10, "value": 2}], "another value for the same time"),
        ([{"at": T10, "value": True}], "value is True"),
        ([{"at": T10, "value": None}], "value is None"),
        ([{"at": T10, "value": "5 %"}], "value is '5 %'"),
        ([{"at": "2026-07-01T10:00:00", "value": 1}], "no time with a zone"),
        ([{"at": "0001-01-01T00:00:00+01:00", "value": 1}], "is before 1970"),
        ([{"at": "2026-02-30T10:00:00Z", "value": 1}], "day is out of range"),
        ([{"at": 1782907200, "value": 1}], "no time with a zone"),
        ([{"value": 1}], "row 1 has no at"),
        ([{"at": T10, "value": 1, "labels": 5}], "labels is 5"),
        ([{"at": T10, "value": 1, "labels": {"a": 5}}], "labels is"),
        ([{"at": T10, "value": 1, "labels": str(n)} for n in range(1001)], "at most 1000 are read"),
    ],
)
def test_levels_that_can_be_misread_fail(read: Read, rows: object, said: str) -> None:
    reading = read(rows, level())
    assert reading.outcome is Outcome.FAILED
    assert said in reading.problem


INCIDENT = {
    "id": "INC-1",
    "severity": "Sev-1",
    "billing": True,
    "open": "Closed",
    "title": "x",
    "opened_at": T10,
}


def test_incidents_of_a_tracker(read: Read) -> None:
    exported = {"issues": [{**INCIDENT, "key": 7, "severity": 2, "id": None}]}
    [seen] = read(exported, INCIDENTS, rows="issues", columns={"id": "key"}).incidents
    assert (seen.id, seen.severity, seen.billing, seen.open) == ("7", 2, True, False)
    assert (seen.title, seen.opened_at) == ("x", "2026-07-01T10:00:00.000Z")
    text = f"id,severity,billing,open,title,opened_at\nA,P3,no,yes,y,{T10}\n"
    [seen] = read(text, INCIDENTS).incidents
    assert (seen.id, seen.severity, seen.billing, seen.open) == ("A", 3, False, True)


def test_an_empty_list_of_incidents_says_that_there_is_none(read: Read) -> None:
    reading = read([], INCIDENTS)
    assert (reading.outcome, reading.incidents) == (Outcome.ANSWERED, ())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"severity": "urgent"}, "severity is 'urgent'"),
        ({"severity": 0}, "severity is 0"),
        ({"severity": True}, "severity is True"),
        ({"billing": "maybe"}, "billing is 'maybe'"),
        ({"open": None}, "open is None"),
        ({"open": 1}, "open is 1"),
        ({"id": ""}, "id is ''"),
        ({"title": None}, "title is None"),
        ({"opened_at": "yesterday"}, "no time with a zone"),
    ],
)
def test_incidents_that_can_be_misread_fail(read: Read, change: dict[str, object], said: str) -> None:
    assert said in read([{**INCIDENT, **change}], INCIDENTS).problem


def test_an_incident_stands_there_once(read: Read) -> None:
    assert "stands there twice" in read([INCIDENT, INCIDENT], INCIDENTS).problem


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-07-01T12:04:00Z", ""),
        ("2026-07-01T11:04:00Z", "was written 3660 s ago, over 3600 s: stale"),
        ("2026-07-01T12:07:00Z", "clock skew: data was written 120 s from now"),
        ("noon", "no time with a zone"),
        (None, "no time with a zone"),
    ],
)
def test_a_list_that_nobody_writes_any_more_is_told(read: Read, written: object, said: str) -> None:
    reading = read({"at": written, "open": []}, INCIDENTS, rows="open", written_at="at", max_age_s=3600)
    assert said in reading.problem
    assert reading.outcome is (Outcome.FAILED if said else Outcome.ANSWERED)


@pytest.mark.parametrize(
    ("content", "settings", "said"),
    [
        ("[{}", {"format": "json"}, "is no JSON"),
        ('[{"id":1,"id":2}]', {"format": "json"}, "stands there twice"),
        ("[NaN]", {"format": "json"}, "no JSON number"),
        (b"\xef\xbb\xbf[]", {"format": "json"}, "byte order mark"),
        (b"[\xff]", {"format": "json"}, "not UTF-8"),
        ({"a": []}, {}, "holds no list of objects"),
        ({"a": []}, {"rows": "b"}, "has no member 'b'"),
        ([], {"rows": "b"}, "has no member 'b'"),
        ([1], {}, "holds no list of objects"),
        ("", {}, "has no header"),
        ("id,title,id\n", {}, "has the column 'id' twice"),
        ("id,title\n1\n", {}, "line 2 has 1 fields, the header 2"),
        ("id,title\n1,2,3\n", {}, "line 2 has 3 fields, the header 2"),
        ('id,title\n"1,2\n', {}, "is no CSV"),
        (b"id\n\xff\n", {}, "not UTF-8"),
        ("id," + "x" * 200_000 + "\n", {}, "is no CSV"),
        ("x" * (8 * 1024 * 1024 + 1), {}, "larger than 8 MiB"),
    ],
)
def test_a_file_that_can_be_misread_fails(
    read: Read, content: object, settings: dict[str, object], said: str
) -> None:
    reading = read(content, INCIDENTS, **settings)
    assert reading.outcome is Outcome.FAILED
    assert said in reading.problem


FILE = {"kind": "file", "path": "data", "format": "json"}


def test_only_regular_files_inside_the_project_are_read(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    assert "cannot be read: No such file" in ask(FILE, INCIDENTS, root=root).problem
    (root / "data").mkdir()
    assert "no regular file" in ask(FILE, INCIDENTS, root=root).problem
    (root / "data").rmdir()
    os.mkfifo(root / "data")
    assert "no regular file" in ask(FILE, INCIDENTS, root=root).problem
    (root / "data").unlink()
    (root / "data").symlink_to(root / "data")
    assert "leads out of the project" in ask(FILE, INCIDENTS, root=root).problem
    (root / "data").unlink()
    (tmp_path / "outside").write_text("[]")
    (root / "data").symlink_to(tmp_path / "outside")
    assert "leads out of the project" in ask(FILE, INCIDENTS, root=root).problem


def test_a_variable_can_name_a_file_anywhere(tmp_path: Path) -> None:
    (tmp_path / "incidents.json").write_text("[]")
    settings = {"kind": "file", "path_env": "INCIDENTS", "format": "json"}
    reading = ask(settings, INCIDENTS, {"INCIDENTS": str(tmp_path / "incidents.json")})
    assert (reading.outcome, reading.question) == (Outcome.ANSWERED, "the file that INCIDENTS names")
    assert "which is not set" in ask(settings, INCIDENTS).problem
    assert "cannot be read" in ask(settings, INCIDENTS, {"INCIDENTS": "a\0b"}).problem
