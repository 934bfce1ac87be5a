"""What `doctor --mode staging` looks at: all that a run needs of the target, without spending."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from billing_canary.cli.finding import Finding, bad, good, live_keys, warning, wrong
from billing_canary.cli.recording import environment_secrets
from billing_canary.errors import ProjectError, RefusedError
from billing_canary.model import HealthCheck, Severity, Status
from billing_canary.probe.canary import check_health, prove_sandbox
from billing_canary.probe.connectivity import Network, runner_network
from billing_canary.probe.excuses import excuse, excuses_nothing, unknown_excuses
from billing_canary.probe.loader import load_probes
from billing_canary.probe.registry import Probe
from billing_canary.probe.runner import planned_spend, skip_reason
from billing_canary.project import Project
from billing_canary.redact import Redactor
from billing_canary.target.connect import Prepared, Wishes, prepare_staging
from billing_canary.target.operations import Operation, UnexpectedAnswerError
from billing_canary.target.settings import TargetSettings
from billing_canary.target.target import Target

MODE = "staging"
_RUN_ID = "doctor"


def staging(project: Project) -> Iterator[Finding]:
    """Each thing in the order in which a run needs it; what depends on a failed one is not looked at."""
    try:
        prepared = prepare_staging(project, os.environ, Wishes())
        probes = load_probes(project)
    except ProjectError as error:
        yield from map(wrong, error.problems)
        return
    except RefusedError as refusal:
        yield _refused("staging keys", refusal)
        return
    settings = prepared.settings
    yield good("staging target", f"{settings.base_url}, maps {len(settings.operations)} operations")
    yield from live_keys(settings.variables)
    yield from map(wrong, unknown_excuses(project, settings, probes))
    yield from _skips(probes, settings)
    yield from _connected(prepared, probes)


def _refused(what: str, refusal: RefusedError) -> Finding:
    fix = "see docs/money.md"
    if refusal.rule == "keys":
        fix = "give the canary keys of the provider's test mode only"
    elif refusal.rule == "hosts":
        fix = "list only hosts of test systems there"
    return bad(what, refusal.reason, fix)


def _skips(probes: Sequence[Probe], settings: TargetSettings) -> Iterator[Finding]:
    skipped = {probe.id: reason for probe in probes if (reason := skip_reason(probe, settings, MODE))}
    for probe in probes:
        if probe.id in skipped:
            yield _skip(probe, skipped[probe.id], settings)
    for pattern in excuses_nothing(settings, probes, skipped):
        fix = f"remove {pattern!r} from [{settings.name}.not_applicable]: what can run runs"
        yield warning("not_applicable", f"{pattern!r} excuses no probe that would be skipped", fix)


def _skip(probe: Probe, reason: str, settings: TargetSettings) -> Finding:
    what, why = f"probe {probe.id}", excuse(probe.id, settings)
    if why is not None:
        return good(what, f"would be skipped: {reason}; excused: {why.reason} (says {why.owner})")
    if probe.severity is not Severity.CRITICAL:
        return good(what, f"would be skipped: {reason}; it is not critical")
    fix = f"map what it needs in probes/targets.toml, or excuse it in [{settings.name}.not_applicable]"
    return warning(what, f"would be skipped, so the run could not pass: {reason}", fix)


def _connected(prepared: Prepared, probes: Sequence[Probe]) -> Iterator[Finding]:
    settings = prepared.settings
    redact = Redactor((*settings.all_secrets, *environment_secrets(os.environ)))
    try:
        target = prepared.connect(_RUN_ID)
    except RefusedError as refusal:
        yield _refused("keys and hosts", refusal)
        return
    yield good("keys and hosts", "only test keys, and only hosts of gates/money.toml")
    try:
        yield from _answers(target, redact)
    except RefusedError as refusal:
        yield _refused(refusal.rule, refusal)
    else:
        yield _spending(target, probes)
    finally:
        target.close()


def _answers(target: Target, redact: Redactor) -> Iterator[Finding]:
    """Network, health, build and sandbox; the first that makes a run impossible ends it."""
    network = runner_network(target)
    yield _network(target, network)
    health = check_health(target, network)
    if network is not Network.ABSENT:
        yield _health(health, redact)
    if health.status not in {Status.PASS, Status.SKIP}:
        return
    if Operation.READ_BUILD in target.settings.operations:
        yield _build(target, redact)
    prove_sandbox(target, MODE)
    yield good("sandbox", "the provider itself says livemode=false on /v1/balance")


def _network(target: Target, network: Network) -> Finding:
    what, asked = "network", ", ".join(target.settings.connectivity)
    if network is Network.PRESENT:
        return good(what, f"this machine reaches {asked}")
    if network is Network.ABSENT:
        return bad(
            what, f"this machine reaches none of {asked}", "allow it to connect there, without a proxy"
        )
    fix = "name a URL that always answers in the target's connectivity"
    return warning(what, "nothing to ask: a target that does not answer would be no finding", fix)


def _health(health: HealthCheck, redact: Redactor) -> Finding:
    what, detail = "health", redact(health.detail)
    if health.status is Status.PASS:
        return good(what, detail)
    if health.status is Status.SKIP:
        fix = "map read_health to any page of the target that answers 2xx when it works"
        return warning(what, f"{detail}, so no run could pass", fix)
    return bad(what, detail, "start the target, or mend base_url and read_health in probes/targets.toml")


def _build(target: Target, redact: Redactor) -> Finding:
    what, expected = "build", target.settings.expected_build
    fix = "deploy the expected build, or mend expected_build"
    try:
        running = target.backend.build()
    except UnexpectedAnswerError as error:
        return warning(what, redact(str(error)), "mend read_build in probes/targets.toml")
    if expected in {None, running}:
        return good(what, redact(running))
    return warning(what, redact(f"{running} is running, but {expected} is expected"), fix)


def _spending(target: Target, probes: Sequence[Probe]) -> Finding:
    what, policy = "planned spend", target.guard.policy
    runnable = [probe for probe in probes if not skip_reason(probe, target.settings, MODE)]
    try:
        planned = target.guard.plan(
            money for probe in runnable for money in planned_spend(probe, target.settings)
        )
    except RefusedError as refusal:
        fix = "raise the cap in gates/money.toml, or choose fewer probes with --only"
        return bad(what, refusal.reason, fix)
    told = ", ".join(f"{money} of at most {policy.per_run.get(money.currency)}" for money in planned)
    return good(what, told or "nothing")
