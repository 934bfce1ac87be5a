"""Markdown made from observed texts, which may hold Markdown and HTML of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from billing_canary.artifact.render.text import plain, wrapped

WIDTH = 80
"""Columns of raw Markdown; tables and the first line alone may be wider."""

_ACTIVE = re.compile(r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])|(?<!\w)[@#](?=\w)")
"""What starts inline markup on GitHub, mentions, references and formulas included. An underscore
inside a word is none, and stays, since identifiers are full of them."""

_BLOCK_START = re.compile(r"([-+*]|#{1,6})(?=\s|$)|=+\s*$|:?-+:?\s*$|([-*_]\s*){3,}$|\d{1,9}(?=[.)](\s|$))")
"""Bullets, headings, underlines of headings and of tables, rules, and numbered items."""

_ITEM = "- "


def escaped(text: str, longest: int = 400) -> str:
    """`text` so that it reads the same when rendered: one line, no markup of its own."""
    return _ACTIVE.sub(_entity_or_backslash, plain(text, longest))


def cell(text: str) -> str:
    """`text` for one cell of a table."""
    return escaped(text, longest=120) or "-"


def code(text: str) -> str:
    """`text` as a code span; for identifiers, which hold no backticks of their own."""
    return f"`{plain(text).replace('`', chr(39)).replace('|', '/')}`"


def paragraph(markdown: str) -> list[str]:
    """Lines of at most 80 columns; none of them can be taken for a list, heading or quote."""
    first, *rest = wrapped(markdown, WIDTH)
    return [_inert(first), *map(_inert, rest)]


def item(markdown: str, depth: int = 0) -> list[str]:
    """A bullet of a list at `depth`, wrapped below its own text."""
    margin = "  " * depth
    # A bullet without a text would turn the line before it into a heading.
    first, *rest = wrapped(markdown.strip() or "(nothing)", WIDTH - len(margin) - len(_ITEM))
    inside = f"{margin}  "
    return [f"{margin}{_ITEM}{_inert(first)}", *(f"{inside}{_inert(line)}" for line in rest)]


def fenced(command: str) -> list[str]:
    """A command as a block of its own, ready to be copied; it holds no backticks."""
    return ["```sh", command, "```"]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table whose columns line up in the raw text as well; cells are Markdown already."""
    body = [list(headings), *map(list, rows)]
    widths = [max(len(row[column]) for row in body) for column in range(len(headings))]
    lines = [" | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in body]
    rule = " | ".join("-" * max(width, 3) for width in widths)
    return [f"| {line} |" for line in (lines[0], rule, *lines[1:])]


def _entity_or_backslash(found: re.Match[str]) -> str:
    """A backslash does not stop a mention; an entity does."""
    character = found.group()
    return f"&#{ord(character)};" if character in "@#" else f"\\{character}"


def _inert(line: str) -> str:
    found = _BLOCK_START.match(line)
    if not found:
        return line
    number = found.group() if line[0].isdigit() else ""
    return f"{number}\\{line[len(number) :]}"
