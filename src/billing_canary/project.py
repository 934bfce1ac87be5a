"""Which project a run uses: its folder, how it was found, and a hash of every file loaded from it."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from billing_canary.errors import wrong_call

if TYPE_CHECKING:
    from billing_canary.project_files import ProjectFiles

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parents[1]


class Project:
    """A folder holding `probes/`, `gates/` and (later) `suites/`; remembers what was loaded from it."""

    def __init__(self, root: Path, origin: str, *, bundled: bool = False) -> None:
        self.root = root
        self.origin = origin
        self.bundled = bundled
        self._sha256: dict[str, str] = {}

    def file(self, relative: str) -> Path:
        """The path of one file of the project; its present content is hashed for the record."""
        path = self.root / relative
        if path.is_file():
            self._sha256[relative] = hashlib.sha256(path.read_bytes()).hexdigest()
        return path

    def shown(self, relative: str) -> str:
        """How an error names a file: relative where that leads there, else absolute."""
        path = self.root / relative
        try:
            return str(path.relative_to(Path.cwd()))
        except ValueError:
            return str(path)

    @property
    def files(self) -> ProjectFiles:
        """The record of this project for the bundle."""
        from billing_canary.project_files import ProjectFiles  # noqa: PLC0415 - for bundles alone

        root = "bundled default" if self.bundled else str(self.root)
        return ProjectFiles(root=root, origin=self.origin, sha256=dict(sorted(self._sha256.items())))


def find_project(explicit: Path | None, start: Path) -> Project:
    """The project to use: `explicit`, else the nearest one at or above `start`, else the bundled one.

    Raises:
        ProjectError: `explicit` is no project.
    """
    if explicit is not None:
        if not _has_content(explicit):
            fix = "name a folder that holds probes/ and gates/, or write one with 'billing-canary init'"
            raise wrong_call("--project", f"{explicit} is no billing-canary project", fix)
        return Project(explicit.resolve(), "--project")
    for folder in (start.resolve(), *start.resolve().parents):
        if _has_content(folder) and _is_marked(folder):
            return Project(folder, f"found at or above {start}")
    return Project(bundled_root(), "bundled", bundled=True)


def bundled_root() -> Path:
    """The default project: in a wheel beside this file, in a checkout the live folders."""
    packed = _PACKAGE / "_project"
    # An editable install may hold a stale copy elsewhere, so nothing else is ever searched.
    return packed if packed.is_dir() else _CHECKOUT


def _has_content(folder: Path) -> bool:
    return (folder / "probes").is_dir() and (folder / "gates").is_dir()


def _is_marked(folder: Path) -> bool:
    if (folder / "billing-canary.toml").is_file():
        return True
    try:
        pyproject = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    tools = pyproject.get("tool")
    return isinstance(tools, dict) and "billing-canary" in tools
