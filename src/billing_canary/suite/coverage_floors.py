"""Writing raised floors into the text of `gates/coverage.toml`; comments and layout stay as they are."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from billing_canary.errors import EvidenceError
from billing_canary.suite.coverage_policy import COVERAGE_FILE

Floors = Mapping[tuple[str, str], str]
"""(role, "line" or "branch") to the floor's decimal text."""


def with_floors(text: str, floors: Floors) -> str:
    """`text` with these floors.

    Raises:
        EvidenceError: the result does not hold exactly these changes; nothing should be written then.
    """
    import tomlkit  # noqa: PLC0415 - only the ratchet needs it

    document = tomlkit.parse(text)
    for entry in document["module"]:
        for kind in ("line", "branch"):
            floor = floors.get((str(entry["role"]), kind))
            if floor is not None:
                entry[kind] = floor
    changed = tomlkit.dumps(document)
    if tomllib.loads(changed) != _expected(text, floors):
        raise EvidenceError(
            f"{COVERAGE_FILE} cannot be changed without changing something else; edit it by hand"
        )
    return changed


def _expected(text: str, floors: Floors) -> dict[str, object]:
    parsed = tomllib.loads(text)
    for (role, kind), floor in floors.items():
        for entry in parsed["module"]:
            if entry["role"] == role:
                entry[kind] = floor
    return parsed
