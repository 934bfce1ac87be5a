"""Patterns of paths: `*` and `?` within one part, `**` for any number of parts, none included.

Upper and lower case are one: a risk must not hide behind `Migrations/`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

_ANY_PARTS = "**"


def path_matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether `path`, with "/" between its parts, is one that any of `patterns` means."""
    parts = path.casefold().split("/")
    return any(_matches(parts, pattern.casefold().split("/")) for pattern in patterns)


def pattern_problem(pattern: str) -> str:
    """Why `pattern` could never match, or not as its writer thinks; "" when it can."""
    if not pattern.strip():
        return "is empty"
    if pattern.startswith(("/", "./", "!")):
        return f"starts with {pattern[0]!r}, which no path from the repository's root does"
    if "\\" in pattern:
        return "holds a backslash"
    parts = pattern.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "has an empty, '.' or '..' part: write 'folder/**' for everything below a folder"
    if any(_ANY_PARTS in part and part != _ANY_PARTS for part in parts):
        return "has '**' inside a part; it stands alone between two '/'"
    return ""


def _matches(parts: list[str], pattern: list[str]) -> bool:
    """Walks all places at once, so that no pattern takes more than `parts` times `pattern` steps."""
    reached = {0}
    for wanted in pattern:
        if wanted == _ANY_PARTS:
            reached = set(range(min(reached, default=len(parts) + 1), len(parts) + 1))
        else:
            reached = {
                place + 1 for place in reached if place < len(parts) and fnmatchcase(parts[place], wanted)
            }
    return len(parts) in reached
