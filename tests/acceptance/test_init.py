"""`billing-canary init`: a project of one's own that works at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

ROOT = Path(__file__).parents[2]


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("words", [(), ("mine",), ("deep/below/mine",)])
def test_a_new_project_probes_at_once(canary: Canary, words: tuple[str, ...]) -> None:
    folder = canary.home.joinpath(*words)
    done = canary("init", *words)
    assert done.code == 0
    assert "billing-canary probe --mode mock" in done.stdout
    probed = canary("probe", "--only", "operations.*", "--artifacts", str(canary.artifacts), cwd=folder)
    assert probed.code == 0
    assert canary.bundle.report["project"]["root"] == str(folder)
    assert not list(folder.rglob("__pycache__"))


def test_what_is_written_is_what_the_default_project_holds(canary: Canary) -> None:
    document = canary("init", "mine", "--json").document
    written = _files(canary.home / "mine")
    assert set(document["files"]) | {".gitignore"} == set(written)
    for name in ("probes/wallet.py", "probes/targets.toml", "gates/money.toml"):
        assert written[name] == (ROOT / name).read_bytes()
    assert all(
        path.startswith(("probes/", "suites/", "gates/", "billing-canary.toml")) for path in document["files"]
    )


def test_an_edit_of_the_copy_changes_the_copy_alone(canary: Canary) -> None:
    before = _files(ROOT / "probes")
    assert canary("init", "mine").code == 0
    canary.edit("mine/probes/operations.py", 'OWNER = "sre"', 'OWNER = "somebody else"')
    canary("probe", "--only", "operations.build_at_start", "--project", "mine")
    assert canary.bundle.probe("operations.build_at_start")["owner"] == "somebody else"
    assert _files(ROOT / "probes") == before


@pytest.mark.parametrize("present", ["notes.txt", "probes/mine.py", "gates/money.toml", ".hidden"])
def test_a_folder_that_holds_something_is_left_alone(canary: Canary, present: str) -> None:
    (canary.home / present).parent.mkdir(exist_ok=True)
    (canary.home / present).write_text("mine", encoding="utf-8")
    done = canary("init")
    assert (done.code, done.stdout) == (2, "")
    assert "is not empty" in done.stderr
    assert "fix: " in done.stderr
    assert _files(canary.home) == {present: b"mine"}


def test_a_second_init_is_refused(canary: Canary) -> None:
    assert canary("init").code == 0
    before = _files(canary.home)
    assert canary("init").code == 2
    assert _files(canary.home) == before


def test_a_fresh_repository_is_as_good_as_an_empty_folder(canary: Canary) -> None:
    (canary.home / ".git").mkdir()
    (canary.home / ".gitignore").write_text("mine\n", encoding="utf-8")
    assert canary("init").code == 0
    assert (canary.home / ".gitignore").read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize("target", ["file", "file/below"])
def test_a_file_is_no_folder(canary: Canary, target: str) -> None:
    (canary.home / "file").write_text("mine", encoding="utf-8")
    done = canary("init", target)
    assert (done.code, done.stdout) == (2, "")
    assert f"{target}: " in done.stderr
    assert _files(canary.home) == {"file": b"mine"}


def test_a_link_that_leads_nowhere_is_no_folder(canary: Canary) -> None:
    (canary.home / "link").symlink_to(canary.home / "nowhere" / "at-all")
    done = canary("init", "link")
    assert (done.code, done.stdout) == (2, "")
