"""A quick acceptor for our own schemas: says yes only to what the full validator accepts as well.

Loading the full validator takes longer than running a quick tier. So a document that is plainly right
is accepted here, and everything else, each keyword unknown here included, is left to the full one,
which also finds the words for what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Schema = Mapping[str, Any]
_Check = Callable[[Any, Any, Schema], bool]
"""Takes the value, the keyword's own value, and the whole schema; False when in doubt."""

_KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
_SAYS_NOTHING = frozenset({"$schema", "$id", "$defs", "title", "description"})


def surely_valid(document: Any, schema: Schema) -> bool:
    """Whether `document` is what `schema` asks for, beyond doubt; False may mean either."""
    return _accepts(document, schema, schema)


def _accepts(value: Any, schema: Any, root: Schema) -> bool:
    if not isinstance(schema, dict):
        return schema is True
    for keyword, asked in schema.items():
        if keyword in _SAYS_NOTHING or keyword in {"then", "else"}:
            continue
        check = _CHECKS.get(keyword)
        if check is None or not check(value, asked, root):
            return False
    if "if" in schema:
        # Our conditions compare words and truth values only, for which "no" is beyond doubt as well.
        branch = "then" if _accepts(value, schema["if"], root) else "else"
        if not _accepts(value, schema.get(branch, True), root):
            return False
    return not isinstance(value, dict) or _members(value, schema, root)


def _members(value: dict[str, Any], schema: Schema, root: Schema) -> bool:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    if others is True:
        return all(_accepts(value[name], asked, root) for name, asked in properties.items() if name in value)
    return all(_accepts(item, properties.get(name, others), root) for name, item in value.items())


def _type(value: Any, asked: Any, _: Schema) -> bool:
    names = [asked] if isinstance(asked, str) else asked
    return any(type(value) in _KINDS.get(name, ()) for name in names)


def _reference(value: Any, asked: str, root: Schema) -> bool:
    prefix, _, name = asked.rpartition("/")
    definitions = root.get("$defs", {})
    return prefix == "#/$defs" and name in definitions and _accepts(value, definitions[name], root)


def _one_of(value: Any, asked: list[Any], _: Schema) -> bool:
    # True equals 1 in Python, but not in JSON.
    return any(type(value) is type(choice) and value == choice for choice in asked)


def _least(value: Any, asked: Any, _: Schema) -> bool:
    return value is None or (type(value) is int and value >= asked)


def _counted(kind: type[str | list[Any]], *, least: bool) -> _Check:
    def check(value: Any, asked: Any, _: Schema) -> bool:
        return not isinstance(value, kind) or (len(value) >= asked if least else len(value) <= asked)

    return check


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


_CHECKS: Mapping[str, _Check] = {
    "type": _type,
    "$ref": _reference,
    "enum": _one_of,
    "const": lambda value, asked, root: _one_of(value, [asked], root),
    "required": lambda value, asked, _: not isinstance(value, dict) or all(name in value for name in asked),
    "if": lambda *_: True,
    "allOf": lambda value, asked, root: all(_accepts(value, each, root) for each in asked),
    "anyOf": lambda value, asked, root: any(_accepts(value, each, root) for each in asked),
    "properties": lambda *_: True,
    "additionalProperties": lambda *_: True,
    "items": lambda value, asked, root: (
        not isinstance(value, list) or all(_accepts(item, asked, root) for item in value)
    ),
    "pattern": lambda value, asked, _: not isinstance(value, str) or bool(_pattern(asked).search(value)),
    "minimum": _least,
    "minLength": _counted(str, least=True),
    "minItems": _counted(list, least=True),
    "maxItems": _counted(list, least=False),
}
