"""Approvals: one listed person for each role, for exactly this commit, and nobody for their own release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from billing_canary.audit.log import AUDIT_LOG
from billing_canary.audit.people import Person, identify, same_person
from billing_canary.audit.views import Approval, approvals
from billing_canary.gate.release_case import SHOWN, Case, Red, failed, green, missing, red, words
from billing_canary.gate.release_log import log_problem
from billing_canary.release import ItemResult, ReleaseItem

_FETCH = "git fetch --tags --unshallow, then decide again"


@dataclass(frozen=True, kw_only=True)
class _Given:
    """An approval, the key of who gave it, and why it does not count, or ""."""

    approval: Approval
    person: str
    refusal: str


def approved(item: ReleaseItem, case: Case) -> ItemResult:
    """Somebody in each role approved this commit; one person counts for one role."""
    problem = log_problem(case) or _not_ready(item, case)
    if problem is not None:
        return red(item, problem)
    given = [_looked_at(case, each) for each in approvals(case.evidence.log, case.evidence.commit)]
    held = _held(words(item, "roles"), [each for each in given if not each.refusal])
    lacking = [role for role in words(item, "roles") if role not in held]
    if lacking:
        return red(item, _lacking(case, lacking, [each.refusal for each in given if each.refusal]))
    told = "; ".join(f"{role}: {approval.by} at {approval.at}" for role, approval in held.items())
    return green(item, told, f"{AUDIT_LOG}#{max(approval.sequence for approval in held.values())}")


def _not_ready(item: ReleaseItem, case: Case) -> Red | None:
    """Why no approval can count yet, whoever gives it."""
    policy, change = case.policy, case.evidence.change
    if not words(item, "roles"):
        return missing("the item names no role", f"add roles = [...] to {item.place}")
    if not policy.people:
        return missing("nobody is listed who could approve", f"add [people.NAME] to {_file(item)}")
    if not policy.release_owner:
        return missing("nobody answers for this release", f"set release_owner in {_file(item)}")
    if change.problem or change.commit != case.evidence.commit:
        reason = change.problem or f"the change that was read is that of {change.commit[:SHOWN]}"
        return missing(f"it cannot be told who wrote this release: {reason}", _FETCH)
    if not change.authors:
        return missing("it cannot be told who wrote this release: no author was found", _FETCH)
    return None


def _file(item: ReleaseItem) -> str:
    return item.place.partition(":")[0]


def _looked_at(case: Case, approval: Approval) -> _Given:
    person, place = (
        identify(approval.by, case.policy.people),
        f"approval {approval.sequence} by {approval.by}",
    )
    if person is None:
        return _Given(approval=approval, person="", refusal=f"{place}: nobody of that name is listed")
    why = _refusal(case, approval, person)
    return _Given(approval=approval, person=person.key, refusal=f"{place}: {why}" if why else "")


def _refusal(case: Case, approval: Approval, person: Person) -> str:
    """Why the approval of somebody who is listed does not count; "" when it does."""
    if approval.role not in person.roles:
        return f"{person.key} does not have the role {approval.role}"
    if person.key == case.policy.release_owner:
        return "the release owner does not approve their own release"
    if any(_wrote(person, approval, author, case) for author in case.evidence.change.authors):
        return "they wrote a part of it, and nobody approves their own work"
    return ""


def _wrote(person: Person, approval: Approval, author: tuple[str, str], case: Case) -> bool:
    """Whether any spelling of the approver may mean the author."""
    spellings = (approval.by, *person.names, *person.emails)
    return any(
        same_person(spelling, written, case.policy.people) for spelling in spellings for written in author
    )


def _held(roles: tuple[str, ...], given: list[_Given]) -> Mapping[str, Approval]:
    """Roles with the approval that fills each, as many as possible, no person twice."""
    role_of: dict[str, str] = {}
    chosen: dict[str, Approval] = {}

    def fill(role: str, asked: set[str]) -> bool:
        """Give `role` to somebody, moving others to another of their roles where that makes room."""
        for each in given:
            if each.approval.role != role or each.person in asked:
                continue
            asked.add(each.person)
            if each.person not in role_of or fill(role_of[each.person], asked):
                role_of[each.person] = role
                chosen[role] = each.approval
                return True
        return False

    for role in roles:
        fill(role, set())
    return chosen


def _lacking(case: Case, lacking: list[str], refusals: list[str]) -> Red:
    role = lacking[0]
    by = next((each.names[0] for each in case.policy.people if _may_approve(each, role, case)), "NAME")
    who = f'"{by}"' if " " in by else by
    fix = f"billing-canary approve --commit {case.evidence.commit[:SHOWN]} --role {role} --by {who}"
    reason = f"no approval by {' and '.join(lacking)} for commit {case.evidence.commit[:SHOWN]}"
    if refusals:
        return failed(f"{reason}; {'; '.join(refusals)}", fix, AUDIT_LOG)
    return missing(reason, fix)


def _may_approve(person: Person, role: str, case: Case) -> bool:
    return role in person.roles and person.key != case.policy.release_owner and bool(person.names)
