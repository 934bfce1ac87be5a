"""A release that is truly GO, made by the real commands, and copies of it that a test may tamper with."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import FrameType

from tests.acceptance.conftest import Canary
from tests.battery.checklist import FILES, LATER_FILE

from billing_canary.artifact.index_file import INDEX_FILE
from billing_canary.artifact.kinds import KINDS
from billing_canary.cli.main import run

LOG = "gates/audit-log.jsonl"
DEFECTS = "gates/defects.json"
POLICY = "gates/release.toml"
TIER, CANARY, DECISIONS = "billing-confidence", "billing-canary", "billing-decisions"

AUTHOR = ("Zoë Müller", "zoe.mueller@example.com")
COMMITTER = ("Oleg Petrov", "oleg.petrov@example.com")
HELPER = ("Ana Costa", "ana.costa+pair@example.com")
DEVELOPER = ("Dev Example", "dev@example.com")
"""Everybody who wrote a part of the candidate, each in another part."""

_DEADLINE_S = 20


class TooLongError(BaseException):
    """No error that the command line could turn into a sentence."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What `decide` said.

    Attributes:
        text: everything that it printed.
    """

    code: int
    text: str

    @property
    def blockers(self) -> tuple[str, ...]:
        """Of the decision on stdout; none where nothing was decided."""
        start = self.text.find("{\n")
        if start < 0:
            return ()
        document, _ = json.JSONDecoder().raw_decode(self.text[start:])
        return tuple(document["blockers"])


@dataclass(frozen=True, kw_only=True)
class Release:
    """A project whose candidate is GO until somebody tampers with it.

    Attributes:
        home: root of the repository, with its artifacts.
        stash: further runs, made by the real commands, by a name: folders of artifacts.
        candidate: full hash of the commit to decide on.
    """

    home: Path
    stash: Path
    candidate: str

    @property
    def artifacts(self) -> Path:
        return self.home / "artifacts"

    @cached_property
    def tier(self) -> Path:
        """The bundle of the cited tier run."""
        return _only(self.artifacts / TIER)

    @cached_property
    def canary(self) -> Path:
        """The bundle of the cited canary run."""
        return _only(self.artifacts / CANARY)

    def bundle(self, kind: str) -> Path:
        return self.tier if kind == TIER else self.canary

    @property
    def log(self) -> Path:
        return self.home / LOG

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that must be there."""
        file = self.home / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} no longer holds {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def add_run(self, name: str) -> Path:
        """Put the run that is stashed as `name` among the artifacts, as if it had been made there."""
        (found,) = (folder for kind in (TIER, CANARY) for folder in (self.stash / name / kind).glob("*"))
        target = self.artifacts / found.parent.name / found.name
        shutil.copytree(found, target, symlinks=True)
        with (self.artifacts / INDEX_FILE).open("ab") as index:
            index.write((self.stash / name / INDEX_FILE).read_bytes())
        return target

    def git(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        return git(self.home, *words, env=env)

    def decide(self, *words: str) -> Answer:
        """Decide in this process, within a deadline."""
        said = io.StringIO()
        argv = ["decide", "--commit", self.candidate, "--json", *words]
        with (
            contextlib.chdir(self.home),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
            deadline(_DEADLINE_S),
        ):
            code = run(argv)
        return Answer(code=code, text=said.getvalue())

    def succeed(self, *words: str) -> None:
        """Run another command, which must end well."""
        _succeed(self.home, *words)

    def recorded_gos(self) -> list[Path]:
        """Recorded decisions that say GO."""
        return [file for file in sorted(self.artifacts.glob(f"{DECISIONS}/*/decision.json")) if _is_go(file)]


def git(home: Path, *words: str, env: Mapping[str, str] | None = None) -> str:
    named = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **_persons(DEVELOPER, DEVELOPER)}
    done = subprocess.run(
        ["git", *words],  # noqa: S607 - found as users find it
        cwd=home,
        env={**os.environ, **named, **(env or {})},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Nothing may wait for ever, whatever stands where a file should be.

    Raises:
        TooLongError: it took longer.
    """

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TooLongError(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def make_release(home: Path, stash: Path) -> Release:
    """The release, everything in it made by the real commands."""
    made = Canary(home=home)
    made.project()
    for path, text in FILES.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")
    (home / LOG).unlink(missing_ok=True)
    git(home, "init", "-q", "--template=")
    _commit(home, "The last release", ("Old Hand", "old@example.com"), ("Old Hand", "old@example.com"))
    git(home, "tag", "v1.0")
    (home / LATER_FILE).write_text("one\n")
    _commit(home, f"One\n\nCo-authored-by: {HELPER[0]} <{HELPER[1]}>", AUTHOR, COMMITTER)
    _stash_runs(made, stash, {"other": (), "other-canary": ()})
    (home / LATER_FILE).write_text("two\n")
    candidate = _commit(home, "Two", DEVELOPER, DEVELOPER)
    _all_end(made, [("confidence", "quick"), ("probe",)])
    _later_runs(made, stash)
    _entries(home, candidate)
    git(home, "gc", "-q")
    return Release(home=home, stash=stash, candidate=candidate)


def _later_runs(made: Canary, stash: Path) -> None:
    """Runs of the candidate after the good ones, each of them no evidence for a release."""
    flag = made.home / "fails.flag"
    flag.touch()
    _stash_runs(made, stash, {"failing": (), "failing-canary": ()}, code=1)
    flag.unlink()
    (made.home / LATER_FILE).write_text("three\n")
    _stash_runs(made, stash, {"dirty": (), "limited-canary": ("--only", "quick.adds_up")})
    git(made.home, "checkout", "-q", LATER_FILE)


def _stash_runs(made: Canary, stash: Path, named: Mapping[str, tuple[str, ...]], code: int = 0) -> None:
    lines = []
    for name, more in named.items():
        words = ("probe",) if name.endswith("-canary") else ("confidence", "quick")
        lines.append((*words, *more, "--artifacts", str(stash / name)))
    _all_end(made, lines, code)


def _all_end(made: Canary, lines: Sequence[tuple[str, ...]], code: int = 0) -> None:
    """Run these command lines side by side."""
    for process in [made.start(*words) for words in lines]:
        done = made.ended(process)
        assert done.code == code, done


def _entries(home: Path, candidate: str) -> None:
    """What people say; the first three entries are committed, the approvals are not yet."""
    kim = ("--by", "Kim Sample", "--expires", "9d")
    about = ("--commit", candidate)
    _succeed(home, "risk", "add", "--title", "Slow", "--owner", "Kim", "--mitigation", "watch", *kim)
    _succeed(home, "attest", "finance", *about, "--reason", "prices checked", *kim)
    rehearsed = ("--state", "verified", "--rehearsed-on", git(home, "show", "-s", "--format=%cs"))
    _succeed(home, "attest", "rollback", *about, "--reason", "rehearsed", *rehearsed, *kim)
    _commit(home, "What people said", DEVELOPER, DEVELOPER)
    _succeed(home, "approve", *about, "--role", "lead", "--by", "Taylor Example")
    _succeed(home, "approve", *about, "--role", "qa", "--by", "Sam Probe")


def _succeed(home: Path, *words: str) -> None:
    with contextlib.chdir(home), contextlib.redirect_stdout(io.StringIO()):
        assert run(words) == 0, words


def _commit(home: Path, message: str, author: tuple[str, str], committer: tuple[str, str]) -> str:
    git(home, "add", "-A")
    git(home, "commit", "-qm", message, env=_persons(author, committer))
    return git(home, "rev-parse", "HEAD")


def _persons(author: tuple[str, str], committer: tuple[str, str]) -> dict[str, str]:
    return {
        "GIT_AUTHOR_NAME": author[0],
        "GIT_AUTHOR_EMAIL": author[1],
        "GIT_COMMITTER_NAME": committer[0],
        "GIT_COMMITTER_EMAIL": committer[1],
    }


def copy_release(made: Release, home: Path) -> Release:
    """A copy that may be tampered with; the stash is shared, since nobody writes there."""
    shutil.copytree(made.home, home, symlinks=True)
    return Release(home=home, stash=made.stash, candidate=made.candidate)


def _only(parent: Path) -> Path:
    (folder,) = parent.iterdir()
    return folder


def _is_go(file: Path) -> bool:
    if not stat.S_ISREG(file.lstat().st_mode):
        return False
    return b'"verdict": "GO"' in file.read_bytes()


def final_of(folder: Path) -> Path:
    """The final file of a bundle."""
    return folder / KINDS[folder.parent.name].final
