#!/usr/bin/env python3
"""Says what an evaluation of the rollback triggers came to, as outputs and summary of a workflow's step.

In: BUNDLE, its folder; CODE, what `billing-canary triggers` exited with; HISTORY, "success" when everything
came that earlier runs handed over; CONNECTED, whether any telemetry setting is set ("true" or "false").
Out: verdict, run_id, report (a path) and fired (ids, with commas between them). The exit code is that of
`triggers`, with two exceptions: without the history of earlier runs `hold` is `unknown` (3), and `unknown` in
a repository where no telemetry is connected is a warning (0).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CODES = {"hold": 0, "rollback": 1, "unknown": 3}
NO_REPORT = (
    "**No verdict**: the evaluation ended before it wrote one, so nobody knows whether to roll back. "
    "Read the log of this job.\n"
)
NO_HISTORY = (
    "**Earlier runs are missing**: what fired before is not known, so this is no `hold`. "
    'The log of the step "Fetch earlier runs" says why.\n\n'
)
NOT_CONNECTED = (
    "**No telemetry is connected**: nobody knows how billing does, only how the canary does. docs/ci.md says "
    "how to connect it, or how to switch triggers off.\n\n"
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the step says."""

    verdict: str
    code: int
    fired: str = ""
    notes: str = ""


def main() -> int:
    """Write outputs and summary; the exit code of the step."""
    bundle = Path(os.environ["BUNDLE"])
    report = bundle / "triggers.md"
    answer = judged(read(bundle / "triggers.json"), exit_code(), os.environ)
    text = report.read_text(encoding="utf-8") if report.is_file() else NO_REPORT
    outputs = {"verdict": answer.verdict, "run_id": bundle.name, "report": report, "fired": answer.fired}
    append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs.items()))
    append("GITHUB_STEP_SUMMARY", answer.notes + text)
    print(f"Verdict: {answer.verdict}")
    if answer.verdict != "hold":
        level = "error" if answer.code else "warning"
        print(f"::{level} title=Rollback triggers::{answer.verdict}: the summary of this run says why")
    return answer.code


def judged(document: Any, code: int, environ: Mapping[str, str]) -> Answer:
    """The answer to what `triggers` recorded and exited with; whatever does not fit together is unknown."""
    verdict = document.get("verdict") if isinstance(document, dict) else None
    if verdict not in CODES or CODES[verdict] != code:
        return Answer(verdict="unknown", code=code or CODES["unknown"])
    lost = environ.get("HISTORY") != "success"
    notes = NO_HISTORY if lost and verdict != "rollback" else ""
    if verdict == "hold" and lost:
        return Answer(verdict="unknown", code=CODES["unknown"], notes=notes)
    if verdict == "unknown" and environ.get("CONNECTED") == "false":
        return Answer(verdict=verdict, code=0, notes=notes + NOT_CONNECTED)
    fired = [str(one["id"]) for one in document["triggers"] if one["state"] == "fired"]
    return Answer(verdict=verdict, code=code, fired=",".join(fired), notes=notes)


def read(file: Path) -> Any:
    """The document; None when there is none."""
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None


def exit_code() -> int:
    """What `triggers` exited with; 3 when it never came to that."""
    text = os.environ.get("CODE", "")
    return int(text) if text.isdecimal() else CODES["unknown"]


def append(variable: str, text: str) -> None:
    """Add to the file that a variable of the runner names."""
    with Path(os.environ[variable]).open("a", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
