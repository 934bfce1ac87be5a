"""Serves seahaven's Stripe world on loopback, in its own environment; argument: the port.

It is written for Python 3.14. On 3.13 two things of its syntax are translated while it is loaded:
`except A, B:` without parentheses (PEP 758) and annotations that are not evaluated (PEP 649).
"""

from __future__ import annotations
import __future__

import importlib.abc
import importlib.machinery
import os
import re
import sys
import threading
from collections.abc import Sequence
from types import CodeType
from typing import Any

_OURS = ("seahaven", "seahaven_stripe_world")
_EXCEPT = re.compile(rb"^(\s*except )([\w.]+(?:, [\w.]+)+):", re.MULTILINE)


class _Loader(importlib.machinery.SourceFileLoader):
    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:  # type: ignore[override]  # one kind of source
        source, flags = _EXCEPT.sub(rb"\1(\2):", data), __future__.annotations.compiler_flag
        code: CodeType = compile(source, path, "exec", flags=flags, dont_inherit=True, optimize=_optimize)
        return code

    def get_code(self, fullname: str) -> CodeType:
        """Straight from the source: cached byte code may be another interpreter's."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if fullname.split(".", maxsplit=1)[0] not in _OURS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _Loader(fullname, spec.loader.path)
        return spec


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def _serve(port: str) -> None:
    if sys.version_info < (3, 14):
        sys.meta_path.insert(0, _Finder())
    from seahaven.http import main  # type: ignore[import-not-found]  # noqa: PLC0415 - after the finder
    from seahaven_stripe_world import world  # type: ignore[import-not-found]  # noqa: PLC0415 - the same
    from seahaven_stripe_world.http_api import handle  # type: ignore[import-not-found]  # noqa: PLC0415 - the same

    options = '{"startup": {"livemode": false}}'  # live is its default
    sys.argv[1:] = ["--host", "127.0.0.1", "--port", port, "--max-instances", "0", "--reset-options", options]
    main(world, handle)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _serve(sys.argv[1])
