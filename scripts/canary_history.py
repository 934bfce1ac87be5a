#!/usr/bin/env python3
"""Fetches what earlier runs of the canary workflow handed over, so that rollback triggers remember.

    canary_history.py FOLDER    FOLDER is the artifacts folder of this run

The newest canary runs in the mode MODE ("mock" or "staging") and the newest evaluations of the triggers in
that mode, of this branch (GITHUB_REF_NAME) and this workflow (WORKFLOW, its file name) alone. Exit code 1
says that something is missing: then nobody knows what fired before. Needs a token with `actions: read`, in
GITHUB_TOKEN.
"""

from __future__ import annotations

import io
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from github_api import GitHubError, Repository

WANTED = {"billing-canary": 5, "billing-triggers": 3}
"""How many bundles of each kind; both have earlier ones within themselves, so that few are enough."""
STARTED_BY = frozenset({"schedule", "workflow_dispatch"})
LOOK_BACK = 50
"""Runs; a day of half-hourly ones."""
MAX_ZIP, MAX_UNPACKED, MAX_FILES = 50_000_000, 200_000_000, 5_000


def main() -> int:
    """Fetch, and say on the log what came and what is missing."""
    try:
        problems = list(History(Path(sys.argv[1])).fetch())
    except GitHubError as error:
        problems = [str(error)]
    except (KeyError, TypeError, ValueError) as error:
        problems = [f"GitHub's answer makes no sense ({type(error).__name__})"]
    for problem in problems:
        print(f"::warning title=Earlier runs are missing::{problem}")
    return 1 if problems else 0


class History:
    """The runs before this one.

    Raises:
        GitHubError: the environment does not say whose.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._github = Repository()
        self._own = f"gh-{os.environ['GITHUB_RUN_ID']}-{os.environ['GITHUB_RUN_ATTEMPT']}"
        self._missing = dict(WANTED)
        self._name = re.compile(
            rf"(?P<kind>{'|'.join(WANTED)})-{re.escape(os.environ['MODE'])}-(?P<run>gh-\d+-\d+)", re.ASCII
        )

    def fetch(self) -> Iterator[str]:
        """Walk back until enough has come; what is wrong, in words."""
        earlier = [run for run in self._runs() if str(run["id"]) != os.environ["GITHUB_RUN_ID"]]
        # An earlier attempt of this run is an earlier run, too.
        for run in ({"id": os.environ["GITHUB_RUN_ID"]}, *earlier):
            for artifact in self._newest_attempt_first(run):
                yield from self._take(artifact)
            if not any(self._missing.values()):
                return
        if earlier and self._missing["billing-triggers"] == WANTED["billing-triggers"]:
            yield f"none of {len(earlier)} earlier runs handed an evaluation over: what fired is not known"

    def _runs(self) -> list[dict[str, Any]]:
        """Earlier runs of this branch, newest first; none of a fork, whatever its branch is called."""
        path = f"/actions/workflows/{quote(os.environ['WORKFLOW'], safe='')}/runs"
        answer = self._github.get(path, branch=os.environ["GITHUB_REF_NAME"], per_page=LOOK_BACK)
        return [
            run
            for run in answer["workflow_runs"]
            if run["event"] in STARTED_BY and run["head_repository"]["full_name"] == self._github.name
        ]

    def _newest_attempt_first(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        found = self._github.pages(f"/actions/runs/{int(run['id'])}/artifacts", "artifacts")
        return sorted(found, key=lambda artifact: int(artifact["id"]), reverse=True)

    def _take(self, artifact: dict[str, Any]) -> Iterator[str]:
        name = self._name.fullmatch(str(artifact["name"]))
        if name is None or name["run"] == self._own or not self._missing[name["kind"]]:
            return
        if artifact.get("expired"):
            yield f"{name[0]} has expired"
            return
        packed = self._github.download(f"/actions/artifacts/{int(artifact['id'])}/zip", MAX_ZIP)
        problem = unpack(packed, self._folder / name["kind"] / name["run"])
        if problem:
            yield f"{name[0]}: {problem}"
            return
        self._missing[name["kind"]] -= 1
        print(f"fetched {name[0]}")


def unpack(packed: bytes, target: Path) -> str:
    """Unpack a bundle; why not, or "". Nothing is written outside of `target`, and no link."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            files = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(files) > MAX_FILES or sum(entry.file_size for entry in files) > MAX_UNPACKED:
                return "is larger than any bundle"
            for entry in files:
                path = PurePosixPath(entry.filename)
                if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
                    return "names a file outside of itself"
            for entry in files:
                file = target / entry.filename
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(archive.read(entry))
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        return f"cannot be unpacked ({type(error).__name__})"
    return ""


if __name__ == "__main__":
    sys.exit(main())
