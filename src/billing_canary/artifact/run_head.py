"""The beginning of a final file, which tells what a run came to without reading the rest.

Only for passing runs over and for counting them: nothing that is shown or judged comes from here.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass

_BYTES = 4096
_FIELD = re.compile(rb'^  "(overall_status|commit)": (?:null|"([A-Za-z0-9_-]{0,64})"),?$', re.MULTILINE)
"""A field of the document itself, as our writer indents it. No string holds a line end, so that nothing
inside of one looks like it."""

_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What a quick look tells.

    Attributes:
        commit: full hash, or "".
        tier: of a confidence run, else ""; None when the look did not tell.
    """

    overall_status: str
    commit: str
    tier: str | None


def read_head(file: str) -> Glance | None:
    """What the beginning of the final file `file` tells; None when it has to be read as a whole."""
    try:
        handle = os.open(file, _READ)
    except OSError:
        return None
    try:
        data = os.read(handle, _BYTES) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
    except OSError:
        return None
    finally:
        os.close(handle)
    found = [(name, value.decode()) for name, value in _FIELD.findall(data)]
    if sorted(name for name, _ in found) != [b"commit", b"overall_status"]:
        return None
    told = dict(found)
    status = told[b"overall_status"]
    return Glance(overall_status=status, commit=told[b"commit"], tier=None) if status else None
