"""Run ids: folder names that sort by the time at which the run started."""

from __future__ import annotations

import re
from collections.abc import Iterable

from billing_canary.errors import wrong_call

_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_TIMED = re.compile(r"(\d{8})T(\d{6})", re.ASCII)


def new_run_id(instant: float, entropy: str) -> str:
    """An id such as "20261121T103716.123Z-4f2a" for a run that starts at `instant` (epoch seconds).

    The letters between the digit groups keep it from being taken for a card number and masked.
    """
    from billing_canary.clock import utc_text  # noqa: PLC0415 - lists only read ids

    compact = utc_text(instant).replace("-", "").replace(":", "")
    return f"{compact}-{entropy}"


def is_run_id(run_id: str) -> bool:
    """Whether `run_id` is a plain folder name as runs have it."""
    return _FORM.fullmatch(run_id) is not None and ".." not in run_id


def check_run_id(run_id: str) -> None:
    """Make sure that `run_id` is a plain folder name.

    Raises:
        ProjectError: it is not.
    """
    if not is_run_id(run_id):
        raise wrong_call(
            "--run-id",
            f"{run_id[:120]!r} is no run id",
            "use 1 to 100 letters, digits, '.', '_' or '-', starting with a letter or digit, without '..'",
        )


def start_in(run_id: str) -> str | None:
    """The start that the name of a run tells, as "20261121T103716", or None when it tells none."""
    found = _TIMED.match(run_id)
    return found.group() if found else None


def all_timed(run_ids: Iterable[str]) -> bool:
    """Whether each of `run_ids` tells its start, so that sorting them sorts by it."""
    return all(map(_TIMED.match, run_ids))
