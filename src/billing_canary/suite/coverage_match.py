"""Which measured file is a gated module: by its whole path, never by a part of it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath

from billing_canary.module_coverage import GatedModule
from billing_canary.suite.coverage_source import ROOT_ONLY

_MOST_HINTS = 3


def matching(module: GatedModule, root: Path, names: Iterable[str], bases: Iterable[str]) -> list[str]:
    """The measured names that are `module`.

    A name below the project's root must be its exact path. A name elsewhere is taken for it when it ends
    with the module's whole path: it was measured in another checkout, or as an installed copy.
    """
    own = PurePosixPath(module.module).name
    folders = tuple(bases)
    # An installed module lies elsewhere on each machine; shared data name it as the gate does.
    shared = module.module if folders == ROOT_ONLY else None
    return [
        name
        for name in names
        if name.endswith(own) and (name == shared or _means(module, root, name, folders))
    ]


def alike(module: GatedModule, names: Collection[str]) -> list[str]:
    """Measured names with the file name of `module`: for a hint only."""
    own = PurePosixPath(module.module).name
    return sorted(name for name in names if _slashed(name).rpartition("/")[2] == own)[:_MOST_HINTS]


def elsewhere(module: GatedModule, root: Path, name: str, bases: Iterable[str]) -> str:
    """Where `name` lies on this machine if that is another file than the module's own; else ""."""
    for path in _paths(name, root, tuple(bases)):
        if _is(module, root, path) and not _is_source(module, path) and Path(path).is_file():
            return path
    return ""


def _means(module: GatedModule, root: Path, name: str, bases: tuple[str, ...]) -> bool:
    return any(_is(module, root, path) for path in _paths(name, root, bases))


def _paths(name: str, root: Path, bases: tuple[str, ...]) -> Iterator[str]:
    """What `name` may mean, as absolute paths."""
    slashed = _slashed(name)
    if _is_absolute(slashed):
        yield slashed
        return
    for base in map(_slashed, bases):
        if _is_absolute(base):
            yield os.path.normpath(f"{base}/{slashed}")
            continue
        path = os.path.normpath(f"{root}/{base or '.'}/{slashed}")
        # What is named from here and leads out of here is another project's file, not another checkout's.
        if Path(path).is_relative_to(root):
            yield path


def _is(module: GatedModule, root: Path, path: str) -> bool:
    if not path.endswith(f"/{module.module}") and path != module.file:
        # A link may give the same file another name.
        return os.path.realpath(path) == module.file
    if _is_source(module, path):
        return True
    # Below the root it is another file of this project, with a longer path.
    return not Path(os.path.realpath(path)).is_relative_to(root.resolve())


def _is_source(module: GatedModule, path: str) -> bool:
    return module.file in {path, os.path.realpath(path)}


def _slashed(name: str) -> str:
    return name.replace("\\", "/")


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or path[1:3] == ":/"
