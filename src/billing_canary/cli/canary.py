"""The canary command: the mock is started first, so that it comes up while the rest is imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from billing_canary import __version__
from billing_canary.cli.signals import terminate_as_interrupt
from billing_canary.errors import RefusedError, wrong_call
from billing_canary.target.mock import MockService

_STAGING = (
    "staging mode is not part of this version: it needs the sandbox proof of every payment that the target "
    "creates, clean-up by run id, and a [staging] table in probes/targets.toml. Use --mode mock"
)


@dataclass(frozen=True, kw_only=True)
class CanaryOptions:
    """The options of `billing-canary probe`."""

    mode: str
    only: tuple[str, ...]
    faults: tuple[str, ...]
    schedule: str
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
        RefusedError: the mode is not to be had.
        EvidenceError: the bundle could not be written.
    """
    if options.mode == "staging":
        raise RefusedError("staging", _STAGING)
    if options.expect_build is not None and not options.expect_build.strip():
        raise wrong_call("--expect-build", "is empty", "name the build, or leave the option out")
    with (
        terminate_as_interrupt(),
        MockService(
            build_id=f"mock-{__version__}", faults=options.faults, schedule=options.schedule
        ) as service,
    ):
        from billing_canary.cli.canary_run import run_against_mock

        return run_against_mock(options, service)
