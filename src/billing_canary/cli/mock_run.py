"""A canary run against the started mock."""

from __future__ import annotations

from billing_canary.cli.canary import CanaryOptions
from billing_canary.cli.canary_run import claim_bundle, load, perform
from billing_canary.cli.recording import truthful_bundle
from billing_canary.target.connect import prepare_mock
from billing_canary.target.mock import MockService


def run_against_mock(options: CanaryOptions, service: MockService) -> int:
    """Run the selected probes against `service` and record the run; the exit code.

    Raises:
        ProjectError: the call or the project is wrong; nothing was run.
        EvidenceError: the bundle could not be written.
    """
    loaded = load(options, lambda project, wishes: prepare_mock(project, service.environment(), wishes))
    writer = claim_bundle(options, loaded)
    with truthful_bundle(writer):
        run = perform(options, loaded, writer)
        service.stop()
        if service.log_text():
            writer.write_text("logs/reference.log", service.log_text(), kind="log", required=False)
        from billing_canary.cli.canary_record import record

        return record(options, loaded.project, run, writer)
