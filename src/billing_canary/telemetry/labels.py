"""What a series belongs to, as one text."""

from __future__ import annotations

import json
from collections.abc import Mapping

_NAME = "__name__"
_NEEDS_QUOTES = frozenset(',="\\ {}')


def labels_text(labels: Mapping[str, str]) -> str:
    """`labels` as "key=value,...", in order of the keys; a value that could be misread stands in quotes."""
    return ",".join(f"{key}={_value(labels[key])}" for key in sorted(labels) if key != _NAME)


def _value(text: str) -> str:
    plain = text and text.isprintable() and not _NEEDS_QUOTES & set(text)
    return text if plain else json.dumps(text, ensure_ascii=True)
