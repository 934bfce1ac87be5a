"""Our own recorded runs as a source. They are read and verified above: telemetry knows no bundle format."""

from __future__ import annotations

import re

from billing_canary.config import Table
from billing_canary.errors import EvidenceError
from billing_canary.reading import Outcome, RunSeen
from billing_canary.telemetry.kind import Answer, Asking, SourceKind, UnanswerableError
from billing_canary.telemetry.question import Form
from billing_canary.telemetry.settings import BundlesSource
from billing_canary.telemetry.settings_checks import number

_OF = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_MODES = ("any", "staging", "mock")
_NEWEST = range(1, 101)


def _load(table: Table, name: str) -> BundlesSource:
    of = table.get("of", str, "billing-canary")
    if not _OF.fullmatch(of):
        table.problem("of", f"is {of!r}", 'write a kind of bundle, e.g. "billing-canary"')
    return BundlesSource(
        name=name,
        kind="bundles",
        of=of,
        mode=table.one_of("mode", _MODES, "any"),
        newest=number(table, "newest", 3, _NEWEST),
    )


def _shown(source: BundlesSource, asking: Asking) -> str:
    which = "" if source.mode == "any" else f" in {source.mode} mode"
    return f"newest {source.newest} runs of {asking.artifacts.name}/{source.of}{which}"


def _read(source: BundlesSource, asking: Asking) -> Answer:
    try:
        seen = asking.runs(source)
    except EvidenceError as error:
        raise UnanswerableError(str(error)) from error
    runs = tuple(run for run in seen if _fits(source, run))[: source.newest]
    return Answer(outcome=Outcome.ANSWERED if runs else Outcome.EMPTY, runs=runs)


def _fits(source: BundlesSource, run: RunSeen) -> bool:
    """Whether a trigger should see `run`; one too broken to tell its mode is never left out."""
    return run.kind == source.of and (source.mode == "any" or run.mode in {source.mode, ""})


BUNDLES = SourceKind(name="bundles", load=_load, forms={Form.RUNS: ((),)}, shown=_shown, read=_read)
