"""TOML written from plain values, for tests that damage a parsed project file and write it back."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]


def dump(data: Mapping[str, Any]) -> str:
    """`data` as TOML, each top-level key on one line."""
    return "".join(f"{json.dumps(key)} = {_inline(value)}\n" for key, value in data.items())


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(key)} = {_inline(item)}" for key, item in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value)


def places(data: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every key of every table in `data`, and of every table in a list."""
    items: Any = data.items() if isinstance(data, Mapping) else enumerate(data)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, Mapping | list):
            yield from places(value, (*path, key))


def get(data: Any, path: Path) -> Any:
    """The value at `path`."""
    for key in path:
        data = data[key]
    return data


def replaced(data: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy of `data` with another value at `path`."""
    changed = copy.deepcopy(dict(data))
    get(changed, path[:-1])[path[-1]] = value
    return changed


def removed(data: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """A copy of `data` without `path`."""
    changed = copy.deepcopy(dict(data))
    del get(changed, path[:-1])[path[-1]]
    return changed


def dotted(path: Path) -> str:
    """`path` as the errors write it: `provider.writes[0].path`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
