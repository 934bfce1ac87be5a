"""What each kind of audit entry holds: one table, checked when an entry is appended and when it is read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from billing_canary.audit.log import EntryKind

NAME_LIMIT, TITLE_LIMIT, REASON_LIMIT = 200, 200, 1000
"""Characters."""

LONGEST_EXPIRY = timedelta(days=366)
"""What is accepted for longer than a year is a decision to be taken anew."""

SEVERITIES = range(1, 5)
STATES = ("verified", "partial", "none")
YES_NO = ("yes", "no")

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_RATE = re.compile(r"[01](?:\.\d{1,12})?", re.ASCII)
_SLUG = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._:/-]{0,118}[A-Za-z0-9])?", re.ASCII)
_LARGEST = 10**12
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
"""Invisible, but Persian and some emoji cannot be written without them."""

_QUOTED = 60

Check = Callable[[object], str]
"""What is wrong with a value, as the end of a sentence, or ""."""


@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """One field of a kind."""

    check: Check
    required: bool = True


def quoted(value: object) -> str:
    """A value as messages show it: short, and with nothing in it that a terminal would obey."""
    shown = ascii(value) if isinstance(value, str | int) else type(value).__name__
    return shown if len(shown) <= _QUOTED else f"{shown[:_QUOTED]}..."


def text_of(limit: int) -> Check:
    """A check for one line of text of at most `limit` characters."""

    def check(value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            return f"must be text, not {quoted(value)}"
        if len(value) > limit:
            return f"has {len(value)} characters; at most {limit} are allowed"
        if value != value.strip():
            return f"must not begin or end with white space: {quoted(value)}"
        hidden = [c for c in value if unicodedata.category(c) in _HIDDEN and c not in _JOINERS]
        return f"holds the control character U+{ord(hidden[0]):04X}" if hidden else ""

    return check


def is_commit(value: object) -> str:
    """A full object id of Git, SHA-1 or SHA-256."""
    fits = isinstance(value, str) and _COMMIT.fullmatch(value)
    return "" if fits else f"must be a full commit hash of 40 hexadecimal digits, not {quoted(value)}"


def is_instant(value: object) -> str:
    """RFC 3339 in UTC with milliseconds, as `clock.utc_text` writes it."""
    if isinstance(value, str) and _INSTANT.fullmatch(value) and _parses(value, datetime.fromisoformat):
        return ""
    return f"must be a time such as 2026-11-21T10:37:16.123Z, not {quoted(value)}"


def is_day(value: object) -> str:
    """An ISO 8601 date."""
    if isinstance(value, str) and _DAY.fullmatch(value) and _parses(value, date.fromisoformat):
        return ""
    return f"must be a date such as 2026-11-21, not {quoted(value)}"


def is_rate(value: object) -> str:
    """A decimal above 0 and at most 1, kept as text."""
    fits = isinstance(value, str) and _RATE.fullmatch(value) and 0 < Decimal(value) <= 1
    return "" if fits else f"must be a rate above 0 and at most 1 such as 0.97, not {quoted(value)}"


def is_slug(value: object) -> str:
    """A name of a role, item, metric, trigger or run."""
    if isinstance(value, str) and _SLUG.fullmatch(value):
        return ""
    return f"must be a name of letters, digits and . _ : / - (at most 120), not {quoted(value)}"


def whole(low: int, high: int) -> Check:
    """A check for an integer from `low` to `high`."""

    def check(value: object) -> str:
        if type(value) is int and low <= value <= high:
            return ""
        return f"must be a whole number from {low} to {high}, not {quoted(value)}"

    return check


def one_of(*choices: str) -> Check:
    """A check for one of `choices`."""

    def check(value: object) -> str:
        return "" if value in choices else f"must be one of {', '.join(choices)}, not {quoted(value)}"

    return check


def _parses(text: str, parse: Callable[[str], object]) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _must(check: Check) -> FieldRule:
    return FieldRule(check=check)


def _may(check: Check) -> FieldRule:
    return FieldRule(check=check, required=False)


_NAME, _TITLE, _TEXT = text_of(NAME_LIMIT), text_of(TITLE_LIMIT), text_of(REASON_LIMIT)
_SEVERITY = whole(SEVERITIES[0], SEVERITIES[-1])
_ENDS = {"of": _must(whole(1, _LARGEST)), "reason": _must(_TEXT)}

FIELDS: Mapping[EntryKind, Mapping[str, FieldRule]] = {
    EntryKind.APPROVAL: {"commit": _must(is_commit), "role": _must(is_slug), "reason": _may(_TEXT)},
    EntryKind.APPROVAL_WITHDRAWN: _ENDS,
    EntryKind.RISK: {
        "title": _must(_TITLE),
        "owner": _must(_NAME),
        "mitigation": _must(_TEXT),
        "expires": _must(is_instant),
    },
    EntryKind.RISK_CLOSED: _ENDS,
    EntryKind.ATTESTATION: {
        "item": _must(is_slug),
        "commit": _must(is_commit),
        "reason": _must(_TEXT),
        "expires": _must(is_instant),
        "state": _may(one_of(*STATES)),
        "rehearsed_on": _may(is_day),
    },
    EntryKind.ATTESTATION_WITHDRAWN: _ENDS,
    EntryKind.INCIDENT_OPENED: {
        "title": _must(_TITLE),
        "severity": _must(_SEVERITY),
        "billing": _must(one_of(*YES_NO)),
        "impact": _must(_TEXT),
        "owner": _must(_NAME),
    },
    EntryKind.INCIDENT_UPDATED: {
        "of": _must(whole(1, _LARGEST)),
        "note": _must(_TEXT),
        "severity": _may(_SEVERITY),
        "billing": _may(one_of(*YES_NO)),
        "impact": _may(_TEXT),
        "owner": _may(_NAME),
    },
    EntryKind.INCIDENT_CLOSED: _ENDS,
    EntryKind.BASELINE: {
        "metric": _must(is_slug),
        "owner": _must(_NAME),
        "declared": _may(is_rate),
        "good": _may(whole(0, _LARGEST)),
        "total": _may(whole(1, _LARGEST)),
        "period": _may(_TITLE),
    },
    EntryKind.TRIGGER_CLEARED: {"trigger": _must(is_slug), "reason": _must(_TEXT)},
    EntryKind.RUN_INVALIDATED: {"kind": _must(is_slug), "run_id": _must(is_slug), "reason": _must(_TEXT)},
}
"""Every kind with its fields; docs/audit-log.md says the same in words."""

REFERS: Mapping[EntryKind, EntryKind] = {
    EntryKind.APPROVAL_WITHDRAWN: EntryKind.APPROVAL,
    EntryKind.RISK_CLOSED: EntryKind.RISK,
    EntryKind.ATTESTATION_WITHDRAWN: EntryKind.ATTESTATION,
    EntryKind.INCIDENT_UPDATED: EntryKind.INCIDENT_OPENED,
    EntryKind.INCIDENT_CLOSED: EntryKind.INCIDENT_OPENED,
}
"""The kinds whose field `of` names an earlier entry, which must still be open, and that entry's kind."""


def field_problems(kind: EntryKind, by: object, at: str, fields: Mapping[str, object]) -> tuple[str, ...]:
    """Everything that is wrong with the content of one entry, each "name what is wrong".

    `at` must be a time as `is_instant` wants it.
    """
    found = [("by", _NAME(by)), *_by_rule(FIELDS[kind], fields)]
    problems = [f"{name} {problem}" for name, problem in found if problem]
    if not problems:
        problems = list(_together(kind, at, fields))
    return tuple(problems)


def _by_rule(rules: Mapping[str, FieldRule], fields: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, rule in rules.items():
        if name in fields:
            yield name, rule.check(fields[name])
        elif rule.required:
            yield name, "is missing"
    for name in sorted(fields.keys() - rules.keys()):
        yield quoted(name), "is not known for this kind"


def _together(kind: EntryKind, at: str, fields: Mapping[str, object]) -> Iterator[str]:
    """What single fields cannot tell; each of them is sound here."""
    if kind is EntryKind.BASELINE:
        yield from _baseline(fields)
    if "expires" in fields:
        left = datetime.fromisoformat(str(fields["expires"])) - datetime.fromisoformat(at)
        if not timedelta(0) < left <= LONGEST_EXPIRY:
            yield f"expires must be after the entry's own time, by at most {LONGEST_EXPIRY.days} days"
    if "rehearsed_on" in fields:
        # A day begins up to 14 hours earlier elsewhere than in UTC.
        today = (datetime.fromisoformat(at).astimezone(UTC) + timedelta(hours=14)).date()
        if date.fromisoformat(str(fields["rehearsed_on"])) > today:
            yield "rehearsed_on is in the future"


def _baseline(fields: Mapping[str, object]) -> Iterator[str]:
    measured = {"good", "total", "period"} & fields.keys()
    if "declared" in fields:
        if measured & {"good", "total"}:
            yield "declared goes without good and total: a baseline is declared or measured"
    elif len(measured) < 3:  # noqa: PLR2004 - the three names above
        yield "good, total and period are needed together, or declared alone"
    elif int(str(fields["good"])) > int(str(fields["total"])):
        yield f"good is {fields['good']}, which is more than total, {fields['total']}"
