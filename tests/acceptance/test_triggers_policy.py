"""`triggers`: what its policy may say, clearing a trigger, and simulating the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.fakes.watched_project import KIND, cleared, evaluated, states_of, write_files

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary


def test_a_trigger_that_is_switched_off_is_shown_with_its_owner(watched: Canary) -> None:
    write_files(watched.home, {"data/topups.json": "broken"})
    off = 'id = "topups"\nenabled = false\nreason = "no metrics yet"\nowner = "Kim"'
    watched.edit("gates/rollback.toml", 'id = "topups"', off)
    document = evaluated(watched)
    assert document["verdict"] == "hold"
    assert document["disabled"] == [
        {"id": "topups", "title": "Top-ups succeed", "reason": "no metrics yet", "owner": "Kim"}
    ]
    assert "switched off       topups\n    no metrics yet (Kim)" in watched("triggers").stdout


def test_a_policy_without_triggers_knows_nothing(watched: Canary) -> None:
    write_files(watched.home, {"gates/rollback.toml": 'title = "none"\n'})
    document = evaluated(watched)
    assert document["reasons"] == ["no trigger is configured: nothing was looked at"]
    assert document["verdict"] == "unknown"


def test_the_shipped_policy_is_never_clear_without_its_sources(quick: Canary) -> None:
    assert quick("probe", "--quiet").code == 0
    document = evaluated(quick)
    assert document["verdict"] == "unknown"
    states = states_of(document)
    assert [id_ for id_, state in states.items() if state == "clear"] == [
        "canary-failed",
        "canary-stale",
        "severe-incident",
    ]
    wrong = [one["reason"] for one in document["triggers"] if one["state"] == "error"]
    assert len(wrong) == len(states) - 3
    assert all("BILLING_CANARY_" in reason and "set" in reason for reason in wrong)


def test_every_problem_of_a_policy_at_once(watched: Canary) -> None:
    wrong = """
title = 5
[source.canary]
kind = "bundels"
[source.topups]
kind = "file"
path = "data/topups.json"
format = "json"
[[trigger]]
id = "Canary Failed"
title = "t"
rule = "canary-failed"
source = "canary"
[[trigger]]
id = "rate"
title = "t"
rule = "success-rate"
source = "topups"
alpha = "2"
min_samples = 0
windw_s = 5
[[trigger]]
id = "rate"
title = "t"
rule = "backlog"
source = "nowhere"
enabled = false
reason = ""
"""
    write_files(watched.home, {"gates/rollback.toml": wrong})
    done = watched("triggers")
    assert (done.code, done.stdout) == (2, "")
    for said in (
        "gates/rollback.toml: title: must be a string",
        "source.canary.kind: is 'bundels'",
        "trigger[1].id: is 'Canary Failed'",
        "trigger rate.alpha: is '2'",
        "trigger rate.min_samples: is 0",
        "trigger rate.windw_s: is not known here",
        "trigger rate.baseline: one of baseline and metric is needed",
        "trigger rate.source: is 'nowhere'",
        "trigger rate.limit: is missing",
        "trigger rate.reason: is empty",
        "trigger rate.owner: is missing",
        "trigger: has the id 'rate' 2 times",
    ):
        assert said in done.stderr, said
    assert not watched.bundles(KIND)


# --- Clearing and simulating


@pytest.mark.parametrize(
    "words",
    [
        "triggers --clear topups",
        "triggers --clear topups --by Kim",
        "triggers --by Kim --reason why",
        "triggers --clear topups --by Kim --reason why --simulate",
        "triggers --commit abc",
        "triggers --simulate --windows 1",
        "triggers --mode production",
    ],
)
def test_a_wrong_call(watched: Canary, words: str) -> None:
    done = watched(*words.split())
    assert (done.code, done.stdout) == (2, "")
    assert "Error: " in done.stderr


def test_clearing_an_unknown_trigger_names_the_known_ones(watched: Canary) -> None:
    done = watched("triggers", "--clear", "topup", "--by", "Kim", "--reason", "why")
    assert done.code == 2
    assert "use one of canary-failed, canary-stale, topups" in done.stderr


def test_clearing_tells_its_entry(watched: Canary) -> None:
    assert "cleared topups, entry 1" in cleared(watched, "topups").stdout
    done = watched("triggers", "--clear", "topups", "--by", "Kim", "--reason", "again", "--json")
    assert done.document["sequence"] == 2
    assert done.document["fields"] == {"trigger": "topups", "reason": "again"}


def test_the_table_of_the_rule(quick: Canary) -> None:
    done = quick("triggers", "--simulate")
    assert done.code == 0
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("0.")]
    assert len(rows) == 12
    assert rows[0] == ["0.99", "5", "0.031", "0.01", "0.90", "43.07"]
    assert "The policy's topup-success-rate waits for more than 5 samples" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not quick.artifacts.exists()


def test_the_table_as_a_document(quick: Canary) -> None:
    words = ["--baseline", "0.97", "--samples", "20, 100", "--alpha", "0.001", "--windows", "24", "--json"]
    document = quick("triggers", "--simulate", *words).document
    assert (document["alpha"], document["windows"], document["trials"]) == ("0.001", 24, None)
    assert [(cell["baseline"], cell["samples"]) for cell in document["cells"]] == [
        ("0.97", 20),
        ("0.97", 100),
    ]
    drawn = quick("triggers", "--simulate", *words, "--trials", "200", "--seed", "4").document
    assert (drawn["trials"], drawn["seed"]) == (200, 4)
    assert quick("triggers", "--simulate", *words, "--trials", "200", "--seed", "4").document == drawn
    measured = quick("triggers", "--simulate", *words, "--measured", "1000").document
    assert measured["cells"][0]["baseline"] == "0.97 of 1000"


def test_every_wrong_option_of_the_simulation_at_once(quick: Canary) -> None:
    done = quick("triggers", "--simulate", "--samples", "5,x", "--baseline", "97", "--alpha", "0")
    assert done.code == 2
    for said in ("--samples: is '5,x'", "--baseline: is '97'", "--alpha: is '0'"):
        assert said in done.stderr
