"""Finding the source file of a gated module without importing anything of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path, PurePosixPath

Found = tuple[str, str] | str
"""(how it is shown, absolute path), or a sentence that says why there is none."""


def file_of_path(root: Path, path: str) -> Found:
    """The file at `path`, with forward slashes, relative to the project's root."""
    parts = PurePosixPath(path).parts
    if "\\" in path or PurePosixPath(path).is_absolute() or ".." in parts:
        return f"is {path!r}: write it with forward slashes, relative to the project's root"
    file = root / path
    if not file.is_file():
        return f"names {path}, which is no file in {root}"
    return "/".join(parts), str(file.resolve())


def file_of_module(root: Path, dotted: str) -> Found:
    """The file of the module that `import dotted` would give, looked for in the project first.

    Unlike importlib's own look-up this imports no parent package: judging must not run the code it judges.
    """
    places: Sequence[str] = [str(root), *sys.path]
    spec: ModuleSpec | None = None
    names = dotted.split(".")
    if not all(name.isidentifier() for name in names):
        return f"is {dotted!r}: write a module's name with dots, e.g. app.billing"
    for depth in range(len(names)):
        spec = _spec(".".join(names[: depth + 1]), places)
        if spec is None:
            return f"names {dotted}: nothing called {'.'.join(names[: depth + 1])} can be imported here"
        places = list(spec.submodule_search_locations or ())
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return f"names {dotted}, which is no Python source file"
    file = Path(spec.origin).resolve()
    return _shown(root, file, len(names) + (file.name == "__init__.py")), str(file)


def _spec(name: str, places: Sequence[str]) -> ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, places) if find else None
        if spec is not None:
            return spec
    return None


def _shown(root: Path, file: Path, depth: int) -> str:
    """Relative to the project where it lies there, else the package's own path."""
    if file.is_relative_to(root.resolve()):
        return file.relative_to(root.resolve()).as_posix()
    return "/".join(file.parts[-depth:])
