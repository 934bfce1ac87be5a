"""The canary command: which system it runs against, and what each mode does not know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from billing_canary.cli.signals import terminate_as_interrupt
from billing_canary.errors import Problem, raise_problems, wrong_call

_USUAL_SCHEDULE = "prompt"


@dataclass(frozen=True, kw_only=True)
class CanaryOptions:
    """The options of `billing-canary probe`."""

    mode: str
    only: tuple[str, ...]
    faults: tuple[str, ...]
    schedule: str | None
    require_sandbox: bool
    caps: tuple[str, ...]
    expect_build: str | None
    project: Path | None
    artifacts: Path
    run_id: str | None
    as_json: bool
    quiet: bool


def run_probe_command(options: CanaryOptions) -> int:
    """Run the canary and record it; the exit code.

    Raises:
        ProjectError: the call or the project is wrong; nothing was run.
        RefusedError: the guard refused, and there was not enough to write a bundle about it.
        EvidenceError: the bundle could not be written.
    """
    if options.expect_build is not None and not options.expect_build.strip():
        raise wrong_call("--expect-build", "is empty", "name the build, or leave the option out")
    with terminate_as_interrupt():
        return _staging(options) if options.mode == "staging" else _mock(options)


def _mock(options: CanaryOptions) -> int:
    """The service is started first, so that it comes up while the rest is imported."""
    from billing_canary import __version__
    from billing_canary.target.mock import MockService

    schedule = _USUAL_SCHEDULE if options.schedule is None else options.schedule
    build = f"mock-{__version__}"
    with MockService(build_id=build, faults=options.faults, schedule=schedule) as service:
        from billing_canary.cli.mock_run import run_against_mock

        return run_against_mock(options, service)


def _staging(options: CanaryOptions) -> int:
    given = {"--fault": bool(options.faults), "--schedule": options.schedule is not None}
    fix = "leave it out, or use --mode mock"
    message = "belongs to mock mode: no run switches a fault on in a system that it did not start"
    raise_problems([Problem(where=name, message=message, fix=fix) for name, here in given.items() if here])
    from billing_canary.cli.staging_run import run_against_staging

    return run_against_staging(options)
