"""A file counts only when the attempt wrote it."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from billing_canary.suite.freshness import is_fresh, mark, tells_older


def test_a_file_written_after_the_mark_is_fresh(tmp_path: Path) -> None:
    taken = mark(tmp_path, [tmp_path / "f"])
    (tmp_path / "f").write_text("x")
    assert is_fresh(tmp_path / "f", taken)


def test_a_file_that_stood_there_is_not(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    taken = mark(tmp_path, [tmp_path / "f"])
    assert not is_fresh(tmp_path / "f", taken)
    (tmp_path / "f").write_text("y")
    assert is_fresh(tmp_path / "f", taken)


def test_a_file_that_is_absent_is_not(tmp_path: Path) -> None:
    assert not is_fresh(tmp_path / "f", mark(tmp_path, [tmp_path / "f"]))


def test_an_old_file_moved_or_copied_here_with_its_time_is_not(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("x")
    os.utime(tmp_path / "old", (1_700_000_000, 1_700_000_000))
    taken = mark(tmp_path, [tmp_path / "f", tmp_path / "g"])
    shutil.copy2(tmp_path / "old", tmp_path / "f")
    (tmp_path / "old").rename(tmp_path / "g")
    assert not is_fresh(tmp_path / "f", taken)
    assert not is_fresh(tmp_path / "g", taken)


@pytest.mark.parametrize(
    ("age", "zone", "older"),
    [
        (timedelta(days=1), UTC, True),
        (timedelta(minutes=5), UTC, True),
        (timedelta(minutes=5), timezone(timedelta(hours=9)), True),
        (timedelta(seconds=1), UTC, False),
        (timedelta(seconds=-1), UTC, False),
    ],
)
def test_a_report_s_own_time_gives_a_copy_away(
    tmp_path: Path,
    age: timedelta,
    zone: timezone,
    older: bool,  # noqa: FBT001 - an expectation
) -> None:
    taken = mark(tmp_path, [])
    told = (datetime.now(zone) - age).isoformat()
    assert tells_older(told, taken) is older


def test_a_time_without_a_zone_is_taken_for_the_latest_that_it_may_mean(tmp_path: Path) -> None:
    taken = mark(tmp_path, [])
    for now in (datetime.now(UTC).replace(tzinfo=None), datetime.now(UTC).astimezone().replace(tzinfo=None)):
        assert not tells_older(now.isoformat(), taken)
        assert tells_older((now - timedelta(days=2)).isoformat(), taken)


@pytest.mark.parametrize("text", ["", "yesterday", "1970-01-01T00:00:00", "0001-01-01T00:00:00", "12:00"])
def test_what_is_no_time_says_nothing(tmp_path: Path, text: str) -> None:
    assert not tells_older(text, mark(tmp_path, []))
