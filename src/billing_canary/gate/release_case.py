"""What every rule of go or no-go works with: the case, an item's settings, instants, and its result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from billing_canary.release import ItemResult, ReleaseEvidence, ReleaseItem, ReleasePolicy
from billing_canary.verdict import Status

SHOWN = 12
"""Characters of a commit that people read; commands get all of it."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is judged: the policy and the evidence."""

    policy: ReleasePolicy
    evidence: ReleaseEvidence

    @property
    def now(self) -> datetime | None:
        """When it is decided; None, with which nothing is fresh, when the evidence does not tell."""
        return instant(self.evidence.decided_at)


@dataclass(frozen=True, kw_only=True)
class Red:
    """Why an item is not green, what would make it so, and the evidence that was looked at."""

    status: Status
    reason: str
    fix: str
    evidence: str = ""


def green(item: ReleaseItem, reason: str, evidence: str) -> ItemResult:
    """`item` holds."""
    return _result(item, Status.PASS, evidence, reason, "")


def red(item: ReleaseItem, why: Red) -> ItemResult:
    """`item` does not hold."""
    return _result(item, why.status, why.evidence, why.reason, why.fix)


def failed(reason: str, fix: str, evidence: str = "") -> Red:
    """Evidence says that it is not so."""
    return Red(status=Status.FAIL, reason=reason, fix=fix, evidence=evidence)


def missing(reason: str, fix: str, evidence: str = "") -> Red:
    """There is no evidence that it is so."""
    return Red(status=Status.INCONCLUSIVE, reason=reason, fix=fix, evidence=evidence)


def text(item: ReleaseItem, key: str) -> str:
    """The text under `key`; "" when there is none, with which no rule is satisfied."""
    value = item.settings.get(key)
    return value if isinstance(value, str) else ""


def number(item: ReleaseItem, key: str) -> int:
    """The number under `key`; 0 when there is none."""
    value = item.settings.get(key)
    return value if type(value) is int else 0


def words(item: ReleaseItem, key: str) -> tuple[str, ...]:
    """The texts under `key`; none when there are none."""
    value = item.settings.get(key)
    return tuple(map(str, value)) if isinstance(value, tuple | list) else ()


def instant(told: str) -> datetime | None:
    """The instant that `told` names in RFC 3339; None when it names none, or tells no offset from UTC."""
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        return None
    return None if found.tzinfo is None else found.astimezone(UTC)


def is_over(expires: str, case: Case) -> bool:
    """Whether what holds until `expires` holds no longer, or cannot be told to."""
    end, now = instant(expires), case.now
    return end is None or now is None or end <= now


def is_later(at: str, case: Case) -> bool:
    """Whether `at` is after the decision, or cannot be told to be before it."""
    moment, now = instant(at), case.now
    return moment is None or now is None or moment > now


def _result(item: ReleaseItem, status: Status, evidence: str, reason: str, fix: str) -> ItemResult:
    return ItemResult(
        id=item.id,
        title=item.title,
        required=item.required,
        status=status,
        evidence=evidence,
        reason=reason,
        fix=fix,
    )
