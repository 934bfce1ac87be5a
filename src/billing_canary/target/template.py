"""Templates of a target file: `{name}` in strings, looked up when a request is built.

A string that is one placeholder and nothing else keeps the value's type, so that
`amount = "{amount.minor}"` sends a JSON integer. `{{` and `}}` are literal braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_WHOLE = re.compile(r"\{([^{}]+)\}")

Variables = Mapping[str, Any]


def placeholders(template: Any) -> Iterator[str]:
    """Every name that `template` (a string, or lists and tables of them) refers to."""
    if isinstance(template, str):
        yield from (found[1] for found in _PLACEHOLDER.finditer(template) if found[1] is not None)
    elif isinstance(template, Mapping):
        for key, value in template.items():
            yield from placeholders(key)
            yield from placeholders(value)
    elif isinstance(template, list):
        for value in template:
            yield from placeholders(value)


def render(template: Any, variables: Variables, *, quote: Callable[[str], str] = str) -> Any:
    """`template` with every placeholder replaced.

    Args:
        template: a string, or lists and tables of them; anything else stays as it is.
        variables: values by dotted name.
        quote: applied to each inserted value of a string, e.g. URL quoting for a path.

    Raises:
        KeyError: a placeholder without a value.
    """
    if isinstance(template, str):
        whole = _WHOLE.fullmatch(template)
        return variables[whole[1]] if whole else _render_text(template, variables, quote)
    if isinstance(template, Mapping):
        return {render_text(k, variables): render(v, variables, quote=quote) for k, v in template.items()}
    if isinstance(template, list):
        return [render(value, variables, quote=quote) for value in template]
    return template


def render_text(template: str, variables: Variables, *, quote: Callable[[str], str] = str) -> str:
    """`template` as text, a lone placeholder included."""
    return _render_text(template, variables, quote)


def _render_text(template: str, variables: Variables, quote: Callable[[str], str]) -> str:
    def replace(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]
        return quote(str(variables[found[1]]))

    return _PLACEHOLDER.sub(replace, template)
