"""What stands in the wheel and in the sdist."""

from __future__ import annotations

import re
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def tracked(folder: str) -> set[str]:
    files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}


@pytest.mark.parametrize("folder", ["probes", "suites", "gates"])
def test_the_default_project_is_packed_whole(folder: str, names: set[str]) -> None:
    wanted = {f"billing_canary/_project/{path}" for path in tracked(folder)}
    assert wanted
    assert {name for name in names if name.startswith(f"billing_canary/_project/{folder}/")} == wanted


def test_every_module_and_data_file_of_the_package_is_packed(names: set[str]) -> None:
    wanted = {path.removeprefix("src/") for path in tracked("src/billing_canary")}
    assert {name for name in names if not name.startswith("billing_canary/_project/")} >= wanted


def test_types_and_schemas_are_public(names: set[str]) -> None:
    assert "billing_canary/py.typed" in names
    assert any(name.endswith(".schema.json") for name in names)


def test_nothing_else_is_packed(names: set[str]) -> None:
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"billing_canary"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert not [name for name in names if "test" in name.removeprefix("billing_canary/").split("/")[0]]


def test_the_metadata_say_what_pyproject_says(metadata: Message) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Python"] == project["requires-python"]
    required = {line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert len(required) == len(project["dependencies"])
    assert {bare(line) for line in required} == {bare(line) for line in project["dependencies"]}


def bare(requirement: str) -> str:
    """A requirement's name, without its versions and markers."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def test_the_sdist_holds_what_a_packager_builds_and_tests_from(dist: Path) -> None:
    (archive,) = dist.glob("billing_canary-*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    for wanted in ("pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "tests/conftest.py"):
        assert wanted in names
    assert not [name for name in names if name.startswith((".venv", "artifacts"))]
