"""Archives of recorded runs that are quick to make: whole bundles by their files, but nothing ran."""

from __future__ import annotations

import json
from pathlib import Path

from billing_canary.artifact.seal import sealed

KIND = "billing-canary"
FINAL = "billing-canary-report.json"
PARTS = ("run.json", "runner.json", "junit.xml", "logs/run.log", FINAL)
DEAD = 2**22 + 1
"""No process has such an id: the kernel's limit is below it."""


def run_id(number: int) -> str:
    """The id of run `number`; the higher, the newer."""
    return f"20261101T{number // 3600:02}{number // 60 % 60:02}{number % 60:02}.000Z-{number:04x}"


def add_run(  # noqa: PLR0913 - what a test does not name does not matter to it
    root: Path,
    number: int,
    status: str = "pass",
    *,
    kind: str = KIND,
    pid: int = DEAD,
    name: str = "",
    **told: object,
) -> Path:
    """A run that ended with `status`; with "interrupted" it has no final file."""
    name = name or run_id(number)
    folder = root / kind / name
    (folder / "logs").mkdir(parents=True)
    started = f"2026-11-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
    state = "running" if status == "interrupted" else "finished"
    run = {
        "schema_version": "1",
        "run_id": name,
        "kind": kind,
        "state": state,
        "mode": "mock",
        "argv": [],
        "started_at": told.get("started_at", started),
        "pid": pid,
        "project": {"root": "x", "origin": "x", "sha256": {}},
    }
    for part in PARTS[:-1]:
        (folder / part).write_text("x")
    (folder / "run.json").write_text(json.dumps(run))
    if status != "interrupted":
        document = {
            "run_id": name,
            "mode": "mock",
            "commit": "a" * 40,
            "overall_status": status,
            "reasons": [f"it is {status}"],
            "started_at": started,
            "finished_at": started,
            **told,
        }
        (folder / FINAL).write_bytes(sealed(document))
    return folder
