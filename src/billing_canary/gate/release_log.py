"""The items that the audit log answers: defects, known risks, sign-offs and the rollback plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from billing_canary.audit.log import AUDIT_LOG
from billing_canary.audit.people import identify
from billing_canary.audit.views import Attestation, attestations, incidents, open_risks
from billing_canary.gate.release_case import (
    SHOWN,
    Case,
    Red,
    failed,
    green,
    is_later,
    is_over,
    missing,
    number,
    red,
    text,
    words,
)
from billing_canary.release import ItemResult, ReleaseItem

KNOWN_RISKS = "known-risks"
"""What is attested when no risk is known."""

NO_OPEN_DEFECTS = "no-open-defects"
"""What is attested when no file tells of defects."""

_REWRITE_FIX = f"restore it from Git (git log -p -- {AUDIT_LOG}); nothing in it is ever rewritten"


def log_problem(case: Case) -> Red | None:
    """Why nothing in the audit log counts; None when it can be trusted."""
    if case.evidence.log.problems:
        first, *more = case.evidence.log.problems
        rest = f" (and {len(more)} more)" if more else ""
        return failed(f"the audit log is damaged: {first}{rest}", _REWRITE_FIX, AUDIT_LOG)
    if case.evidence.rewritten:
        return failed(
            f"the audit log may have been rewritten: {case.evidence.rewritten}", _REWRITE_FIX, AUDIT_LOG
        )
    for last in case.evidence.log.entries[-1:]:  # a sound log never runs backwards
        if is_later(last.at, case):
            reason = f"the audit log ends at {last.at}, after this decision: a clock is wrong"
            return failed(reason, "set the clock, then decide again", _entry(last.sequence))
    return None


def no_defects(item: ReleaseItem, case: Case) -> ItemResult:
    """No open billing defect in the file, no open billing incident in the log; without a file, attested."""
    return _first(item, case, (_incident_problem, _defect_problem), "no unresolved billing defect is known")


def risks_known(item: ReleaseItem, case: Case) -> ItemResult:
    """Each open risk has owner and mitigation and has not expired; with none, somebody attests that."""
    return _first(item, case, (_risk_problem, _silence_about_risks), "every known risk is accepted")


def signed_off(item: ReleaseItem, case: Case) -> ItemResult:
    """Somebody in one of the roles attested the item for this commit, and it has not expired."""
    problem = log_problem(case)
    if problem is not None:
        return red(item, problem)
    told = _newest_first(case, item.id)
    problems = [_unfit(item, case, attestation) for attestation in told]
    for attestation, why in zip(told, problems, strict=True):
        if not why:
            return green(
                item, f"attested by {attestation.by}: {attestation.reason}", _entry(attestation.sequence)
            )
    fix = _attest(item.id, case, by=_somebody(item, case))
    if not told:
        return red(item, missing(f"nobody attested it for commit {case.evidence.commit[:SHOWN]}", fix))
    return red(item, failed(problems[0], fix, _entry(told[0].sequence)))


def plan_rehearsed(item: ReleaseItem, case: Case) -> ItemResult:
    """The newest attestation of the rollback plan has an accepted state and a rehearsal that is recent."""
    problem = log_problem(case)
    if problem is not None:
        return red(item, problem)
    fix = f"{_attest(item.id, case)} --state {(*words(item, 'states'), 'verified')[0]} --rehearsed-on DATE"
    newest = next(iter(_newest_first(case, item.id)), None)
    if newest is None:
        return red(item, missing(f"nobody attested it for commit {case.evidence.commit[:SHOWN]}", fix))
    why = _unfit(item, case, newest) or _plan_problem(item, case, newest)
    if why:
        return red(item, failed(why, fix, _entry(newest.sequence)))
    reason = f"{newest.state}, rehearsed on {newest.rehearsed_on}, attested by {newest.by}"
    return green(item, reason, _entry(newest.sequence))


_Check = Callable[[ReleaseItem, Case], Red | None]


def _first(item: ReleaseItem, case: Case, checks: tuple[_Check, ...], praise: str) -> ItemResult:
    """Red for the first check that objects, the log's own state before all."""
    problem = log_problem(case)
    for check in checks:
        problem = problem or check(item, case)
    return red(item, problem) if problem else green(item, praise, AUDIT_LOG)


def _incident_problem(_: ReleaseItem, case: Case) -> Red | None:
    still = [incident for incident in incidents(case.evidence.log) if incident.open and incident.billing]
    if not still:
        return None
    told = "; ".join(f"{each.id}, severity {each.severity}: {each.title}" for each in still)
    number_of = still[0].id.removeprefix("incident-")
    fix = f"resolve it, then: billing-canary incident close {number_of} --by NAME --reason WHY"
    return failed(f"an open incident touches billing: {told}", fix, _entry(number_of))


def _defect_problem(item: ReleaseItem, case: Case) -> Red | None:
    file, defects = text(item, "file"), case.evidence.defects
    if not file:
        return _unattested(item, NO_OPEN_DEFECTS, "no file tells of defects", case)
    if case.evidence.defects_problem or defects is None:
        reason = case.evidence.defects_problem or f"{file} was not read"
        return failed(reason, f"have your tracker write {file} again (docs/decide.md)", file)
    still = [defect for defect in defects if defect.open and defect.billing]
    if not still:
        return None
    told = "; ".join(f"{defect.id}: {defect.title}" for defect in still)
    return failed(f"open billing defects in {file}: {told}", f"resolve them and write {file} again", file)


def _risk_problem(_: ReleaseItem, case: Case) -> Red | None:
    for risk in open_risks(case.evidence.log):
        close = f"billing-canary risk close {risk.sequence} --by NAME --reason WHY"
        if not risk.owner.strip() or not risk.mitigation.strip():
            reason = f"risk {risk.sequence}, {risk.title}, has no owner or no mitigation"
            return failed(reason, f"add it again with both, then: {close}", _entry(risk.sequence))
        if is_over(risk.expires, case):
            reason = f"risk {risk.sequence}, {risk.title}, was accepted until {risk.expires} only"
            fix = f"mend it or accept it anew (billing-canary risk add), then: {close}"
            return failed(reason, fix, _entry(risk.sequence))
    return None


def _silence_about_risks(item: ReleaseItem, case: Case) -> Red | None:
    if open_risks(case.evidence.log):
        return None
    return _unattested(item, KNOWN_RISKS, "no risk is recorded", case)


def _unattested(item: ReleaseItem, name: str, reason: str, case: Case) -> Red | None:
    """Red unless somebody attests `name`, which makes up for what is not recorded."""
    if any(not _unfit(item, case, attestation) for attestation in _newest_first(case, name)):
        return None
    return missing(f"{reason}, and nobody attests {name} for this commit", _attest(name, case))


def _newest_first(case: Case, name: str) -> list[Attestation]:
    found = [each for each in attestations(case.evidence.log, case.evidence.commit) if each.item == name]
    return found[::-1]


def _unfit(item: ReleaseItem, case: Case, attestation: Attestation) -> str:
    """Why an attestation does not count; "" when it does."""
    place = f"attestation {attestation.sequence} by {attestation.by}"
    if is_over(attestation.expires, case):
        return f"{place} held until {attestation.expires}"
    roles = words(item, "roles")
    person = identify(attestation.by, case.policy.people) if roles else None
    if roles and (person is None or not set(roles) & set(person.roles)):
        return f"{place} does not count: nobody of that name has the role {' or '.join(roles)}"
    return ""


def _plan_problem(item: ReleaseItem, case: Case, plan: Attestation) -> str:
    if plan.state not in words(item, "states"):
        return (
            f"the plan is attested as {plan.state or 'nothing'}, not as {' or '.join(words(item, 'states'))}"
        )
    rehearsed, now = _day(plan.rehearsed_on), case.now
    if rehearsed is None or now is None:
        return "it does not tell when the plan was rehearsed"
    most = number(item, "max_age_days")
    if rehearsed > now:
        return f"its rehearsal, {plan.rehearsed_on}, is still to come"
    if now - rehearsed > timedelta(days=most):
        return f"the plan was rehearsed on {plan.rehearsed_on}, over {most} days ago"
    return ""


def _day(told: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(told), time(), UTC)
    except ValueError:
        return None


def _somebody(item: ReleaseItem, case: Case) -> str:
    """A name that would do, for the command that is proposed."""
    roles = set(words(item, "roles"))
    fitting: Iterator[str] = (
        person.names[0] for person in case.policy.people if roles & set(person.roles) and person.names
    )
    return next(fitting, "NAME")


def _attest(name: str, case: Case, by: str = "NAME") -> str:
    who = f'"{by}"' if " " in by else by
    commit = case.evidence.commit[:SHOWN]
    return f"billing-canary attest {name} --commit {commit} --by {who} --reason WHY --expires 14d"


def _entry(sequence: int | str) -> str:
    return f"{AUDIT_LOG}#{sequence}"
