#!/usr/bin/env python3
"""Opens an issue about a rollback, or brings the one that is open up to date.

    rollback_issue.py triggers.md

In: RUN_ID, the evaluation; FIRED, the triggers that fired, with commas between them; what the runner says of
itself. Needs a token with `issues: write`, in GITHUB_TOKEN. The issue is found by its label. Its text is that
of the newest evaluation; a comment comes only when other triggers fire than before, and never twice about one
evaluation.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from github_api import GitHubError, Repository

LABEL = "billing-rollback"
TITLE = "Billing: roll back"
MAX_REPORT = 60_000
"""Characters; GitHub refuses a text of more than 65,536."""
MARK = re.compile(r"<!-- billing-canary run=(?P<run>[\w.-]+) fired=(?P<fired>[\w.,-]*) -->", re.ASCII)
UNREADABLE = "**ROLLBACK**: the report did not arrive here; the run below has it."


def main() -> int:
    """Open or update; 1 when GitHub did not confirm it."""
    try:
        print(told(Repository(), report_text(Path(sys.argv[1]))))
    except GitHubError as error:
        print(f"::error title=The issue was not written::{error}")
        return 1
    return 0


def told(github: Repository, report: str) -> str:
    """Write the issue; what was done, in words."""
    run, fired = os.environ["RUN_ID"], os.environ["FIRED"]
    body = f"{mark(run, fired)}\n{report}\n\n---\n{origin(github)}"
    issue = open_issue(github)
    if issue is None:
        made = github.send("POST", "/issues", {"title": TITLE, "body": body, "labels": [LABEL]})
        if LABEL not in {label["name"] for label in made["labels"]}:
            raise GitHubError(
                f"issue {made['number']} did not get the label {LABEL}: add it, or each run opens another"
            )
        return f"opened issue {made['number']}"
    number, before = int(issue["number"]), MARK.match(issue["body"] or "")
    if before is not None and before["run"] == run:
        return f"issue {number} tells of {run} already"
    if (before is None or before["fired"] != fired) and not commented(github, number, run):
        first = report.partition("\n")[0]
        text = (
            f"{mark(run, fired)}\nFired now: {fired or 'nobody knows which'}.\n\n{first}\n\n{origin(github)}"
        )
        github.send("POST", f"/issues/{number}/comments", {"body": text})
    github.send("PATCH", f"/issues/{number}", {"body": body})
    return f"updated issue {number}"


def report_text(file: Path) -> str:
    """The report as an issue may hold it: nobody is notified by it, and no hidden mark of ours is in it."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        text = ""
    text = text.replace("@", "@\u200b").replace("<!--", "&lt;!--")
    if len(text) > MAX_REPORT:
        text = text[:MAX_REPORT] + "\n\n(cut off here; the run below has all of it)"
    return text or UNREADABLE


def open_issue(github: Repository) -> dict[str, Any] | None:
    """The newest open issue with our label that a workflow wrote; nobody else can put one in its place."""
    found = github.pages("/issues", state="open", labels=LABEL)
    return next((one for one in found if "pull_request" not in one and by_workflow(one)), None)


def commented(github: Repository, number: int, run: str) -> bool:
    """Whether a workflow's comment tells of this evaluation."""
    for comment in github.pages(f"/issues/{number}/comments"):
        found = MARK.match(comment["body"] or "")
        if found is not None and found["run"] == run and by_workflow(comment):
            return True
    return False


def by_workflow(written: dict[str, Any]) -> bool:
    """Whether a workflow wrote it, not a person."""
    return (written.get("user") or {}).get("type") == "Bot"


def mark(run: str, fired: str) -> str:
    """What this script finds its own texts by; people do not see it."""
    return f"<!-- billing-canary run={run} fired={fired} -->"


def origin(github: Repository) -> str:
    """Where the text comes from."""
    run = f"{os.environ['GITHUB_SERVER_URL']}/{github.name}/actions/runs/{os.environ['GITHUB_RUN_ID']}"
    return f"Written by {run}. Close this issue when it is dealt with: docs/triggers.md says how.\n"


if __name__ == "__main__":
    sys.exit(main())
