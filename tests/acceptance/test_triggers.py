"""`triggers`: every trigger in every state, what is recorded, and what a firing needs to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.fakes.watched_project import (
    KIND,
    NOBODY,
    POLICY,
    aged,
    cleared,
    csv_of,
    evaluated,
    healthy,
    level,
    states_of,
    window_rows,
    write_files,
)

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bundle, Canary

FAILING = """
from billing_canary import ProbeContext, Severity, billing_probe

@billing_probe(title="Two and two are five", severity=Severity.CRITICAL, owner="tests")
def adds_up(run: ProbeContext) -> None:
    run.expect("Two and two are five", 2 + 2, equals=5)
"""
BEFORE, AFTER = "a" * 40, "b" * 40


def _newest(canary: Canary) -> Bundle:
    return canary.bundles(KIND)[-1]


def test_all_is_well(watched: Canary) -> None:
    document = evaluated(watched)
    assert document["verdict"] == "hold"
    assert set(states_of(document).values()) == {"clear"}
    assert len(document["triggers"]) == 7
    assert (document["overall_status"], document["missing_count"]) == ("pass", 0)
    told = {trigger["id"]: trigger["measured"] for trigger in document["triggers"]}
    assert told["topups"] == "98/100 then 98/100, 98.00 % of 200"


TOPUPS, WEBHOOKS, BACKLOG, BLOCKS = (
    "data/topups.json",
    "data/webhooks.csv",
    "data/backlog.json",
    "data/blocks.csv",
)
NOT_CLEAR: dict[str, tuple[str, Callable[[], str]]] = {
    "topups fired": (TOPUPS, lambda: json.dumps(window_rows(80, 100))),
    "topups insufficient_data": (TOPUPS, lambda: json.dumps(window_rows(5, 5))),
    "topups error": (TOPUPS, lambda: "no json"),
    "webhooks fired": (WEBHOOKS, lambda: csv_of(window_rows(90, 100))),
    "webhooks insufficient_data": (WEBHOOKS, lambda: csv_of(window_rows(0, 0))),
    "webhooks error": (WEBHOOKS, lambda: "one,two\n1,2\n"),
    "backlog fired": (BACKLOG, lambda: json.dumps(level("101"))),
    "backlog insufficient_data": (BACKLOG, lambda: json.dumps(level("NaN"))),
    "backlog stale": (BACKLOG, lambda: json.dumps(level("5", age_s=5_000))),
    "backlog error": (BACKLOG, lambda: json.dumps(level("-1"))),
    "blocks fired": (BLOCKS, lambda: csv_of(level("3", "wallet=w1"))),
    "blocks insufficient_data": (BLOCKS, lambda: NOBODY),
    "blocks stale": (BLOCKS, lambda: csv_of(level("1", "wallet=w1", age_s=5_000))),
    "blocks error": (BLOCKS, lambda: csv_of(level("many", "wallet=w1"))),
    "incidents error": ("gates/audit-log.jsonl", lambda: "{}\n"),
}
"""Trigger and state, the file that leads to it, and its content, whose times are of the moment."""


@pytest.mark.parametrize("case", NOT_CLEAR)
def test_one_trigger_that_is_not_clear_decides(watched: Canary, case: str) -> None:
    (trigger, state), (file, content) = case.split(), NOT_CLEAR[case]
    write_files(watched.home, {file: content()})
    document = evaluated(watched)
    assert states_of(document)[trigger] == state
    assert sorted(states_of(document).values()) == sorted(["clear"] * 6 + [state])
    assert document["verdict"] == ("rollback" if state == "fired" else "unknown")
    assert document["reasons"][0].startswith(f"{trigger} {state}: ")
    (told,) = (one for one in document["triggers"] if one["id"] == trigger)
    assert told["fix"] or state == "fired"
    assert watched("runs", "verify", document["run_id"]).code == 0


def test_an_open_severe_incident_fires_until_it_is_closed_and_cleared(watched: Canary) -> None:
    opened = watched(
        *("incident", "open", "--title", "Wallets are wrong", "--severity", "sev-1", "--billing", "yes"),
        *("--impact", "double charges", "--owner", "Kim", "--by", "Kim"),
    )
    assert opened.code == 0, opened.stderr
    document = evaluated(watched)
    assert states_of(document)["incidents"] == "fired"
    assert "Sev-1 incident-1 (Wallets are wrong)" in document["reasons"][0]
    assert watched("incident", "close", "1", "--reason", "mended", "--by", "Kim").code == 0
    assert "nobody has cleared it" in evaluated(watched)["reasons"][0]
    cleared(watched, "incidents")
    assert evaluated(watched)["verdict"] == "hold"


# --- Our own canary runs


def test_a_failed_canary_run_fires(watched: Canary) -> None:
    write_files(watched.home, {"probes/quick.py": FAILING})
    assert watched("probe", "--quiet").code == 1
    document = evaluated(watched)
    assert document["verdict"] == "rollback"
    assert states_of(document)["canary-failed"] == "fired"
    assert states_of(document)["canary-stale"] == "clear"


def test_a_damaged_newest_canary_run_is_an_error(watched: Canary) -> None:
    (watched.bundle.folder / "logs/run.log").write_text("nothing happened")
    document = evaluated(watched)
    assert (document["verdict"], states_of(document)["canary-failed"]) == ("unknown", "error")
    assert "damaged: logs/run.log" in document["reasons"][0]


def test_an_interrupted_newest_canary_run_is_an_error(watched: Canary) -> None:
    assert watched("probe", "--quiet").code == 0
    newest = watched.bundles()[-1]
    newest.final.unlink()
    document = evaluated(watched)
    assert (states_of(document)["canary-failed"], states_of(document)["canary-stale"]) == ("error", "clear")


def test_a_canary_run_that_looks_better_than_its_evidence_is_an_error(watched: Canary) -> None:
    write_files(watched.home, {"probes/quick.py": FAILING})
    assert watched("probe", "--quiet").code == 1
    newest = watched.bundles()[-1]
    from billing_canary.artifact.seal import FIELD, sealed  # noqa: PLC0415 - a forger's tool

    document = newest.report
    del document[FIELD]
    newest.final.write_bytes(sealed({**document, "overall_status": "pass"}))
    assert states_of(evaluated(watched))["canary-failed"] == "error"


def test_a_canary_that_ended_long_ago_is_stale(watched: Canary) -> None:
    aged(watched.bundle.final)
    document = evaluated(watched)
    assert states_of(document)["canary-stale"] == "stale"
    assert states_of(document)["canary-failed"] == "clear"
    assert document["verdict"] == "unknown"


def test_a_canary_that_never_ran_tells_nothing(quick: Canary) -> None:
    write_files(quick.home, {"gates/rollback.toml": POLICY, **healthy()})
    document = evaluated(quick)
    assert states_of(document)["canary-failed"] == "insufficient_data"
    assert states_of(document)["canary-stale"] == "insufficient_data"


def test_only_runs_in_the_asked_for_mode_count(watched: Canary) -> None:
    assert evaluated(watched, "--mode", "mock")["mode"] == "mock"
    document = evaluated(watched, "--mode", "staging")
    assert states_of(document)["canary-failed"] == "insufficient_data"


def test_a_run_that_was_declared_void_does_not_count(watched: Canary) -> None:
    write_files(watched.home, {"probes/quick.py": FAILING})
    assert watched("probe", "--quiet").code == 1
    run_id = watched.bundles()[-1].folder.name
    assert watched("runs", "invalidate", run_id, "--by", "Kim", "--reason", "wrong probe").code == 0
    assert states_of(evaluated(watched))["canary-failed"] == "clear"


# --- What fired stays fired


def test_after_firing_it_needs_recovery_and_a_person(watched: Canary) -> None:
    write_files(watched.home, {"data/topups.json": json.dumps(window_rows(80, 100))})
    first = evaluated(watched)
    cleared(watched, "topups")
    still = evaluated(watched)
    assert still["verdict"] == "rollback"
    write_files(watched.home, healthy())
    waiting = evaluated(watched)
    assert waiting["verdict"] == "rollback", "it was cleared before it fired last"
    assert "stays fired: nobody has cleared it" in waiting["reasons"][0]
    assert (waiting["since"], still["since"]) == (first["judged_at"], first["judged_at"])
    cleared(watched, "topups")
    done = evaluated(watched)
    assert done["verdict"] == "hold"
    (told,) = (one for one in done["triggers"] if one["id"] == "topups")
    assert "re-armed, cleared by Kim Sample at " in told["reason"]
    assert told["firing"] is None
    assert evaluated(watched)["verdict"] == "hold"
    assert watched("runs", "verify", "--all").code == 0


def test_too_few_samples_neither_fire_nor_clear(watched: Canary) -> None:
    write_files(watched.home, {"data/topups.json": json.dumps(window_rows(80, 100))})
    assert evaluated(watched)["verdict"] == "rollback"
    cleared(watched, "topups")
    write_files(watched.home, {"data/topups.json": json.dumps(window_rows(5, 5))})
    document = evaluated(watched)
    assert document["verdict"] == "rollback"
    assert "not shown to have recovered: 5 and 5 samples" in document["reasons"][0]


def test_a_new_release_clears_what_recovered(watched: Canary) -> None:
    write_files(watched.home, {"data/topups.json": json.dumps(window_rows(80, 100))})
    assert evaluated(watched, "--commit", BEFORE)["running_commit"] == BEFORE
    write_files(watched.home, healthy())
    assert evaluated(watched, "--commit", BEFORE)["verdict"] == "rollback"
    document = evaluated(watched, "--commit", AFTER)
    assert document["verdict"] == "hold"
    assert "commit: aaaaaaaaaaaa before, bbbbbbbbbbbb now" in document["previous"]["changes"]
    assert "topups: fired before, clear now" in document["previous"]["changes"]


def test_a_broken_audit_log_clears_nothing(watched: Canary) -> None:
    write_files(watched.home, {"data/topups.json": json.dumps(window_rows(80, 100))})
    assert evaluated(watched)["verdict"] == "rollback"
    cleared(watched, "topups")
    write_files(watched.home, healthy())
    log = watched.home / "gates/audit-log.jsonl"
    log.write_text(log.read_text().replace("Kim Sample", "Tim Sample"))
    document = evaluated(watched)
    assert states_of(document)["topups"] == "fired"
    assert any(note.startswith("the audit log is broken") for note in document["notes"])


def test_a_damaged_earlier_evaluation_is_said(watched: Canary) -> None:
    evaluated(watched)
    (_newest(watched).folder / "readings.json").write_text("{}")
    document = evaluated(watched)
    assert "is damaged" in document["notes"][0]
    assert document["previous"] is None


# --- The bundle


def test_the_bundle_holds_what_was_judged_and_can_be_judged_again(watched: Canary) -> None:
    write_files(watched.home, {"data/topups.json": json.dumps(window_rows(80, 100))})
    done = watched("triggers", "--run-id", "evaluation-1")
    assert done.code == 1
    bundle = _newest(watched)
    assert bundle.folder.name == "evaluation-1"
    assert sorted(path.name for path in bundle.folder.iterdir()) == sorted(
        ["logs", "readings.json", "rollback.toml", "run.json", "runner.json", "triggers.json", "triggers.md"]
    )
    assert bundle.text("rollback.toml") == POLICY
    readings = bundle.json("readings.json")["readings"]
    assert readings["topups"]["windows"][-1]["good"] == 80
    assert readings["topups"]["outcome"] == "answered"
    first = bundle.text("triggers.md").splitlines()[0]
    assert first.startswith("**ROLLBACK**: 1 of 7 triggers fired: topups fired: both windows are below")
    assert "Customers cannot pay. Since " in first
    assert "Next: 1. Freeze the deploy pipeline" in first
    assert "5. Resume traffic only after all checks are green" in first
    assert max(map(len, done.stdout.splitlines())) <= 80
    shown = watched("runs", "show", "evaluation-1")
    assert shown.stdout == done.stdout
    assert watched("runs", "verify", "evaluation-1").code == 0
    listed = watched("runs", "list", "--kind", KIND, "--json").document["runs"]
    assert [(row["run_id"], row["status"]) for row in listed] == [("evaluation-1", "fail")]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("triggers.json", '"verdict": "rollback"', '"verdict": "hold"'),
        ("triggers.json", '"state": "fired"', '"state": "clear"'),
        ("triggers.json", '"overall_status": "fail"', '"overall_status": "pass"'),
        ("readings.json", '"good": 80', '"good": 98'),
        ("rollback.toml", "0.97", "0.70"),
    ],
)
def test_a_forged_evaluation_is_found_out(watched: Canary, file: str, old: str, new: str) -> None:
    """Even by somebody who recomputes the seal and the index."""
    write_files(watched.home, {"data/topups.json": json.dumps(window_rows(80, 100))})
    evaluated(watched)
    bundle = _newest(watched)
    text = bundle.text(file)
    assert old in text
    (bundle.folder / file).write_text(text.replace(old, new))
    _reseal(bundle)
    done = watched("runs", "verify", bundle.folder.name)
    assert done.code == 1
    assert "inconsistent" in done.stdout or "unreadable" in done.stdout


def _reseal(bundle: Bundle) -> None:
    from hashlib import sha256  # noqa: PLC0415 - a forger's tools

    from billing_canary.artifact.seal import FIELD, sealed  # noqa: PLC0415 - the same

    document = bundle.report
    del document[FIELD]
    for row in document["artifact_index"]:
        data = (bundle.folder / row["path"]).read_bytes()
        row |= {"bytes": len(data), "sha256": sha256(data).hexdigest()}
    bundle.final.write_bytes(sealed(document))


def test_quiet_says_the_verdict_only(watched: Canary) -> None:
    loud, quiet = watched("triggers"), watched("triggers", "--quiet")
    assert loud.stderr.startswith("asking for 7 triggers")
    assert quiet.stderr == ""
    assert quiet.stdout.startswith("HOLD: 7 triggers looked at, none fired\n")
