"""Prunes that are killed, and many at once: nothing is ever half there."""

from __future__ import annotations

import os
import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tests.fakes.archives import FINAL, KIND, PARTS, add_run, run_id
from tests.fakes.pruning import names_in, pruned

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.listing import list_runs
from billing_canary.artifact.paths import walk
from billing_canary.artifact.retention import Limits
from billing_canary.artifact.run_index import missing_runs
from billing_canary.artifact.status_reader import note_present
from billing_canary.artifact.verify import BundleState, verify_bundle

MOMENTS = 100
PROCESSES = 20


def complete(root: Path) -> Iterator[str]:
    for row in list_runs(root):
        assert row.status == "pass", row
        assert sorted(walk(row.folder)) == sorted(PARTS), row.folder
        yield row.run_id


def in_child(work: Callable[[], object]) -> int:
    """Run `work` in a process of its own; its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - a child tells, and ends
        traceback.print_exc()
    finally:
        os._exit(code)


def test_killed_at_any_moment_no_half_bundle_is_listed(tmp_path: Path) -> None:
    for number in range(40):
        add_run(tmp_path, number)
    note_present(tmp_path, [f"{KIND}/{run_id(number)}" for number in range(40)])
    started = time.monotonic()
    os.waitpid(in_child(lambda: pruned(tmp_path)), 0)
    whole = time.monotonic() - started
    dice, killed = random.Random(7), 0  # noqa: S311 - moments, no secrets
    for _ in range(MOMENTS):
        for number in range(39):
            if not (tmp_path / KIND / run_id(number)).exists():
                add_run(tmp_path, number)
        child = in_child(lambda: pruned(tmp_path))
        time.sleep(dice.uniform(0, whole))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        assert run_id(39) in list(complete(tmp_path))
        assert missing_runs(tmp_path) == ()

    assert killed > MOMENTS // 3
    pruned(tmp_path)
    assert names_in(tmp_path / KIND) == [run_id(39)]
    assert missing_runs(tmp_path) == ()


def test_many_runs_and_prunes_at_once(
    tmp_path: Path, record: Callable[..., Path], green: CanaryReport, claim: Callable[..., BundleWriter]
) -> None:
    def work(number: int) -> None:
        for turn in range(4):
            name = f"20261121T10{turn:02}{number:02}.000Z-work"
            record(replace(green, run=replace(green.run, run_id=name)))
            pruned(tmp_path, Limits(passed=3, failed=3, other=3))

    held = claim("20261121T090000.000Z-held")
    children = [in_child(lambda number=number: work(number)) for number in range(PROCESSES)]  # type: ignore[misc]  # a default binds the number
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]

    assert codes == [0] * PROCESSES
    pruned(tmp_path, Limits(passed=3, failed=3, other=3))
    names = [row.run_id for row in list_runs(tmp_path)]
    assert names[0] == f"20261121T1003{PROCESSES - 1:02}.000Z-work"
    assert held.folder.exists()
    for name in names[:-1]:
        assert verify_bundle(tmp_path / KIND / name).state is BundleState.VERIFIED
    assert len(names) == 4
    assert not list((tmp_path / KIND).glob(".*"))
    assert missing_runs(tmp_path) == ()
    assert (tmp_path / KIND / names[0] / FINAL).exists()
