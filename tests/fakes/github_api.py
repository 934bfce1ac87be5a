"""GitHub's REST API as far as the workflow's scripts ask it: runs with artifacts, and issues."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.server import Call, FakeServer, Reply, answer_json

REPOSITORY = "acme/shop"
TOKEN = "ghs_16180339887498948482"
BOT = {"login": "github-actions[bot]", "type": "Bot"}


class FakeGitHub:
    """One repository. A test looks at `issues` and `comments`, and breaks paths through `failing`."""

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []
        self.artifacts: dict[int, list[tuple[str, bytes]]] = {}
        self.expired: set[str] = set()
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.failing: dict[str, int] = {}
        self.drops_labels = False
        self.server = FakeServer(self._answer)

    def environment(self, run: str = "2", **more: str) -> dict[str, str]:
        """What a runner of this GitHub would say of itself."""
        return {
            "GITHUB_API_URL": self.server.url,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": run,
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_REF_NAME": "main",
        } | more

    def ran(self, run: int, artifacts: Mapping[str, bytes], repository: str = REPOSITORY) -> None:
        """A run that is newer than those before, with what it handed over."""
        listed = {"id": run, "event": "schedule", "head_repository": {"full_name": repository}}
        self.runs.insert(0, listed)
        self.artifacts[run] = list(artifacts.items())

    def _answer(self, call: Call) -> Reply:
        if call.path.startswith("/store/"):
            # The store belongs to somebody else, who must not get the token.
            return Reply(status=400) if "Authorization" in call.headers else self._stored(call.path)
        if call.headers.get("Authorization") != f"Bearer {TOKEN}":
            return answer_json({"message": "Bad credentials"}, 401)
        path = call.path.removeprefix(f"/repos/{REPOSITORY}")
        if status := self.failing.get(f"{call.method} {path}"):
            return answer_json({"message": "no"}, status)
        if "/actions/" in path:
            return self._actions(path)
        return self._issues(call, path)

    def _actions(self, path: str) -> Reply:
        if path == "/actions/workflows/billing-canary.yml/runs":
            return answer_json({"workflow_runs": self.runs})
        if found := re.fullmatch(r"/actions/runs/(\d+)/artifacts", path):
            return answer_json({"artifacts": list(self._listed(int(found[1])))})
        if found := re.fullmatch(r"/actions/artifacts/(\d+)/zip", path):
            return Reply(status=302, headers={"Location": f"{self.server.url}/store/{found[1]}"})
        return answer_json({"message": "Not Found"}, 404)

    def _listed(self, run: int) -> Iterator[dict[str, Any]]:
        for place, (name, _) in enumerate(self.artifacts.get(run, [])):
            yield {"id": run * 100 + place, "name": name, "expired": name in self.expired}

    def _stored(self, path: str) -> Reply:
        run, place = divmod(int(path.removeprefix("/store/")), 100)
        return Reply(body=self.artifacts[run][place][1])

    def _issues(self, call: Call, path: str) -> Reply:
        number = int((re.search(r"\d+", path) or ["0"])[0])
        match call.method, re.sub(r"\d+", "N", path):
            case "GET", "/issues":
                (label,) = parse_qs(call.query)["labels"]
                mine = [one for one in self.issues if {"name": label} in one["labels"]]
                return answer_json([one for one in mine if one["state"] == "open"])
            case "POST", "/issues":
                labels = [] if self.drops_labels else [{"name": name} for name in call.json["labels"]]
                issue = {"number": len(self.issues) + 1, "state": "open", "user": BOT}
                self.issues.append(issue | call.json | {"labels": labels})
                return answer_json(self.issues[-1], 201)
            case "PATCH", "/issues/N":
                self.issues[number - 1] |= call.json
                return answer_json(self.issues[number - 1])
            case "GET", "/issues/N/comments":
                return answer_json(self.comments.get(number, []))
            case "POST", "/issues/N/comments":
                self.comments.setdefault(number, []).append(call.json | {"user": BOT})
                return answer_json({}, 201)
        return answer_json({"message": "Not Found"}, 404)


def packed(files: Mapping[str, bytes]) -> bytes:
    """An artifact as GitHub hands it out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def packed_folder(folder: Path) -> bytes:
    """A folder that was uploaded."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return packed({str(path.relative_to(folder)): path.read_bytes() for path in files})
