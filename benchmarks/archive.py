"""Archives of recorded runs to measure with: bundles by their final file, made quickly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from billing_canary.artifact.run_id import new_run_id
from billing_canary.artifact.seal import sealed

_KIND = "billing-canary"
_FINAL = "billing-canary-report.json"
_FIRST = 1_790_000_000
_APART_S = 1_800
_PADDING = 19_500
"""Bytes of probes in each report: it comes to about 20 kB."""


def write_archive(root: Path, status: Callable[[int], str], bundles: int) -> Path:
    """An archive of `bundles` canary runs below `root`, half an hour apart, oldest first."""
    (root / _KIND).mkdir(parents=True)
    for number in range(bundles):
        run_id = new_run_id(_FIRST + _APART_S * number, f"{number:04x}"[-4:])
        folder = root / _KIND / run_id
        folder.mkdir()
        (folder / _FINAL).write_bytes(sealed(_document(run_id, status(number))))
    return root


def _document(run_id: str, status: str) -> dict[str, object]:
    day = f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:11]}:{run_id[11:13]}:{run_id[13:20]}"
    probes = [
        {"id": f"probe.{number}", "status": status, "text": "x" * 300} for number in range(_PADDING // 380)
    ]
    return {
        "run_id": run_id,
        "mode": "mock",
        "overall_status": status,
        "reasons": [f"it is {status}"],
        "commit": "a" * 40,
        "probes": probes,
        "started_at": day,
        "finished_at": day,
    }
