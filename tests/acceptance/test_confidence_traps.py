"""The battery of runners' traps: none of these suites may pass, each has a reason of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes.suites import GREEN, RED, make_tier_project, pytest_suite, python, reports, shell

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

OLD = '<testsuite timestamp="2026-01-01T10:00:00"><testcase name="one" time="1"/></testsuite>'
NESTED = "<testsuite>" * 200 + "</testsuite>" * 200
BOMB = '<!DOCTYPE t [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name=\'&b;\'/></testsuite>'
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open("daemon.pid", "w").write(str(os.getpid()))
        time.sleep(60)
    os._exit(0)
os.wait()
"""
DEAF = "trap '' TERM; "

Make = Callable[[Path], dict[str, Any]]


def suite(command: list[str], **keys: Any) -> Make:
    return lambda _: {"name": "trap", "command": command, **keys}


def trapped(text: str, conftest: str = "", **keys: Any) -> Make:
    def make(root: Path) -> dict[str, Any]:
        made = pytest_suite(root, "trap", text, **keys)
        (root / "trap/conftest.py").write_text(conftest, encoding="utf-8")
        return made

    return make


def left_before(root: Path) -> dict[str, Any]:
    (root / "old.xml").write_text(GREEN)
    return {"name": "trap", "junit": "old.xml", "command": ["sh", "-c", "exit 0"]}


TRAPS: dict[str, tuple[str, Make]] = {
    "no tests, exit 5": ("no-tests", trapped("")),
    "no tests, exit 0": ("no-tests", suite(reports("<testsuites/>"))),
    "nothing that pytest looks at": (
        "no-tests",
        trapped("def test_a(): pass", "collect_ignore = ['test_it.py']"),
    ),
    "all skipped": ("all-skipped", trapped("import pytest\n@pytest.mark.skip\ndef test_a(): pass")),
    "all expected to fail": (
        "all-skipped",
        trapped("import pytest\n@pytest.mark.xfail\ndef test_a(): assert 0"),
    ),
    "exit 0, failures in the report": ("junit-failures", suite(reports(RED))),
    "exit 0, failures only in the attributes": (
        "junit-failures",
        suite(reports('<testsuite tests="2" failures="1"><testcase name="a"/></testsuite>')),
    ),
    "exit 1, green report": ("exit-code", suite(reports(GREEN, "exit 1"))),
    "exit 137, green report": ("crashed", suite(reports(GREEN, "exit 137"))),
    "os._exit(0) in a test": ("junit-missing", trapped("import os\ndef test_a(): os._exit(0)")),
    "pytest.exit with 0 at the start": (
        "too-few-tests",
        trapped("import pytest\ndef test_a(): pytest.exit('x', returncode=0)"),
    ),
    "pytest.exit with 0 in the middle": (
        "too-few-tests",
        trapped("import pytest\ndef test_a(): pass\ndef test_b(): pytest.exit('x', returncode=0)"),
    ),
    "a conftest that turns the exit code": (
        "junit-failures",
        trapped(
            "def test_a(): assert 0",
            "import pytest\n@pytest.hookimpl(trylast=True)\n"
            "def pytest_sessionfinish(session): session.exitstatus = 0\n",
        ),
    ),
    "a conftest that leaves with 0": (
        "junit-failures",
        trapped("def test_a(): assert 0", "import os\ndef pytest_unconfigure(): os._exit(0)\n"),
    ),
    "a teardown that breaks": (
        "test-failures",
        trapped("import pytest\n@pytest.fixture\ndef f():\n    yield\n    assert 0\ndef test_a(f): pass"),
    ),
    "a file that cannot be imported": ("test-failures", trapped("import nothing_like_this")),
    "a test that fails": ("test-failures", trapped("def test_a(): assert 0")),
    "fewer tests than the floor": ("too-few-tests", trapped("def test_a(): pass", min_tests=2)),
    "skips do not count for the floor": (
        "too-few-tests",
        trapped("import pytest\ndef test_a(): pass\n@pytest.mark.skip\ndef test_b(): pass", min_tests=2),
    ),
    "a report that another run left": (
        "junit-stale",
        left_before,
    ),
    "yesterday's report, copied": ("junit-stale", suite(reports(OLD))),
    "a report from before, moved here": (
        "junit-stale",
        suite(reports(GREEN, 'touch -d yesterday "$1"')),
    ),
    "no report": ("junit-missing", suite(shell("exit 0"))),
    "a report that is a folder": ("junit-missing", suite(shell('mkdir "$1"'))),
    "a report that is a FIFO": ("junit-missing", suite(shell('mkfifo "$1"'))),
    "a report that is a link": ("junit-missing", suite(shell(f"echo '{GREEN}' > r; ln -s $PWD/r \"$1\""))),
    "an empty report": ("junit-invalid", suite(reports(""))),
    "a report cut short": ("junit-invalid", suite(reports(GREEN[:-5]))),
    "a report that is something else": ("junit-invalid", suite(reports("<html/>"))),
    "a report with entities": ("junit-invalid", suite(shell(f"cat > \"$1\" <<'X'\n{BOMB}\nX"))),
    "a report without an end to its depth": ("junit-invalid", suite(reports(NESTED))),
    "a report that counts below zero": (
        "junit-invalid",
        suite(reports('<testsuite tests="-1"><testcase name="a"/></testsuite>')),
    ),
    "a report that promises tests": ("junit-invalid", suite(reports('<testsuite tests="7"/>'))),
    "a segmentation fault": (
        "crashed",
        suite(python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")),
    ),
    "killed after a green report": ("crashed", suite(reports(GREEN, "kill -9 $$"))),
    "a program that is not there": ("cannot-start", suite(["no-such-program", "{junit}"])),
    "hung": ("timeout", suite(shell("sleep 60"), timeout_s=0.3)),
    "hung and deaf": ("timeout", suite(reports(GREEN, f"{DEAF} sleep 60 & {DEAF} sleep 60"), timeout_s=0.3)),
    "hung with its output closed": ("timeout", suite(shell("exec >&- 2>&-; sleep 60"), timeout_s=0.3)),
    "writes without end": ("timeout", suite(shell(f"{DEAF} yes"), timeout_s=0.3)),
    "a daemon, then hung": ("timeout", suite(python(f"{DAEMON}\ntime.sleep(60)"), timeout_s=0.5)),
    "retried until green by a plugin": (
        "flaky",
        suite(reports('<testsuite><testcase name="a"><flakyFailure/></testcase></testsuite>')),
    ),
    "a missing artifact": ("artifact-missing", suite(reports(GREEN), artifacts=["trace.zip"])),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_no_trap_passes(canary: Canary, trap: str, processes: Any) -> None:
    reason, make = TRAPS[trap]
    made = make(canary.home)
    make_tier_project(canary.home, "tried", [made])
    done = canary("confidence", "tried", "--json")
    assert done.code == (3 if reason == "flaky" else 1), done.stderr
    (found,) = done.document["suites"]
    assert (found["reason"], found["status"] == "pass") == (reason, False), found
    assert done.document["duration_ms"] < 20_000
    daemon = canary.home / "daemon.pid"
    if daemon.exists():
        assert processes.started(int(daemon.read_text())) == ""


def test_the_report_of_another_suite_does_not_count(canary: Canary) -> None:
    takes = "import time\ndef test_a(): time.sleep(0.05)"
    shop = pytest_suite(canary.home, "shop", takes, artifacts=["copy.xml"])
    (canary.home / "shop/conftest.py").write_text(
        "import shutil\ndef pytest_unconfigure(config): shutil.copy(config.option.xmlpath, 'copy.xml')\n"
    )
    thief = shell('while ! test -s copy.xml; do sleep 0.05; done; sleep 2; cp copy.xml "$1"')
    make_tier_project(canary.home, "tried", [shop, {"name": "thief", "command": thief}])
    done = canary("confidence", "tried", "--json", "--jobs", "2")
    found = {row["name"]: row for row in done.document["suites"]}
    assert found["shop"]["reason"] == "passed"
    assert found["thief"]["reason"] == "junit-invalid"
    assert "the one of suite shop" in found["thief"]["detail"]


def test_a_suite_that_ends_at_once_does_not_wait_for_who_holds_its_output(canary: Canary) -> None:
    make_tier_project(canary.home, "tried", [{"command": reports(GREEN, "sleep 60 &")}])
    done = canary("confidence", "tried", "--json")
    (found,) = done.document["suites"]
    assert (done.code, found["reason"]) == (0, "passed")
    assert found["duration_ms"] < 5_000
    assert "it left 1 process behind" in found["detail"]


def test_a_hundred_megabytes_without_an_end_of_line_are_capped(canary: Canary) -> None:
    said = "head -c 100000000 /dev/zero | tr '\\0' x"
    make_tier_project(canary.home, "tried", [{"name": "loud", "command": reports(GREEN, said)}])
    done = canary("confidence", "tried", "--json")
    (attempt,) = done.document["suites"][0]["attempts"]
    assert attempt["log_bytes"] == 100_000_000
    (row,) = (row for row in done.document["artifact_index"] if row["path"] == "logs/loud.log")
    assert row["bytes"] < 20_100_000
    assert row["true_sha256"] == attempt["log_sha256"]


def test_the_interpreter_of_the_harness_is_the_one_that_is_offered(canary: Canary) -> None:
    same = f"import sys; assert sys.executable == {sys.executable!r}"
    make_tier_project(canary.home, "tried", [{"command": ["{python}", "-c", same, "{junit}"]}])
    assert canary("confidence", "tried", "--json").document["suites"][0]["attempts"][0]["exit_code"] == 0
