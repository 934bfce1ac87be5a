"""From a project's files to a target that can be asked: settings, policy, guard, session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from billing_canary.clock import Clock, SystemClock
from billing_canary.errors import Problem, RefusedError, noting, raise_problems, wrong_call
from billing_canary.guard.guard import Guard
from billing_canary.guard.policy import MONEY_FILE, load_money_policy
from billing_canary.money import Money
from billing_canary.project import Project
from billing_canary.target.environment import refuse_live_keys
from billing_canary.target.hosts import refuse_unlisted_hosts
from billing_canary.target.load import load_target
from billing_canary.target.settings import TargetSettings
from billing_canary.target.target import Target


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the command line asks for beyond the project's files.

    Attributes:
        caps: lower caps for the run.
        expect_build: the build that must be running, instead of the target file's.
        require_sandbox: whether the provider must prove that it is in test mode.
    """

    caps: tuple[Money, ...] = ()
    expect_build: str | None = None
    require_sandbox: bool = True


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A target whose files are read; nothing was sent, and its keys and hosts are not judged yet.

    Attributes:
        policy_file: the money policy's file, as messages name it.
    """

    settings: TargetSettings
    guard: Guard
    policy_file: str

    def connect(self, run_id: str, clock: Clock | None = None) -> Target:
        """The target, ready to be asked.

        Raises:
            RefusedError: a variable holds a live key, the provider's key is no test key, or a host is
                not allowed; nothing was sent, and the guard has recorded it.
        """
        try:
            refuse_live_keys(self.settings.variables)
            refuse_unlisted_hosts(self.settings, self.guard.policy, self.policy_file)
        except RefusedError as refusal:
            raise self.guard.refuse(refusal) from None
        return Target(self.settings, self.guard, run_id, clock or SystemClock())


def prepare_mock(project: Project, environ: Mapping[str, str], wishes: Wishes) -> Prepared:
    """The project's `mock` target; the addresses in `environ` are the run's own servers, so they are allowed.

    Raises:
        ProjectError: the target file or the money policy is wrong.
    """
    return _prepare(project, "mock", environ, wishes, own_servers=True)


def prepare_staging(project: Project, environ: Mapping[str, str], wishes: Wishes) -> Prepared:
    """The project's `staging` target, which is not the run's own: only what the policy allows is contacted.

    Raises:
        ProjectError: a file is wrong, a variable is not set, or the project is the bundled one.
        RefusedError: a file is wrong, and a variable holds a live key.
    """
    if project.bundled:
        fix = "write a project of your own with 'billing-canary init FOLDER', and describe your staging there"
        raise wrong_call("--mode staging", "the bundled default project runs in mock mode only", fix)
    return _prepare(project, "staging", environ, wishes, own_servers=False)


def connect_mock(
    project: Project, environ: Mapping[str, str], run_id: str, wishes: Wishes, clock: Clock | None = None
) -> Target:
    """The project's `mock` target, ready to be asked. Raises as `prepare_mock`."""
    return prepare_mock(project, environ, wishes).connect(run_id, clock)


def connect_staging(
    project: Project, environ: Mapping[str, str], run_id: str, wishes: Wishes, clock: Clock | None = None
) -> Target:
    """The `staging` target, ready to be asked. Raises as `prepare_staging` and `Prepared.connect`."""
    return prepare_staging(project, environ, wishes).connect(run_id, clock)


def _prepare(
    project: Project, name: str, environ: Mapping[str, str], wishes: Wishes, *, own_servers: bool
) -> Prepared:
    problems: list[Problem] = []
    with noting(problems):
        settings = load_target(project, name, environ)
    with noting(problems):
        policy = load_money_policy(project).lowered(wishes.caps)
    raise_problems(problems)
    if own_servers:
        policy = policy.allowing(_hosts(settings))
    if wishes.expect_build is not None:
        settings = replace(settings, expected_build=wishes.expect_build)
    guard = Guard(
        policy,
        provider_url=settings.provider.base_url if settings.provider else None,
        backend_url=settings.base_url,
        require_sandbox=wishes.require_sandbox,
    )
    return Prepared(settings=settings, guard=guard, policy_file=project.shown(MONEY_FILE))


def _hosts(settings: TargetSettings) -> Iterable[str]:
    return [urlsplit(url).netloc for url in settings.addresses]
