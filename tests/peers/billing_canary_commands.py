"""The command line as a user has it: a project of one's own, the reference service, a staging run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

PROJECTS = Path(__file__).parent / "projects"
_PRIVATE = ("PYTHON", "BILLING_", "STRIPE_", "COV", "PYTEST_", "GITHUB_")
_SECRET = ("SECRET", "TOKEN", "PASSWORD", "KEY")
_DEADLINE_S = 90
_STOP_S = 10
_STAGING = re.compile(r"^\[staging\]\n.*?(?=^\[backends\.)", re.MULTILINE | re.DOTALL)


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what is private to it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_PRIVATE) and not any(word in name for word in _SECRET)
    }
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **(more or {})}


def command(*words: str, cwd: Path, environ: Mapping[str, str] | None = None) -> Any:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "billing_canary", *words],
        cwd=cwd,
        env=clean_environment(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_DEADLINE_S,
    )


class ReferenceService:
    """`billing-canary mock` as a process of its own, with another provider where one is named."""

    def __init__(self, cwd: Path, *words: str, environ: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "billing_canary", "mock", "--json", *words],
            cwd=cwd,
            env=clean_environment(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise AssertionError(self._process.communicate(timeout=_STOP_S)[1])
        told: dict[str, Any] = json.loads(line)
        self.told = told
        self.url = str(told["backend_url"])
        self.inbox = f"{self.url}/webhooks/stripe"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=_STOP_S)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one staging run came to."""

    code: int
    stderr: str
    document: Mapping[str, Any]

    @property
    def statuses(self) -> dict[str, str]:
        """Every probe's status."""
        return {probe["id"]: probe["status"] for probe in self.document["probes"]}

    def having(self, status: str) -> set[str]:
        """The probes with that status."""
        return {probe for probe, found in self.statuses.items() if found == status}

    def probe(self, probe_id: str) -> Mapping[str, Any]:
        """One probe's result."""
        (found,) = (probe for probe in self.document["probes"] if probe["id"] == probe_id)
        return dict(found)

    def failed_claims(self, probe_id: str) -> list[str]:
        """Claims of one probe that did not hold."""
        return [row["claim"] for row in self.probe(probe_id)["evidence"] if not row["held"]]

    def safety(self, check_id: str) -> Mapping[str, Any]:
        """One safety check."""
        (found,) = (check for check in self.document["safety_checks"] if check["id"] == check_id)
        return dict(found)


def make_project(folder: Path, peer: str, urls: Sequence[str]) -> Path:
    """A project made by `init`, whose staging target is the one in projects/PEER.toml.

    It may reach the servers of `urls`; the last of them stands for @PROVIDER@ in that file.
    """
    done = command("init", str(folder), cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    targets = folder / "probes" / "targets.toml"
    staging = (PROJECTS / f"{peer}.toml").read_text(encoding="utf-8").replace("@PROVIDER@", urls[-1])
    text, count = _STAGING.subn(lambda _: staging + "\n", targets.read_text(encoding="utf-8"))
    assert count == 1, "the [staging] table of the default project was not found"
    # The saved card that the backend is asked to charge must be one that the provider knows.
    card = re.search(r'accepted = "(\w+)"', staging)
    assert '"pm_card_visa"' in text
    text = text.replace('"pm_card_visa"', f'"{card[1]}"') if card else text
    targets.write_text(text, encoding="utf-8")
    money = folder / "gates" / "money.toml"
    allowed = json.dumps([host.removeprefix("http://").split("/")[0] for host in urls])
    text, count = re.subn(
        r"^allow = .*$", f"allow = {allowed}", money.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert count == 1
    money.write_text(text, encoding="utf-8")
    return folder


def run_staging(project: Path, environ: Mapping[str, str], *words: str) -> Report:
    """One staging run of `project`."""
    argv = ("probe", "--mode", "staging", "--json", "--quiet", *words)
    done = command(*argv, cwd=project, environ=environ)
    assert done.stdout, done.stderr
    return Report(code=done.returncode, stderr=done.stderr, document=json.loads(done.stdout))
