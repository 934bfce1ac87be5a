"""The command line as its users start it: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.github import GitHub, make_github
from tests.fakes.released import make_released
from tests.fakes.staging import Staging
from tests.fakes.watched_project import POLICY, healthy, write_files

from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.verify import verify_bundle
from billing_canary.audit.log import AUDIT_LOG

ROOT = Path(__file__).parents[2]
# What would lead the program elsewhere, colour its output, or be taken for a secret of the run.
_PRIVATE = ("PYTHON", "BILLING_", "STRIPE_", "COV", "PYTEST_", "GITHUB_", "CI", "NO_COLOR", "FORCE_COLOR")
_SECRET = ("SECRET", "TOKEN", "PASSWORD", "KEY")
_DEADLINE_S = 90

QUICK = """
from billing_canary import ProbeContext, Severity, billing_probe

@billing_probe(title="Two and two are four", severity=Severity.CRITICAL, owner="tests")
def adds_up(run: ProbeContext) -> None:
    run.expect("Two and two are four", 2 + 2, equals=4)
"""


def clean_environment(**more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_PRIVATE) and not any(word in name for word in _SECRET)
    }
    return kept | {"PYTHONDONTWRITEBYTECODE": "1"} | more


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one call came to."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document that is all of stdout."""
        return json.loads(self.stdout)


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A bundle on disk."""

    folder: Path

    @property
    def run(self) -> dict[str, Any]:
        return self.json("run.json")

    @property
    def final(self) -> Path:
        return self.folder / KINDS[self.folder.parent.name].final

    @property
    def state(self) -> str:
        """What `runs verify` says of it."""
        return str(verify_bundle(self.folder).state)

    @property
    def report(self) -> dict[str, Any]:
        return self.json(self.final.name)

    def json(self, path: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.text(path))
        return document

    def text(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def probe(self, probe_id: str) -> dict[str, Any]:
        (found,) = (probe for probe in self.report["probes"] if probe["id"] == probe_id)
        return dict(found)


@dataclass(frozen=True, kw_only=True)
class Canary:
    """The command, started in `home`, where it also leaves its artifacts."""

    home: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def artifacts(self) -> Path:
        return self.home / "artifacts"

    def __call__(self, *words: str, env: Mapping[str, str] | None = None, **popen: Any) -> Outcome:
        process = self.start(*words, env=env, **popen)
        return self.ended(process)

    def start(
        self, *words: str, env: Mapping[str, str] | None = None, before: tuple[str, ...] = (), **popen: Any
    ) -> subprocess.Popen[str]:
        """Start it and come back at once; `before` is put in front of the command line."""
        options: dict[str, Any] = {
            "cwd": self.home,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }
        process: subprocess.Popen[str] = subprocess.Popen(
            [*before, sys.executable, "-m", "billing_canary", *words],
            **(options | popen),
            env=clean_environment(**(env or {})),
            text=True,
        )
        self.started.append(process)
        return process

    def ended(self, process: subprocess.Popen[str]) -> Outcome:
        """Wait for its end; never a traceback, whatever happened."""
        stdout, stderr = process.communicate(timeout=_DEADLINE_S)
        assert "Traceback" not in (stderr or ""), stderr
        return Outcome(code=process.returncode, stdout=stdout or "", stderr=stderr or "")

    def bundles(self, kind: str = "billing-canary") -> list[Bundle]:
        folders = sorted((self.artifacts / kind).glob("*"))
        return [Bundle(folder=folder) for folder in folders]

    @property
    def bundle(self) -> Bundle:
        """The only bundle of a canary run."""
        (found,) = self.bundles()
        return found

    def project(self, **probes: str) -> None:
        """Make `home` a project with the checkout's target and policy, and just these probe files."""
        shutil.copytree(ROOT / "gates", self.home / "gates")
        (self.home / "probes").mkdir()
        shutil.copy(ROOT / "probes" / "targets.toml", self.home / "probes")
        (self.home / "billing-canary.toml").touch()
        for name, text in probes.items():
            (self.home / "probes" / f"{name}.py").write_text(text, encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that must be there."""
        file = self.home / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} no longer holds {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    """The command with the default project; whatever the test leaves running is ended."""
    home = tmp_path / "home"
    home.mkdir()
    made = Canary(home=home)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def quick(canary: Canary) -> Canary:
    """The command in a project with one probe, which takes no time."""
    canary.project(quick=QUICK)
    return canary


@pytest.fixture
def watched(quick: Canary) -> Canary:
    """A project that watches files, all of them well, with one canary run that passed."""
    write_files(quick.home, {"gates/rollback.toml": POLICY, **healthy()})
    assert quick("probe", "--quiet").code == 0
    return quick


@pytest.fixture
def staging(canary: Canary) -> Iterator[Staging]:
    """A reference service in a process of its own, and a project from `init` that knows it."""
    process = canary.start("mock", "--json")
    assert process.stdout is not None
    made = Staging(told=json.loads(process.stdout.readline()), home=canary.home)
    assert canary("init", ".").code == 0
    made.know()
    yield made
    process.terminate()
    assert canary.ended(process).code == 0


@pytest.fixture(scope="session")
def quick_runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Records a passed run of the quick project; the artifacts folder."""

    def record(run_id: str) -> Path:
        made = Canary(home=tmp_path_factory.mktemp("recorded"))
        made.project(quick=QUICK)
        assert made("probe", "--run-id", run_id).code == 0
        return made.artifacts

    return record


class Processes:
    """Looking at other processes through /proc."""

    @staticmethod
    def below(pid: int) -> set[tuple[int, str]]:
        """Every descendant of `pid` as (pid, start time): together they are never used again."""
        for _ in range(100):
            with suppress(FileNotFoundError, ProcessLookupError):
                return Processes._snapshot(pid)
        raise AssertionError(f"the threads of {pid} come and go too fast to be listed")

    @staticmethod
    def _snapshot(pid: int) -> set[tuple[int, str]]:
        """Raises when a thread or process ends meanwhile: its children are another's then."""
        found: set[tuple[int, str]] = set()
        for listed in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, listed.read_text().split()):
                found |= {(child, Processes.started(child))} | Processes._snapshot(child)
        return found

    @staticmethod
    def started(pid: int) -> str:
        """When it started in clock ticks; "" when it is gone or a zombie."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[0] == "Z" else fields[19]

    @staticmethod
    def left(processes: set[tuple[int, str]], within: float = 3.0) -> set[tuple[int, str]]:
        """Those that are still there after `within` seconds."""
        deadline = time.monotonic() + within
        alive = {(pid, start) for pid, start in processes if start}
        while alive and time.monotonic() < deadline:
            alive = {(pid, start) for pid, start in alive if Processes.started(pid) == start}
            time.sleep(0.02)
        return alive


@pytest.fixture(scope="session")
def processes() -> type[Processes]:
    if not list(Path("/proc/self/task").glob("*/children")):
        pytest.skip("/proc does not tell the children of a process here")
    return Processes


def until(condition: Callable[[], object], within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture(scope="session", name="until")
def _until() -> Callable[..., None]:
    """Waits for a condition, and fails when it does not come true."""
    return until


@pytest.fixture(scope="session")
def github(tmp_path_factory: pytest.TempPathFactory, tool: Callable[[str], str]) -> GitHub:
    """GitHub's runner, as far as the canary workflow needs one."""
    return make_github(tool, tmp_path_factory.mktemp("github"))


@pytest.fixture
def checkout(copy_checkout: Callable[[Path], Path], tmp_path: Path) -> Path:
    """A copy of this checkout that a test may change and commit."""
    return copy_checkout(tmp_path / "checkout")


@pytest.fixture(scope="session")
def own_mounts() -> tuple[str, ...]:
    """A command prefix that gives the rest a mount namespace, or a skip where that is not permitted."""
    for flags in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        prefix = ["unshare", *flags]
        trial = [*prefix, "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]
        if (
            shutil.which("unshare")
            and subprocess.run(trial, capture_output=True, check=False).returncode == 0
        ):
            return tuple(prefix)
    pytest.skip("mounting is not permitted here")


@pytest.fixture
def home(canary: Canary) -> Canary:
    """The command in a project of its own that is no Git repository."""
    canary.project()
    (canary.home / AUDIT_LOG).unlink(missing_ok=True)
    return canary


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose HEAD is GO, everything in it made by the real commands."""
    made = Canary(home=tmp_path_factory.mktemp("released"))
    make_released(made, QUICK)
    return made.home


@pytest.fixture
def release(canary: Canary, released: Path) -> Canary:
    """A copy of that repository that a test may break."""
    shutil.rmtree(canary.home)
    shutil.copytree(released, canary.home, symlinks=True)
    return canary
