"""JUnit from outside: counted from its cases, in bounded memory, and never believed beyond what it shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from billing_canary.suite.junit_reader import MOST_CASES, JUnitError, JUnitReport, read_junit
from billing_canary.tier import JUnitCounts

CASE = '<testcase classname="shop" name="pays" time="0.25"/>'


def read(folder: Path, text: str | bytes) -> JUnitReport:
    file = folder / "junit.xml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_junit(file, "suite")


def counts(tests: int, failures: int = 0, errors: int = 0, skipped: int = 0, flaky: int = 0) -> JUnitCounts:
    return JUnitCounts(tests=tests, failures=failures, errors=errors, skipped=skipped, flaky=flaky)


def test_every_outcome_is_counted_from_the_cases(tmp_path: Path) -> None:
    report = read(
        tmp_path,
        "<testsuites><testsuite>"
        f"{CASE}<testcase name='f'><failure message='no'/></testcase>"
        "<testcase name='e'><error>Traceback\nboom</error></testcase>"
        "<testcase name='s'><skipped/></testcase>"
        "<testcase name='r'><flakyFailure/></testcase>"
        "<testcase name='n' status='notrun'/>"
        "</testsuite></testsuites>",
    )
    assert report.counts == counts(6, failures=1, errors=1, skipped=2, flaky=1)
    told = {case.name: (case.outcome, case.duration_ms, case.message) for case in report.cases}
    assert told == {
        "shop::pays": ("passed", 250, ""),
        "f": ("failed", 0, "no"),
        "e": ("error", 0, "Traceback\nboom"),
        "s": ("skipped", 0, ""),
        "r": ("passed", 0, ""),
        "n": ("skipped", 0, ""),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<testsuite>{CASE}</testsuite>", counts(1)),
        (f"<testsuite><testsuite><testsuite>{CASE}</testsuite></testsuite>{CASE}</testsuite>", counts(2)),
        ("<testsuites/>", counts(0)),
        (f"<testsuite failures='1'>{CASE}</testsuite>", counts(1, failures=1)),
        (f"<testsuites errors='2'><testsuite>{CASE}</testsuite></testsuites>", counts(1, failures=2)),
        ("<testsuite><testcase name='a'><failure/><skipped/></testcase></testsuite>", counts(1, failures=1)),
        ("<testsuite><testcase name='a'><failure/><error/></testcase></testsuite>", counts(1, errors=1)),
        (f'<?xml version="1.0" encoding="latin-1"?><testsuite name="\xe9">{CASE}</testsuite>', counts(1)),
        (f'<ns:testsuite xmlns:ns="x">{CASE}</ns:testsuite>', counts(1)),
        ("<testsuite tests='4'><testcase name='a'/></testsuite>", counts(1)),
    ],
)
def test_forms_that_reporters_write(tmp_path: Path, text: str, expected: JUnitCounts) -> None:
    data = text.encode("latin-1") if "latin-1" in text else text.encode()
    assert read(tmp_path, data).counts == expected


def test_utf_16_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, f"<testsuite>{CASE}</testsuite>".encode("utf-16")).counts == counts(1)


@pytest.mark.parametrize("time", ["", "x", "-1", "nan", "inf", "1e999"])
def test_a_time_that_is_none_is_no_time(tmp_path: Path, time: str) -> None:
    report = read(tmp_path, f"<testsuite><testcase name='a' time='{time}'/></testsuite>")
    assert report.cases[0].duration_ms == 0


def test_a_time_with_thousands_is_read(tmp_path: Path) -> None:
    report = read(tmp_path, "<testsuite><testcase name='a' time='1,234.5'/></testsuite>")
    assert report.cases[0].duration_ms == 1_234_500


ENTITIES = '<!DOCTYPE t [<!ENTITY a "ha">]><testsuite><testcase name="&a;"/></testsuite>'
LAUGHS = ENTITIES.replace("ha", "ha" * 1000).replace("&a;", "&a;" * 1000)
EXTERNAL = '<!DOCTYPE t SYSTEM "file:///etc/hostname"><testsuite/>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no XML"),
        ("junk", "is no XML"),
        (f"<testsuite>{CASE}", "is no XML"),
        (f"<testsuite>{CASE}</testsuite><more/>", "is no XML"),
        ("<testsuite>\0</testsuite>", "is no XML"),
        ("<html/>", "its root is <html>"),
        ("<testcase name='a'/>", "its root is <testcase>"),
        (ENTITIES, "document type declaration"),
        (LAUGHS, "document type declaration"),
        (EXTERNAL, "document type declaration"),
        ("<testsuite>" * 200, "nested deeper"),
        ("<testsuite tests='-1'/>", "is no count"),
        ("<testsuite tests='NaN'/>", "is no count"),
        ("<testsuite failures='1e3'/>", "is no count"),
        ("<testsuite tests='99999999999999'/>", "is no count"),
        ("<testsuite tests='3'/>", "says 3 tests but holds none"),
        ('<?xml version="1.0" encoding="klingon"?><testsuite/>', "is no XML|cannot be decoded"),
        ("<testsuite><testcase name='" + "x" * 9_000_000 + "'/></testsuite>", "a tag of more than"),
    ],
    ids=range(18),
)
def test_what_cannot_be_trusted_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(JUnitError, match=message):
        read(tmp_path, text)


def test_the_time_of_each_outer_suite_is_told(tmp_path: Path) -> None:
    suites = '<testsuite timestamp="2026-11-21T10:00:00"><testsuite timestamp="x"/></testsuite>'
    assert read(tmp_path, f"<testsuites>{suites}</testsuites>").timestamps == ("2026-11-21T10:00:00",)


MANY = """
import resource, sys
from pathlib import Path
from billing_canary.suite.junit_reader import read_junit
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = read_junit(Path(sys.argv[1]), "suite")
print(report.counts.tests, report.counts.failures, len(report.cases))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


BAD, GOOD = f"<failure message='no'>{'x' * 200}</failure>", f"<system-out>{'y' * 60}</system-out>"


def test_a_large_report_takes_little_memory_and_every_failure_is_kept(tmp_path: Path) -> None:
    file, tests = tmp_path / "large.xml", 150_000
    with file.open("w") as stream:
        stream.write("<testsuites><testsuite>")
        for number in range(tests):
            inside = BAD if number % 100 == 0 else GOOD
            case = f"<testcase classname='tests.shop' name='test_{number}' time='0.1'>"
            stream.write(f"{case}{inside}</testcase>")
        stream.write("</testsuite></testsuites>")
    argv = [sys.executable, "-c", MANY, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    told, grown = done.stdout.splitlines()
    assert told == f"{tests} {tests // 100} {tests // 100 + MOST_CASES}"
    assert int(grown) < 40_000, "KiB"
