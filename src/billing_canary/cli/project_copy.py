"""Copying the bundled default project into a folder of the user's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click

from billing_canary import __version__
from billing_canary.errors import ExitCode, wrong_call
from billing_canary.project import bundled_root

_FOLDERS = ("probes", "suites", "gates")
_HARMLESS = {".git", ".gitignore", ".venv", "artifacts"}
"""What a folder may hold beside nothing: a fresh repository is as good as an empty one."""

_MARKER = f"""\
# Marks this folder as a billing-canary project. Its probes/, suites/ and gates/ are yours to edit.
# written_by is the version of billing-canary that these files came with.
written_by = "{__version__}"
"""
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "audit-log.jsonl")
"""What was decided in a checkout of ours is nobody else's decision."""

_IGNORE = "artifacts/\n__pycache__/\n"
_NEXT = """\
Next:
  billing-canary probe --mode mock     run the probes against a mock billing system
  edit probes/targets.toml             describe your own backend
  edit gates/money.toml                say what a run may spend, and where
"""


def write_project(folder: Path, *, as_json: bool) -> int:
    """Write the project and say what was written.

    Raises:
        ProjectError: the folder holds something, or cannot be written.
    """
    present = sorted({entry.name for entry in _entries(folder)} - _HARMLESS)
    if present:
        fix = "name an empty or new folder: billing-canary init NEW-FOLDER"
        raise wrong_call(str(folder), f"is not empty: it holds {', '.join(present[:5])}", fix)
    try:
        written = _copy(folder)
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise wrong_call(str(folder), message, "name a folder that you may write to") from error
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "version": __version__, "files": written}))
        return int(ExitCode.YES)
    click.echo(f"Wrote {len(written)} files of billing-canary {__version__} to {folder}:")
    for file in written:
        click.echo(f"  {file}")
    click.echo(f"\n{_NEXT}", nl=False)
    return int(ExitCode.YES)


def _entries(folder: Path) -> list[Path]:
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise wrong_call(str(folder), "is a file", "name an empty or new folder")
    return list(folder.iterdir())


def _copy(folder: Path) -> list[str]:
    source = bundled_root()
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FOLDERS:
        shutil.copytree(source / name, folder / name, ignore=_LEFT_OUT)
    (folder / "billing-canary.toml").write_text(_MARKER, encoding="utf-8")
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text(_IGNORE, encoding="utf-8")
    written = [path for name in _FOLDERS for path in (folder / name).rglob("*") if path.is_file()]
    return ["billing-canary.toml", *sorted(str(path.relative_to(folder)) for path in written)]
