"""`[source.NAME]` and the questions that triggers ask: every mistake is told before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.fakes.signals import level, problems_of, windows

from billing_canary.errors import Problem
from billing_canary.telemetry.question import Form, Question
from billing_canary.telemetry.registry import KINDS
from billing_canary.telemetry.settings import (
    AuditLogSource,
    BundlesSource,
    FileSource,
    PrometheusSource,
    SqlSource,
)
from billing_canary.telemetry.source import load_sources

MINIMAL: Mapping[str, Mapping[str, object]] = {
    "bundles": {"kind": "bundles"},
    "prometheus": {"kind": "prometheus", "url_env": "PROMETHEUS_URL"},
    "sql": {"kind": "sql", "dsn_env": "BILLING_DSN"},
    "file": {"kind": "file", "path": "data/incidents.json", "format": "json"},
    "audit-log": {"kind": "audit-log"},
}


def test_every_kind_has_defaults() -> None:
    problems: list[Problem] = []
    sources = load_sources(MINIMAL, "gates/rollback.toml", problems)
    assert problems == []
    assert sources == {
        "bundles": BundlesSource(name="bundles", kind="bundles", of="billing-canary", mode="any", newest=3),
        "prometheus": PrometheusSource(
            name="prometheus", kind="prometheus", url_env="PROMETHEUS_URL", token_env="", timeout_s=10
        ),
        "sql": SqlSource(
            name="sql", kind="sql", dsn_env="BILLING_DSN", statement_timeout_ms=5000, times="rfc3339"
        ),
        "file": FileSource(
            name="file",
            kind="file",
            path="data/incidents.json",
            path_env="",
            format="json",
            max_age_s=3600,
        ),
        "audit-log": AuditLogSource(name="audit-log", kind="audit-log"),
    }
    assert set(sources) == set(KINDS)


@pytest.mark.parametrize(
    ("settings", "key", "said"),
    [
        ({"kind": "sqlite"}, "kind", "is 'sqlite'"),
        ({}, "kind", "is missing"),
        ({"kind": "audit-log", "path": "x"}, "path", "is not known here"),
        ({"kind": "bundles", "newest": 0}, "newest", "is 0"),
        ({"kind": "bundles", "of": "../x"}, "of", "is '../x'"),
        ({"kind": "bundles", "mode": "live"}, "mode", "is 'live'"),
        ({"kind": "prometheus"}, "url_env", "is missing"),
        ({"kind": "prometheus", "url_env": "P", "timeout_s": 121}, "timeout_s", "is 121"),
        ({"kind": "prometheus", "url_env": "P", "token_env": ""}, "token_env", "is empty"),
        ({"kind": "sql", "dsn_env": "D", "times": "local"}, "times", "is 'local'"),
        ({"kind": "sql", "dsn_env": "D", "statement_timeout_ms": True}, "statement_timeout_ms", "integer"),
        ({"kind": "file", "format": "json"}, "path", "one of path and path_env"),
        (
            {"kind": "file", "format": "json", "path": "a", "path_env": "A"},
            "path",
            "one of path and path_env",
        ),
        ({"kind": "file", "format": "xml", "path": "a"}, "format", "is 'xml'"),
        ({"kind": "file", "format": "json", "path": "/etc/passwd"}, "path", "leads out"),
        ({"kind": "file", "format": "json", "path": "a/../../b"}, "path", "leads out"),
        ({"kind": "file", "format": "csv", "path": "a", "rows": "x"}, "rows", "is for JSON"),
        ({"kind": "file", "format": "json", "path": "a", "max_age_s": 9}, "max_age_s", "needs written_at"),
        ({"kind": "file", "format": "json", "path": "a", "written_at": "t"}, "written_at", "needs rows"),
        ({"kind": "file", "format": "json", "path": "a", "columns": {"nr": "x"}}, "columns.nr", "no column"),
        ({"kind": "file", "format": "json", "path": "a", "columns": {"id": ""}}, "columns.id", "is empty"),
    ],
)
def test_a_wrong_setting_is_told_with_its_key(settings: Mapping[str, object], key: str, said: str) -> None:
    [problem] = problems_of(settings)
    assert (problem.where, problem.key) == ("gates/rollback.toml", f"source.it.{key}")
    assert said in problem.message
    assert problem.fix


def test_a_secret_in_the_place_of_a_variable_is_not_repeated() -> None:
    [problem] = problems_of({"kind": "sql", "dsn_env": "postgresql://canary:hunter22@db/x"})
    assert "hunter22" not in str(problem)


def test_every_problem_is_told_at_once() -> None:
    problems: list[Problem] = []
    load_sources({"Big": {"kind": "audit-log"}, "flat": 3, "b": {"kind": "sql"}}, "f.toml", problems)
    assert [problem.key for problem in problems] == ["source.Big", "source.flat", "source.b.dsn_env"]


GOOD = "SELECT 1 AS good, 1 AS total WHERE :start < :end"


@pytest.mark.parametrize(
    ("kind", "question", "key", "said"),
    [
        ("bundles", windows(query="x"), "source", "kind 'bundles' has runs"),
        ("audit-log", level("x"), "source", "has incidents"),
        ("prometheus", level(""), "query", "has no query"),
        ("prometheus", windows(good="a", totl="b"), "query", "this source takes good and total"),
        ("prometheus", level("rate(a[{window}])"), "query", "a level has no window"),
        ("prometheus", windows(good="sum(a)", total="sum(b)"), "good", "neither the plain selector"),
        ("prometheus", windows(good="a", total="sum(rate(b[{window}]))"), "total", "one of good and total"),
        ("sql", windows(query="SELECT 1 AS good, 1 AS total"), "query", "does not use both"),
        ("sql", level("DELETE FROM a"), "query", "is no SELECT"),
        ("sql", level("SELECT 1; SELECT 2"), "query", "several statements"),
        ("sql", level("SELECT :strat AS value"), "query", "has the parameter :strat"),
        ("file", level("SELECT 1"), "query", "takes no query"),
        ("prometheus", level(" "), "query", "is empty"),
        ("prometheus", level("a" * 20_001), "query", "longer than"),
    ],
)
def test_a_question_that_cannot_be_asked_is_told(kind: str, question: Question, key: str, said: str) -> None:
    problems = problems_of(MINIMAL[kind], question)
    assert key in {problem.key for problem in problems}
    assert any(said in problem.message for problem in problems), problems
    assert {problem.where for problem in problems} == {"trigger.rate"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("window_s", 59), ("windows", 0), ("windows", 169), ("delay_s", -1), ("delay_s", 86_401)],
)
def test_numbers_of_windows_have_limits(name: str, value: int) -> None:
    question = Question(trigger="t", form=Form.WINDOWS, texts={"query": GOOD}, **{name: value})
    [problem] = problems_of(MINIMAL["sql"], question)
    assert problem.key == name


@pytest.mark.parametrize(
    "selector",
    ["a", "a_total{}", 'a{b="c"}', "a{b=~\"x|y\", c!='z' , d!~`{}`,}", 'job:a:sum{b="}\\""}'],
)
def test_plain_selectors_are_known(selector: str) -> None:
    assert problems_of(MINIMAL["prometheus"], windows(good=selector, total=selector)) == []


@pytest.mark.parametrize("text", ["a[5m]", "a offset 5m", "-a", "sum(a)", "a + b", '{__name__="a"}', "a @ 5"])
def test_other_queries_are_no_plain_selectors(text: str) -> None:
    assert problems_of(MINIMAL["prometheus"], windows(good=text, total=text)) != []
