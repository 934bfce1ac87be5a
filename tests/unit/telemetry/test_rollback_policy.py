"""`gates/rollback.toml`: what is shipped, defaults, and what single mistakes come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing_canary.errors import ProjectError
from billing_canary.rollback import TriggerRule
from billing_canary.telemetry.question import Form
from billing_canary.telemetry.rollback_policy import Watched, in_mode, read_rollback_policy
from billing_canary.telemetry.settings import BundlesSource

SHIPPED = Path(__file__).parents[3] / "gates/rollback.toml"
SOURCES = """
[source.runs]
kind = "bundles"
[source.db]
kind = "sql"
dsn_env = "DSN"
"""
QUERY = "query = 'SELECT 1 AS good, 1 AS total WHERE :start < :end'"


def _read(tmp_path: Path, text: str) -> Watched:
    file = tmp_path / "rollback.toml"
    file.write_text(SOURCES + text, encoding="utf-8")
    return read_rollback_policy(file, "gates/rollback.toml")


def _trigger(rule: str, *lines: str, source: str = "db", id_: str = "it") -> str:
    head = f'[[trigger]]\nid = "{id_}"\ntitle = "t"\nrule = "{rule}"\nsource = "{source}"'
    return "\n".join([head, *lines, ""])


def test_the_shipped_policy_watches_what_the_runbooks_name() -> None:
    watched = read_rollback_policy(SHIPPED, "gates/rollback.toml")
    rules = {trigger.id: trigger.rule for trigger in watched.policy.triggers}
    assert set(rules.values()) == set(TriggerRule)
    assert {"ladder-queue-stale", "webhook-failures", "solvent-wallets-blocked"} <= set(rules)
    assert all(trigger.why for trigger in watched.policy.triggers)
    assert watched.policy.disabled == ()
    assert set(watched.questions) == set(rules)
    assert "http" not in SHIPPED.read_text(encoding="utf-8").replace("HTTP", "")


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    watched = _read(tmp_path, _trigger("success-rate", 'metric = "topups"', QUERY))
    (trigger,) = watched.policy.triggers
    assert trigger.settings == {
        "window_s": 3600,
        "delay_s": 60,
        "min_samples": 20,
        "baseline": "",
        "metric": "topups",
        "alpha": "0.0001",
        "visible_drop": "0.2",
    }
    assert trigger.place == "gates/rollback.toml: trigger it"
    question = watched.questions["it"]
    assert (question.form, question.window_s, question.windows, question.delay_s) == (
        Form.WINDOWS,
        3600,
        2,
        60,
    )


def test_the_window_that_is_judged_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    lines = ('threshold = "0.05"', "window_s = 600", "delay_s = 0", QUERY)
    watched = _read(tmp_path, _trigger("failure-ratio", *lines))
    assert (watched.questions["it"].window_s, watched.questions["it"].delay_s) == (600, 0)


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        (_trigger("success-rate", QUERY), "baseline", "one of baseline and metric is needed"),
        (_trigger("success-rate", 'baseline = "0.9"', 'metric = "m"', QUERY), "baseline", "one of baseline"),
        (_trigger("success-rate", 'baseline = "1"', QUERY), "baseline", "is '1'"),
        (_trigger("success-rate", 'baseline = "9e-1"', QUERY), "baseline", "is '9e-1'"),
        (_trigger("success-rate", "baseline = 0.9", QUERY), "baseline", "must be a string"),
        (_trigger("success-rate", 'metric = "-"', QUERY), "metric", "is '-'"),
        (_trigger("success-rate", 'metric = "m"', 'alpha = ""', QUERY), "alpha", "is empty"),
        (_trigger("success-rate", 'metric = "m"'), "query", "has no query"),
        (_trigger("failure-ratio", QUERY), "threshold", "is missing"),
        (_trigger("failure-ratio", 'threshold = "0"', QUERY), "threshold", "is '0'"),
        (_trigger("backlog", 'limit = "-1"', "query = 'SELECT 1'"), "limit", "is '-1'"),
        (_trigger("backlog", "limit = 5", "query = 'SELECT 1'"), "limit", "must be a string"),
        (_trigger("repeated", "times = 0", "query = 'SELECT 1'"), "times", "is 0"),
        (_trigger("incident", source="runs"), "source", "asks source 'runs' for incidents"),
        (_trigger("canary-failed"), "source", "asks source 'db' for runs"),
        (_trigger("canary-stale", "interval_s = 5", source="runs"), "interval_s", "is 5"),
        (_trigger("canary-failed", source="elsewhere"), "source", "is 'elsewhere'"),
        (_trigger("canary-failde", source="runs"), "rule", "is 'canary-failde'"),
        (_trigger("canary-failed", 'owner = "Kim"', source="runs"), "owner", "is not known here"),
        (_trigger("canary-failed", source="runs", id_="It"), "id", "is 'It'"),
        ("trigger = [5]", "trigger", "holds 5"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, key: str, message: str) -> None:
    at_top = text.startswith("trigger =")
    file = tmp_path / "rollback.toml"
    file.write_text(text + SOURCES if at_top else SOURCES + text, encoding="utf-8")
    with pytest.raises(ProjectError) as raised:
        read_rollback_policy(file, "gates/rollback.toml")
    (problem,) = raised.value.problems
    assert message in problem.message
    assert problem.key.endswith(key)
    assert problem.where.startswith("gates/rollback.toml")
    assert problem.fix


def test_a_mode_narrows_our_own_runs_only(tmp_path: Path) -> None:
    watched = _read(tmp_path, "")
    narrowed = in_mode(watched.sources, "staging")
    runs = narrowed["runs"]
    assert isinstance(runs, BundlesSource)
    assert runs.mode == "staging"
    assert narrowed["db"] == watched.sources["db"]
    assert in_mode(watched.sources, None) == watched.sources
