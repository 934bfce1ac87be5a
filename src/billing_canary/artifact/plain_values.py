"""Frozen dataclasses as JSON and back, checked against their own annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from billing_canary.errors import EvidenceError

T = TypeVar("T")


def to_plain(value: Any) -> dict[str, Any]:
    """The dataclass `value` as a JSON object; tuples become lists, words of an enum their text."""
    return asdict(value)


def from_plain(kind: type[T], document: Any, place: str) -> T:
    """The dataclass `kind` that `document` holds; `place` says in messages where that comes from.

    Raises:
        EvidenceError: a field is missing, unknown or of another type; with its path.
    """
    found: T = _read(kind, document, place)
    return found


def _read(kind: Any, value: Any, place: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, value, place)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _word(kind, value, place)
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        return _either(get_args(kind), value, place)
    if origin is tuple:
        return _tuple(get_args(kind), value, place)
    if origin is Mapping:
        return _mapping(get_args(kind)[1], value, place)
    if kind is object or type(value) is kind:
        return value
    raise EvidenceError(f"{place}: must be {kind.__name__}, not {str(value)[:60]!r}")


def _object(kind: type, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise EvidenceError(f"{place}: must be an object, not {str(value)[:60]!r}")
    hints = _hints(kind)
    for name in [*(hints.keys() - value.keys()), *(value.keys() - hints.keys())]:
        raise EvidenceError(f"{place}.{name[:60]}: is {'missing' if name in hints else 'not known'}")
    return kind(**{name: _read(hint, value[name], f"{place}.{name}") for name, hint in hints.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _word(kind: type[StrEnum], value: Any, place: str) -> StrEnum:
    if not isinstance(value, str) or value not in set(kind):
        raise EvidenceError(f"{place}: is {str(value)[:60]!r}, none of {', '.join(kind)}")
    return kind(value)


def _either(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    simple = [kind for kind in kinds if type(value) is kind]
    others = [kind for kind in kinds if kind is not type(None)]
    return _read(simple[0] if simple else others[0], value, place)


def _tuple(kinds: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise EvidenceError(f"{place}: must be a list, not {str(value)[:60]!r}")
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise EvidenceError(f"{place}: has {len(value)} entries, not {len(kinds)}")
    return tuple(
        _read(kind, item, f"{place}[{at}]") for at, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _mapping(kind: Any, value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EvidenceError(f"{place}: must be an object, not {str(value)[:60]!r}")
    return {name: _read(kind, item, f"{place}.{name[:60]}") for name, item in value.items()}
