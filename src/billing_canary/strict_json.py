"""JSON from outside, read with suspicion.

The standard parser takes NaN, infinities, duplicate keys (the last wins) and numbers that other
readers round; each would let a document say one thing to us and another to somebody else. The
limits follow RFC 7493 (I-JSON).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billing_canary.errors import EvidenceError

_DEEPEST = 100
_LARGEST_INTEGER = 2**53 - 1
"""Above it, readers that keep numbers as doubles see another number (RFC 7493, 2.2)."""

_MOST_DIGITS = len(str(_LARGEST_INTEGER)) + 1
_MOST_PROBLEMS_SHOWN = 10
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class _Bad:
    """Stands in the parsed tree where something unacceptable was, until its path is known."""

    reason: str


def parse(data: bytes, name: str) -> Any:
    """The JSON value in `data`; `name` says in messages where it came from.

    Raises:
        EvidenceError: no JSON, or JSON that readers could take differently; with the path of each place.
    """
    try:
        value = _load(_decode(data))
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{name}: {_why(error)}") from None
    problems = list(_problems(value, "$", 1))
    if problems:
        raise EvidenceError(f"{name}: {'; '.join(problems[:_MOST_PROBLEMS_SHOWN])}")
    return value


def _decode(data: bytes) -> str:
    if data.startswith(_BOM):
        raise ValueError("starts with a byte order mark")
    return data.decode("utf-8")


def _load(text: str) -> Any:
    return json.loads(
        text,
        object_pairs_hook=_object,
        parse_int=_integer,
        parse_float=_float,
        parse_constant=lambda word: _Bad(reason=f"{word} is no JSON number"),
    )


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return f"is nested deeper than {_DEEPEST} levels"
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 at byte {error.start}"
    return f"is no JSON: {error}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = _Bad(reason="stands there twice") if key in found else value
    return found


def _integer(text: str) -> int | _Bad:
    if len(text) > _MOST_DIGITS or abs(int(text)) > _LARGEST_INTEGER:
        return _Bad(reason="is an integer that not every reader can hold")
    return int(text)


def _float(text: str) -> float | _Bad:
    number = float(text)
    return number if math.isfinite(number) else _Bad(reason=f"{text[:40]} is beyond every number")


def _problems(value: Any, path: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST and isinstance(value, dict | list):
        yield f"{path[:200]} is nested deeper than {_DEEPEST} levels"
    elif isinstance(value, _Bad):
        yield f"{path} {value.reason}"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _surrogates(key, f"{path} (key)")
            yield from _problems(item, f"{path}.{key}", depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _problems(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, str):
        yield from _surrogates(value, path)


def _surrogates(text: str, path: str) -> Iterator[str]:
    if any("\ud800" <= character <= "\udfff" for character in text):
        yield f"{path} holds half of a surrogate pair"
