"""Excuses for skipped probes: what a project says does not apply to a target, and who answers for that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase

from billing_canary.errors import Problem
from billing_canary.model import NotApplicable
from billing_canary.probe.registry import Probe
from billing_canary.project import Project
from billing_canary.target.load import TARGETS_FILE
from billing_canary.target.settings import TargetSettings


def excuse(probe_id: str, settings: TargetSettings) -> NotApplicable | None:
    """What the target's file says about `probe_id`: under its own id, else under the first glob that fits."""
    excuses = settings.not_applicable
    if probe_id in excuses:
        return excuses[probe_id]
    return next((why for pattern, why in excuses.items() if fnmatchcase(probe_id, pattern)), None)


def unknown_excuses(project: Project, settings: TargetSettings, probes: Sequence[Probe]) -> Iterator[Problem]:
    """A problem for each key that is the id of no probe in `probes`, all of the project, and fits none."""
    for pattern in settings.not_applicable:
        if not any(fnmatchcase(probe.id, pattern) for probe in probes):
            yield Problem(
                where=project.shown(TARGETS_FILE),
                key=f"{settings.name}.not_applicable.{pattern}",
                message="matches no probe",
                fix="write the id of a probe or a glob: 'billing-canary probe --list' shows the ids",
            )


def excuses_nothing(
    settings: TargetSettings, probes: Sequence[Probe], skipped: Collection[str]
) -> Iterator[str]:
    """Keys that fit probes, of which none is in `skipped`: whatever they excused runs by now."""
    for pattern in settings.not_applicable:
        fitting = [probe.id for probe in probes if fnmatchcase(probe.id, pattern)]
        if fitting and not any(each in skipped for each in fitting):
            yield pattern
