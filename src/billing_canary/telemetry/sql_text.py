"""The text of an SQL query: its parameters `:start` and `:end`, and what it may begin with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from billing_canary.telemetry.kind import Wrong

_TOKEN = re.compile(
    r"""(?P<skip>
        [eE]'(?:[^'\\]|\\.|'')*'            # a string of PostgreSQL with escapes
      | '(?:[^']|'')*'
      | "(?:[^"]|"")*"                      # a quoted name
      | (?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag)
      | --[^\n]*
      | /\*.*?\*/
      | ::
    )
    | (?<![\w:]):(?P<name>[A-Za-z_]\w*)
    | (?P<semicolon>;)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_COMMENTS = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*", re.DOTALL)
_BEGINS = re.compile(r"(?:select|with|values)\b", re.IGNORECASE)
PARAMETERS = ("start", "end")


def text_problems(text: str, *, windows: bool) -> Iterator[Wrong]:
    """What of `text` cannot be sent: no reading statement, several, or parameters that nobody gives."""
    body = text[_COMMENTS.match(text).end() :]  # type: ignore[union-attr]  # it matches nothing, too
    if not _BEGINS.match(body):
        yield Wrong(
            key="query", message="is no SELECT", fix="write one SELECT (or WITH ... SELECT) statement"
        )
    names = {found["name"] for found in _TOKEN.finditer(text) if found["name"]}
    for name in sorted(names.difference(PARAMETERS)):
        yield Wrong(key="query", message=f"has the parameter :{name}", fix="use :start and :end only")
    if _several(text):
        yield Wrong(key="query", message="holds several statements", fix="write one, without ;")
    if windows and not names.issuperset(PARAMETERS):
        fix = "limit the rows to one window: WHERE at >= :start AND at < :end"
        yield Wrong(key="query", message="does not use both :start and :end", fix=fix)


def for_psycopg(text: str) -> str:
    """`text` with its parameters as psycopg writes them, and every other percent sign doubled."""
    pieces, done = [], 0
    for found in _TOKEN.finditer(text):
        if found["name"]:
            pieces += [text[done : found.start()].replace("%", "%%"), f"%({found['name']})s"]
            done = found.end()
    return "".join([*pieces, text[done:].replace("%", "%%")])


def without_end(text: str) -> str:
    """`text` without the semicolon that may close it."""
    return text.strip().removesuffix(";")


def _several(text: str) -> bool:
    return any(found["semicolon"] for found in _TOKEN.finditer(without_end(text)))
