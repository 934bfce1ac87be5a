"""The sentences about a decision that every report of it shares."""

from __future__ import annotations

from billing_canary.artifact.decision_report import DecisionReport
from billing_canary.artifact.render.text import counted, plain
from billing_canary.release import Decision, ItemResult
from billing_canary.verdict import Status

_LONGEST_WHY = 200
_SHORT = 12


def green_items(decision: Decision) -> tuple[int, int]:
    """How many required items are green, and how many are required."""
    required = [item for item in decision.items if item.required]
    return sum(item.status is Status.PASS for item in required), len(required)


def headline(report: DecisionReport) -> str:
    """The verdict in words, e.g. "NO-GO: 9 of 14 required items are green, commit 0123456789ab"."""
    green, of = green_items(report.decision)
    return (
        f"{report.decision.verdict}: {green} of {counted(of, 'required item')} are green, {_commit(report)}"
    )


def why(report: DecisionReport) -> str:
    """The first blocker, and how many more there are."""
    blockers = report.decision.blockers
    if not blockers:
        return "nothing is missing"
    rest = f" (and {counted(len(blockers) - 1, 'more blocker')})" if len(blockers) > 1 else ""
    return f"{plain(blockers[0], _LONGEST_WHY)}{rest}"


def next_step(report: DecisionReport) -> str:
    """What a person should do now, without the command."""
    blocked = first_blocked(report.decision)
    if blocked is not None:
        return f"mend {plain(blocked.id)}"
    if report.decision.blockers:
        return "mend the policy, and decide again"
    return "release exactly this commit, then watch the canary and 'billing-canary triggers'"


def first_blocked(decision: Decision) -> ItemResult | None:
    """The first required item that is not green."""
    red = (item for item in decision.items if item.required and item.status is not Status.PASS)
    return next(red, None)


def is_command(fix: str) -> bool:
    """Whether `fix` can be copied to a shell; otherwise it is advice."""
    return fix.startswith(("git ", "billing-canary "))


def outcome(item: ItemResult) -> str:
    """One word for an item, e.g. "green", "RED", "missing", "red (optional)"."""
    if item.status is Status.PASS:
        return "green"
    word = "missing" if item.status is Status.INCONCLUSIVE else "RED"
    return word if item.required else f"({word})"


def _commit(report: DecisionReport) -> str:
    return f"commit {report.decision.commit[:_SHORT]}"
