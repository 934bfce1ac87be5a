"""Triggers, readings and evidence as the rules take them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from billing_canary.reading import IncidentSeen, Outcome, Reading, RunSeen, Sample, Window
from billing_canary.rollback import Baseline, EarlierFiring, RollbackEvidence, Trigger, TriggerRule

NOW = "2026-11-21T12:01:00.000Z"
COMMIT = "a" * 40
NEXT_COMMIT = "b" * 40

SETTINGS: Mapping[TriggerRule, Mapping[str, object]] = {
    TriggerRule.CANARY_FAILED: {},
    TriggerRule.CANARY_STALE: {"interval_s": 1800},
    TriggerRule.SUCCESS_RATE: {
        "window_s": 3600,
        "delay_s": 60,
        "min_samples": 20,
        "baseline": "0.97",
        "metric": "",
        "alpha": "0.0001",
        "visible_drop": "0.2",
    },
    TriggerRule.FAILURE_RATIO: {"window_s": 3600, "delay_s": 60, "min_samples": 20, "threshold": "0.05"},
    TriggerRule.BACKLOG: {"max_age_s": 900, "limit": "100", "unit": "events"},
    TriggerRule.REPEATED: {"max_age_s": 900, "times": 3},
    TriggerRule.INCIDENT: {"max_severity": 2},
}


def at(minutes: float) -> str:
    """So many minutes before now; negative ones are after it."""
    moment = datetime.fromisoformat(NOW) - timedelta(minutes=minutes)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def trigger(rule: TriggerRule, *, why: str = "", **settings: object) -> Trigger:
    return Trigger(
        id=str(rule),
        title=f"Title of {rule}",
        rule=rule,
        source="somewhere",
        settings={**SETTINGS[rule], **settings},
        why=why,
        place="gates/rollback.toml: trigger x",
    )


def reading(outcome: Outcome = Outcome.ANSWERED, problem: str = "", **parts: Iterable[Any]) -> Reading:
    told: dict[str, Any] = {name: tuple(values) for name, values in parts.items()}
    return Reading(
        source="somewhere", question="what?", asked_at=NOW, outcome=outcome, problem=problem, **told
    )


def windows(*counts: tuple[int | None, int | None], newest_ended: float = 1) -> tuple[Window, ...]:
    """Adjacent hourly windows with (good, total), the newest last, which ended so many minutes ago."""
    last = len(counts) - 1
    return tuple(
        Window(
            start=at(newest_ended + 60 * (last - place + 1)),
            end=at(newest_ended + 60 * (last - place)),
            good=good,
            total=total,
        )
        for place, (good, total) in enumerate(counts)
    )


def changed(pair: tuple[Window, ...], place: int, **parts: Any) -> tuple[Window, ...]:
    """`pair` with one window changed."""
    return tuple(replace(one, **parts) if number == place else one for number, one in enumerate(pair))


def run(
    name: str, status: str = "pass", state: str = "verified", *, ended: float = 10, why: str = ""
) -> RunSeen:
    """A canary run that ended so many minutes ago and took one."""
    return RunSeen(
        run_id=name,
        kind="billing-canary",
        state=state,
        overall_status=status,
        mode="staging",
        started_at=at(ended + 1),
        finished_at=at(ended) if state == "verified" else "",
        reason=why,
    )


def sample(value: str, labels: str = "", *, age: float = 1) -> Sample:
    return Sample(at=at(age), value=value, labels=labels)


def incident(
    severity: int, *, billing: bool = True, is_open: bool = True, name: str = "INC-1"
) -> IncidentSeen:
    return IncidentSeen(
        id=name,
        severity=severity,
        billing=billing,
        open=is_open,
        title="Wallets are wrong",
        opened_at=at(30),
    )


def baseline(
    good: int, total: int, *, metric: str = "topups", declared: str = "", set_at: str = ""
) -> Baseline:
    return Baseline(
        metric=metric,
        declared=declared,
        good=good,
        total=total,
        period="October",
        owner="Kim",
        set_at=set_at or at(9_000),
    )


def firing(rule: TriggerRule, cleared_by: str = "") -> EarlierFiring:
    return EarlierFiring(
        trigger=str(rule),
        run_id="run-before",
        fired_at=at(300),
        cleared_by=cleared_by,
        commit=COMMIT,
        since=at(600),
    )


def evidence(
    readings: Mapping[str, Reading] | None = None,
    *,
    baselines: tuple[Baseline, ...] = (),
    earlier: tuple[EarlierFiring, ...] = (),
) -> RollbackEvidence:
    return RollbackEvidence(
        judged_at=NOW,
        commit=COMMIT,
        readings=readings or {},
        baselines=baselines,
        earlier=earlier,
        run_id="run-now",
    )
