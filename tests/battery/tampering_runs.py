"""Attempts on whole runs: removed, hidden, replayed, moved, linked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.battery import forgery
from tests.battery import run_deeds as do
from tests.battery.forgery import put
from tests.battery.released import CANARY, DECISIONS, TIER, final_of
from tests.battery.tampering import case

_SEAL = "not the ones that were sealed"
_GONE = "is gone, though nobody pruned it"
_EVIDENCE = "but its evidence says"
_ABOVE = "/".join([".."] * 12)

_GONE_CASES = (
    case("tier-run-removed", do.removed(TIER, forgotten=False), _GONE),
    case("canary-run-removed", do.removed(CANARY, forgotten=False), _GONE),
    case(
        "tier-run-removed-and-forgotten", do.removed(TIER, forgotten=True), "no run of tier quick is recorded"
    ),
    case(
        "canary-run-removed-and-forgotten",
        do.removed(CANARY, forgotten=True),
        "no canary run in mock mode is",
    ),
    case("folder-of-tier-runs-removed", do.folder_of_kind(lambda _: None), _GONE),
    case("artifacts-removed", do.artifacts(lambda _: None), "no run of tier quick is recorded"),
    case("run-declared-void", do.voided, "was declared void: wrong host"),
)

_NEWER_CASES = (
    case("newer-failed", do.new("failing"), "came to fail"),
    case("newer-canary-failed", do.new("failing-canary"), "came to fail"),
    case("newer-dirty", do.new("dirty"), "uncommitted changes"),
    case("newer-canary-limited", do.new("limited-canary"), "limited on its command line"),
    case("newer-failed-removed", do.new("failing", shutil.rmtree), _GONE),
    case("newer-canary-failed-removed", do.new("failing-canary", shutil.rmtree), _GONE),
    case("newer-dirty-removed", do.new("dirty", shutil.rmtree), _GONE),
    case("newer-failed-moved-out", do.new("failing", do.moved("../aside")), _GONE),
    case("newer-failed-moved-to-other-kind", do.new("failing", do.moved(f"{CANARY}/{do.EARLY}")), _GONE),
    case("newer-failed-moved-to-faults", do.new("failing", do.moved("billing-faults/x")), _GONE),
    case("newer-failed-hidden-by-name", do.new("failing", do.moved(f"{TIER}/.gone-x")), _GONE),
    case("newer-failed-renamed-early", do.new("failing", do.moved(f"{TIER}/{do.EARLY}")), _GONE),
    case("newer-failed-renamed-plain", do.new("failing", do.moved(f"{TIER}/aaa")), _GONE),
    case(
        "newer-failed-renamed-and-forgotten",
        do.new("failing", do.forgotten, do.moved(f"{TIER}/aaa")),
        "is the report of run",
    ),
    case(
        "newer-failed-given-an-early-id-recomputed",
        do.new("failing", lambda folder: forgery.rename(folder, do.EARLY)),
        _GONE,
    ),
    case(
        "newer-failed-made-older-all-recomputed",
        do.new("failing", lambda folder: forgery.rename(folder, "older")),
        _GONE,
    ),
    case("newer-failed-damaged", do.new("failing", lambda f: forgery.flip(final_of(f), 0.5)), "is damaged"),
    case("newer-failed-emptied", do.new("failing", do.replaced(Path.mkdir)), "was interrupted"),
    case("newer-failed-replaced-by-file", do.new("failing", do.replaced(Path.touch)), _GONE),
    case("newer-failed-replaced-by-fifo", do.new("failing", do.replaced(os.mkfifo)), _GONE),
    case("newer-failed-replaced-by-link", do.linked_to_the_good_one, _GONE),
    case("newer-interrupted", do.new("failing", do.final_removed), "was interrupted"),
    case(
        "newer-interrupted-and-forgotten",
        do.new("failing", do.final_removed, do.forgotten),
        "was interrupted",
    ),
    case("newer-still-running", do.new("failing", do.run_state("running")), "was interrupted"),
    case("newer-canary-interrupted", do.new("failing-canary", do.final_removed), "was interrupted"),
    case(
        "newer-interrupted-without-run-file",
        do.new("failing", do.final_removed, lambda folder: (folder / "run.json").unlink()),
        "was interrupted",
    ),
    case(
        "newer-interrupted-as-other-tier",
        do.new("failing", do.final_removed, lambda folder: (folder / "run.json").write_text("{}")),
        "was interrupted",
    ),
    case(
        "empty-folder-with-a-late-name", lambda r: (r.artifacts / TIER / do.LATE).mkdir(), "was interrupted"
    ),
    case("empty-folder-with-a-plain-name", lambda r: (r.artifacts / CANARY / "a").mkdir(), "was interrupted"),
    case("cited-failure-removed-and-forgotten", do.cited(shutil.rmtree), _GONE),
    case("cited-failure-hidden-and-forgotten", do.cited(do.moved(f"{TIER}/.aside")), _GONE),
    case("cited-failure-removed-with-the-index", do.decided_then(do.no_index), _GONE),
)

_REPLAY_CASES = (
    case("copied-under-a-late-id", do.to(TIER, do.copied(do.LATE, recomputed=False)), "is the report of run"),
    case("copied-under-a-plain-id", do.to(TIER, do.copied("rc", recomputed=False)), "is the report of run"),
    case("canary-copied", do.to(CANARY, do.copied(do.LATE, recomputed=False)), "is the report of run"),
    case(
        "copied-and-recomputed",
        do.to(TIER, do.copied(do.LATE, recomputed=True)),
        "its name tells another start",
    ),
    case("old-pass-replayed-over-a-failure", do.replayed_over_failure, "came to fail"),
    case("old-run-all-recomputed", do.to(TIER, do.shifted(-30, run=True)), "over 24 h ago"),
    case("old-canary-all-recomputed", do.to(CANARY, do.shifted(-2, run=True)), "over 24 h ago"),
    case("run-of-the-future", do.to(TIER, do.shifted(1, run=True)), "after this decision"),
    case("finish-in-the-past", do.to(TIER, do.shifted(-30, run=False)), "over 24 h ago"),
    case("finish-in-the-future", do.to(CANARY, do.shifted(1, run=False)), "after this decision"),
    case(
        "start-of-another-day",
        do.to(TIER, lambda f: forgery.change_run(f, do.later(-1, "started_at"))),
        "another start",
    ),
    case("runs-of-another-commit", do.from_elsewhere(), "the newest one, billing-confidence/"),
    case("runs-of-another-commit-forged", do.from_elsewhere(do.unsealed(put(commit="a" * 40))), _SEAL),
    case(
        "runs-of-another-commit-forged-mode",
        do.from_elsewhere(do.unsealed(put(mode="x", commit=None))),
        "damaged",
    ),
    case(
        "runs-of-another-commit-finished-now",
        do.from_elsewhere(do.unsealed(do.later(0, "finished_at"))),
        "newest one",
    ),
    case("renamed", do.to(TIER, do.moved(f"{TIER}/{do.LATE}")), _GONE),
)

_LINK_CASES = (
    case("folder-of-tier-runs-is-a-link", do.link_of_kind, "the folder is a link"),
    case("folder-of-tier-runs-is-a-file", do.folder_of_kind(Path.touch), _GONE),
    case("folder-of-tier-runs-is-a-fifo", do.folder_of_kind(os.mkfifo), _GONE),
    case("folder-of-canary-runs-is-a-fifo", do.folder_of_kind(os.mkfifo, CANARY), _GONE),
    case("folder-of-tier-runs-is-a-loop", do.folder_of_kind(lambda p: p.symlink_to(p.name)), _GONE),
    case("folder-of-a-run-is-a-link", do.link_of_bundle, _GONE),
    case("late-link-to-the-run", lambda r: (r.tier.parent / do.LATE).symlink_to(r.tier.name), "is a link"),
    case("late-link-to-nowhere", lambda r: (r.tier.parent / "x").symlink_to("nowhere"), "is a link"),
    case("artifacts-lead-to-a-damaged-copy", do.link_of_artifacts, "is damaged"),
    case("artifacts-are-a-file", do.artifacts(Path.touch), "cannot be made"),
    case("artifacts-are-a-fifo", do.artifacts(os.mkfifo), "cannot be made"),
    case("artifacts-are-a-loop", do.artifacts(lambda p: p.symlink_to(p.name)), "cannot be made"),
    case("folder-of-decisions-is-a-file", lambda r: (r.artifacts / DECISIONS).touch(), "cannot be made"),
)

CASES = (*_GONE_CASES, *_NEWER_CASES, *_REPLAY_CASES, *_LINK_CASES)
