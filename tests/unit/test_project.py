"""Which project a run uses, and the record of what it loaded from it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from billing_canary.errors import ProjectError
from billing_canary.project import Project, bundled_root, find_project


def folders(root: Path) -> Path:
    (root / "probes").mkdir(parents=True)
    (root / "gates").mkdir()
    return root


def marked(root: Path) -> Path:
    (folders(root) / "billing-canary.toml").touch()
    return root


@pytest.mark.parametrize("missing", ["probes", "gates", "both"])
def test_a_named_folder_without_content_is_a_wrong_call(tmp_path: Path, missing: str) -> None:
    folders(tmp_path / "p")
    for name in ("probes", "gates") if missing == "both" else (missing,):
        (tmp_path / "p" / name).rmdir()
    with pytest.raises(ProjectError, match="is no billing-canary project") as caught:
        find_project(tmp_path / "p", tmp_path)
    assert caught.value.problems[0].where == "--project"
    assert "billing-canary init" in caught.value.problems[0].fix


def test_a_named_folder_that_does_not_exist_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(ProjectError):
        find_project(tmp_path / "nowhere", tmp_path)


def test_files_called_probes_and_gates_make_no_project(tmp_path: Path) -> None:
    (tmp_path / "probes").touch()
    (tmp_path / "gates").touch()
    with pytest.raises(ProjectError):
        find_project(tmp_path, tmp_path)


def test_a_named_folder_needs_no_marker(tmp_path: Path) -> None:
    found = find_project(folders(tmp_path / "p"), tmp_path)
    assert (found.root, found.origin, found.bundled) == (tmp_path / "p", "--project", False)


def test_a_named_folder_wins_over_the_nearest_one(tmp_path: Path) -> None:
    near, named = marked(tmp_path / "near"), folders(tmp_path / "named")
    assert find_project(named, near).root == named


def test_the_nearest_marked_project_at_or_above_is_used(tmp_path: Path) -> None:
    outer = marked(tmp_path / "outer")
    inner = marked(outer / "inner")
    deep = inner / "a" / "b"
    deep.mkdir(parents=True)
    assert find_project(None, deep).root == inner
    assert find_project(None, inner).root == inner
    assert find_project(None, outer).root == outer
    assert find_project(None, deep).origin == f"found at or above {deep}"


def test_content_without_a_marker_is_passed_by(tmp_path: Path) -> None:
    outer = marked(tmp_path / "outer")
    plain = folders(outer / "plain")
    assert find_project(None, plain).root == outer


def test_a_marker_without_content_is_passed_by(tmp_path: Path) -> None:
    outer = marked(tmp_path / "outer")
    inner = outer / "inner"
    inner.mkdir()
    (inner / "billing-canary.toml").touch()
    assert find_project(None, inner).root == outer


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("[tool.billing-canary]\n", True),
        ("[tool.billing-canary]\nx = 1\n", True),
        ("[tool.other]\n", False),
        ("[project]\nname = 'x'\n", False),
        ("", False),
        ("not toml [", False),
    ],
)
def test_a_table_in_pyproject_is_a_marker(tmp_path: Path, text: str, *, is_found: bool) -> None:
    root = folders(tmp_path / "p")
    (root / "pyproject.toml").write_text(text)
    assert find_project(None, root).bundled is not is_found


def test_a_pyproject_that_is_not_utf8_marks_nothing(tmp_path: Path) -> None:
    root = folders(tmp_path / "p")
    (root / "pyproject.toml").write_bytes(b"\xff\xfe")
    assert find_project(None, root).bundled


@pytest.mark.parametrize("text", ["tool = 3", "tool = []", "tool = 'billing-canary'"])
def test_a_pyproject_whose_tool_is_no_table_marks_nothing(tmp_path: Path, text: str) -> None:
    root = folders(tmp_path / "p")
    (root / "pyproject.toml").write_text(text)
    assert find_project(None, root).bundled


def test_without_any_project_the_bundled_one_is_used(tmp_path: Path) -> None:
    found = find_project(None, tmp_path)
    assert found.bundled
    assert found.root == bundled_root()
    assert found.files.root == "bundled default"
    assert (found.root / "probes/targets.toml").is_file()
    assert (found.root / "gates/money.toml").is_file()


def test_a_link_is_followed_to_the_real_folder(tmp_path: Path) -> None:
    root = folders(tmp_path / "real")
    (tmp_path / "link").symlink_to(root)
    assert find_project(tmp_path / "link", tmp_path).root == root


def test_every_file_that_is_loaded_is_recorded_with_its_hash(tmp_path: Path) -> None:
    project = Project(folders(tmp_path / "p"), "test")
    for name, content in (("probes/b.py", b"b"), ("gates/a.toml", b"a")):
        (project.root / name).write_bytes(content)
        assert project.file(name) == project.root / name
    expected = {
        "gates/a.toml": hashlib.sha256(b"a").hexdigest(),
        "probes/b.py": hashlib.sha256(b"b").hexdigest(),
    }
    assert project.files.sha256 == expected
    assert list(project.files.sha256) == sorted(expected)
    assert (project.files.root, project.files.origin) == (str(project.root), "test")


def test_a_file_that_is_not_there_is_not_recorded(tmp_path: Path) -> None:
    project = Project(tmp_path, "test")
    assert project.file("gates/none.toml") == tmp_path / "gates/none.toml"
    assert project.files.sha256 == {}


def test_a_file_that_changed_is_recorded_as_it_was_read_last(tmp_path: Path) -> None:
    project = Project(tmp_path, "test")
    (tmp_path / "f").write_bytes(b"one")
    project.file("f")
    (tmp_path / "f").write_bytes(b"two")
    project.file("f")
    assert project.files.sha256 == {"f": hashlib.sha256(b"two").hexdigest()}


def test_errors_name_a_file_as_a_person_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path / "p", "test")
    monkeypatch.chdir(tmp_path)
    assert project.shown("gates/money.toml") == "p/gates/money.toml"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert project.shown("gates/money.toml") == str(tmp_path / "p/gates/money.toml")
