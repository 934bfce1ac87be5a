""".github/constraints.txt: everything that the canary workflow installs, with version and hashes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PINS = ROOT / ".github" / "constraints.txt"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
HASHES = r"(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+"
PIN = re.compile(rf"^(?P<requirement>\S+==[^\\]+?) \\\n{HASHES}", re.MULTILINE)

# Runs in the environment that holds exactly the pinned packages: what each of them asks for.
PROGRAM = """
import json
from importlib.metadata import distributions
print(json.dumps({dist.metadata["Name"]: dist.requires or [] for dist in distributions()}))
"""


class Missing(NamedTuple):
    """A package that an installation on a Python version needs, and that no pin satisfies."""

    python: str
    package: str


Asked = Mapping[str, list[str]]


def read_pins() -> dict[str, Requirement]:
    found = [Requirement(match["requirement"]) for match in PIN.finditer(PINS.read_text(encoding="utf-8"))]
    return {canonicalize_name(pin.name): pin for pin in found}


def roots() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    postgres = project["project"]["optional-dependencies"]["postgres"]
    return [*project["project"]["dependencies"], *postgres, *project["build-system"]["requires"]]


def unpinned(pins: Mapping[str, Requirement], asked: Asked, python: str) -> Iterator[Missing]:
    """Walk from the project's own dependencies through what each package asks for."""
    waiting, seen = [Requirement(text) for text in roots()], set()
    while waiting:
        need = waiting.pop()
        name = canonicalize_name(need.name)
        if not satisfied(need, pins.get(name), python):
            yield Missing(python, name)
        elif str(need) not in seen:
            seen.add(str(need))
            # Unknown for a package that only another Python version needs; that version's own job sees it.
            following = [Requirement(text) for text in asked.get(name, [])]
            waiting += [each for each in following if applies(each.marker, python, need.extras)]


def satisfied(need: Requirement, pin: Requirement | None, python: str) -> bool:
    if pin is None or not applies(pin.marker, python):
        return False
    (exact,) = pin.specifier
    return exact.operator == "==" and need.specifier.contains(exact.version, prereleases=True)


def applies(marker: Marker | None, python: str, extras: Collection[str] = ()) -> bool:
    """Does it hold on this machine with that Python version, and any of these extras?"""
    machine = {"python_version": python, "python_full_version": f"{python}.0"}
    return marker is None or any(marker.evaluate({**machine, "extra": extra}) for extra in extras or [""])


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """What each package asks for, as told by the pinned versions, installed as the workflow does it."""
    folder = tmp_path_factory.mktemp("pinned")
    python = str(folder / "venv" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--quiet", "--require-hashes", "--only-binary", ":all:"]
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, capture_output=True)
    done = subprocess.run([*pip, "--requirement", PINS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = subprocess.run([python, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    return {canonicalize_name(name): requires for name, requires in json.loads(told).items()}


def test_every_line_is_an_exact_version_with_its_hashes() -> None:
    text = PINS.read_text(encoding="utf-8")
    assert "".join(match[0] for match in PIN.finditer(text)) == re.sub("^#.*\n", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_is_pinned_transitively(python: str, asked: Asked) -> None:
    assert list(unpinned(read_pins(), asked, python)) == []


def test_no_pin_can_go_unnoticed(asked: Asked) -> None:
    pins = read_pins()
    for name, pin in pins.items():
        if pin.marker is None:
            without = {other: pins[other] for other in pins if other != name}
            assert any(missing.package == name for missing in unpinned(without, asked, "3.11")), name


def test_an_old_pin_that_a_dependency_no_longer_takes_is_noticed(asked: Asked) -> None:
    pins = read_pins()
    for old in ("urllib3==1.0", "click==8.0"):
        requirement = Requirement(old)
        assert Missing("3.13", requirement.name) in unpinned(
            {**pins, requirement.name: requirement}, asked, "3.13"
        )


def test_without_uv_the_refreshing_command_says_what_to_install(tmp_path: Path) -> None:
    for name in ("sh", "dirname"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    before = PINS.read_bytes()
    done = subprocess.run(
        [ROOT / "scripts" / "pin"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "uv is not installed")
    assert PINS.read_bytes() == before
