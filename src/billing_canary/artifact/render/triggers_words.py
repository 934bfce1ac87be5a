"""What the reports of an evaluation say the same way, on a terminal and in Markdown."""

from __future__ import annotations

from billing_canary.artifact.render.text import counted
from billing_canary.artifact.triggers_report import TriggersReport
from billing_canary.rollback import TriggerResult, TriggerState
from billing_canary.verdict import Status

STATUS = {
    TriggerState.FIRED: Status.FAIL,
    TriggerState.ERROR: Status.ERROR,
    TriggerState.STALE: Status.INCONCLUSIVE,
    TriggerState.INSUFFICIENT_DATA: Status.INCONCLUSIVE,
    TriggerState.CLEAR: Status.PASS,
}
"""The status whose colour a state gets, the worst first."""

_WORST_FIRST = list(STATUS)


def headline(report: TriggersReport) -> str:
    """The verdict and how many triggers it rests on, in one sentence of plain text."""
    triggers = report.recommendation.triggers
    states = [result.state for result in triggers]
    total = counted(len(triggers), "trigger")
    match report.recommendation.verdict:
        case "rollback":
            return f"ROLLBACK: {states.count(TriggerState.FIRED)} of {total} fired"
        case "hold":
            return f"HOLD: {total} looked at, none fired"
        case _:
            unclear = len(states) - states.count(TriggerState.CLEAR)
            return f"UNKNOWN: {unclear} of {total} cannot tell, none fired"


def ordered(report: TriggersReport) -> list[TriggerResult]:
    """The triggers, the worst first, otherwise as the policy has them."""
    return sorted(report.recommendation.triggers, key=lambda result: _WORST_FIRST.index(result.state))


def next_words(report: TriggersReport) -> str:
    """What to do next, in one line; the steps of a rollback are numbered."""
    steps = report.next_steps
    if len(steps) == 1:
        return steps[0]
    return " ".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
