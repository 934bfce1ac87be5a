"""A canary run against a staging system: nothing is started, and nothing of the mock is loaded."""

from __future__ import annotations

import os

from billing_canary.cli.canary import CanaryOptions
from billing_canary.cli.canary_run import claim_bundle, load, perform
from billing_canary.cli.recording import truthful_bundle
from billing_canary.target.connect import prepare_staging


def run_against_staging(options: CanaryOptions) -> int:
    """Run the selected probes against the project's `staging` target and record the run; the exit code.

    Raises:
        ProjectError: the call or the project is wrong; nothing was run.
        RefusedError: the project is wrong, and a variable that it uses holds a live key.
        EvidenceError: the bundle could not be written.
    """
    loaded = load(options, lambda project, wishes: prepare_staging(project, os.environ, wishes))
    writer = claim_bundle(options, loaded)
    with truthful_bundle(writer):
        run = perform(options, loaded, writer)
        from billing_canary.cli.canary_record import record

        return record(options, loaded.project, run, writer)
