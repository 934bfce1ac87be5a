"""Asking Git about a repository that somebody else may have prepared: bounded, and without its hooks."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_SECONDS = 30
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",  # no lock that others would wait for
    "GIT_NO_LAZY_FETCH": "1",  # no connection to a remote
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_GRAFT_FILE": os.devnull,
    "LC_ALL": "C",
    **dict.fromkeys(
        # Ours have magic in them, and mean what they say.
        (f"GIT_{kind}_PATHSPECS" for kind in ("LITERAL", "GLOB", "NOGLOB", "ICASE")),
        "0",
    ),
}
_KEPT = ("GIT_CONFIG", "GIT_CEILING_DIRECTORIES")
"""They settle who may read a checkout; Git's other variables could name another repository, as in hooks."""

_COMMAND = (
    "git",
    "--no-pager",
    "--no-replace-objects",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "protocol.allow=never",
)
"""A clone that left objects out fetches them when asked, before Git 2.44 whatever the environment says."""


@dataclass(frozen=True, kw_only=True)
class GitAnswer:
    """What Git said.

    Attributes:
        code: its exit code; None when it could not be started or did not end in time.
        problem: its first complaint, or why there is no answer; "" when all is well.
    """

    code: int | None
    output: bytes = b""
    problem: str = ""

    @property
    def text(self) -> str:
        """The output without the white space around it."""
        return self.output.decode("utf-8", "replace").strip()


def ask_git(folder: Path, *arguments: str) -> GitAnswer:
    """Run a Git command that only reads, in `folder`."""
    try:
        done = subprocess.run(
            [*_COMMAND, *arguments],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
    except OSError as error:
        return GitAnswer(code=None, problem=f"git cannot be started: {error.strerror}")
    except subprocess.TimeoutExpired:
        return GitAnswer(code=None, problem=f"git did not answer within {_PATIENCE_SECONDS} s")
    complaint = done.stderr.decode("utf-8", "replace").strip().splitlines()
    problem = (complaint or [f"git ended with {done.returncode}"])[0] if done.returncode else ""
    return GitAnswer(code=done.returncode, output=done.stdout, problem=problem[:300])


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    return {**kept, **_ENVIRONMENT}


def in_repository(folder: Path) -> bool:
    """Whether `folder` lies in a work tree, as far as its parents tell; Git itself need not be there."""
    here = folder.resolve()
    return any((parent / ".git").exists() for parent in (here, *here.parents))
