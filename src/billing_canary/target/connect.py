"""From a project's files to a target that can be asked: settings, policy, guard, session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from billing_canary.clock import Clock, SystemClock
from billing_canary.guard.guard import Guard
from billing_canary.guard.policy import load_money_policy
from billing_canary.money import Money
from billing_canary.project import Project
from billing_canary.target.load import load_target
from billing_canary.target.settings import TargetSettings
from billing_canary.target.target import Target


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the command line asks for beyond the project's files.

    Attributes:
        caps: lower caps for the run.
        expect_build: the build that must be running, instead of the target file's.
    """

    caps: tuple[Money, ...] = ()
    expect_build: str | None = None


def connect_mock(
    project: Project, environ: Mapping[str, str], run_id: str, wishes: Wishes, clock: Clock | None = None
) -> Target:
    """The project's `mock` target; the addresses in `environ` are the run's own servers, so they are allowed.

    Raises:
        ProjectError: the target file or the money policy is wrong.
    """
    settings = load_target(project, "mock", environ)
    policy = load_money_policy(project).lowered(wishes.caps).allowing(_hosts(settings))
    if wishes.expect_build is not None:
        settings = replace(settings, expected_build=wishes.expect_build)
    provider_url = settings.provider.base_url if settings.provider else None
    return Target(settings, Guard(policy, provider_url=provider_url), run_id, clock or SystemClock())


def _hosts(settings: TargetSettings) -> Iterable[str]:
    urls = [settings.base_url, settings.provider.base_url if settings.provider else ""]
    return [urlsplit(url).netloc for url in urls if url]
