"""What holds for every kind of source: unreachable is said, never raised, and the manual knows the kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.fakes.server import unused_port
from tests.fakes.signals import ask, problems_of

from billing_canary.reading import Outcome
from billing_canary.telemetry.question import Form, Question
from billing_canary.telemetry.registry import KINDS

MANUAL = Path(__file__).parents[2] / "docs" / "telemetry.md"
MINIMAL: Mapping[str, Mapping[str, object]] = {
    "bundles": {"kind": "bundles"},
    "prometheus": {"kind": "prometheus", "url_env": "ADDRESS"},
    "sql": {"kind": "sql", "dsn_env": "ADDRESS"},
    "file": {"kind": "file", "path": "nosuch.json", "format": "json"},
    "audit-log": {"kind": "audit-log"},
}
TEXTS = {"good": "good_total", "total": "all_total", "query": "SELECT 1 AS value WHERE :start < :end"}
PAIRS = [(name, form) for name, kind in KINDS.items() for form in kind.forms]


def question(kind: str, form: Form) -> Question:
    keys = KINDS[kind].forms[form][0]
    return Question(trigger="t", form=form, texts={key: TEXTS[key] for key in keys})


@pytest.mark.parametrize(("kind", "form"), PAIRS)
@pytest.mark.parametrize("address", ["", "unreachable"])
def test_what_cannot_be_reached_is_a_reading(kind: str, form: Form, address: str, tmp_path: Path) -> None:
    (tmp_path / "gates").write_text("no folder", encoding="utf-8")
    scheme = {"prometheus": "http", "sql": "postgresql"}.get(kind, "x")
    environment = {"ADDRESS": f"{scheme}://127.0.0.1:{unused_port()}/x"} if address else {}
    reading = ask(MINIMAL[kind], question(kind, form), environment, root=tmp_path)
    assert (reading.windows, reading.samples, reading.runs, reading.incidents) == ((), (), (), ())
    if kind == "bundles":
        assert reading.outcome is Outcome.EMPTY
    elif kind == "audit-log":
        assert reading.outcome in {Outcome.FAILED, Outcome.ANSWERED}
    else:
        assert reading.outcome is Outcome.FAILED
        assert reading.problem
    assert reading.question


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", Form)
def test_a_form_that_a_kind_does_not_answer_is_told(kind: str, form: Form) -> None:
    if form not in KINDS[kind].forms:
        problems = problems_of(MINIMAL[kind], Question(trigger="t", form=form))
        assert [problem.key for problem in problems] == ["source"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_manual_knows_every_kind(kind: str) -> None:
    assert f'kind = "{kind}"' in MANUAL.read_text(encoding="utf-8")
