"""Reading TOML so that a person gets every problem at once, each with file, key and fix."""

from __future__ import annotations

import errno
import os
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from billing_canary.errors import Problem

T = TypeVar("T")

_SIZE_LIMIT = 1_000_000
"""Bytes; a project file is written by people and far smaller."""

_TYPE_WORDS = {str: "a string", int: "an integer", bool: "true or false", list: "a list", dict: "a table"}


@dataclass(kw_only=True)
class Table:
    """One TOML table while it is read: typed getters that note a problem instead of raising.

    Getters answer a harmless default after noting a problem, so that reading goes on and finds the
    next one; `raise_problems` at the end makes sure that no such default is ever used.
    """

    file: str
    path: str
    data: Mapping[str, Any]
    problems: list[Problem]
    _seen: set[str] = field(default_factory=set)

    def problem(self, key: str, message: str, fix: str) -> None:
        """Note that `key` of this table is wrong."""
        self.problems.append(Problem(where=self.file, key=self._dotted(key), message=message, fix=fix))

    def get(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The value of `key`, of exactly type `kind`; required when there is no `default`."""
        self._seen.add(key)
        if key not in self.data:
            if default is None:
                self.problem(key, "is missing", f"add {key} = {_TYPE_WORDS.get(kind, kind.__name__)}")
            return kind() if default is None else default
        value = self.data[key]
        if type(value) is not kind:
            words = _TYPE_WORDS.get(kind, kind.__name__)
            self.problem(key, f"must be {words}, not {value!r}", f"write {words}")
            return kind() if default is None else default
        return value

    def table(self, key: str, *, required: bool = False) -> Table:
        """The sub-table `key`; empty when it is absent and not `required`."""
        data: dict[str, Any] = self.get(key, dict, None if required else {})
        return Table(file=self.file, path=self._dotted(key), data=data, problems=self.problems)

    def tables(self) -> Iterable[tuple[str, Table]]:
        """Every entry of this table as a named sub-table."""
        for key in self.data:
            yield key, self.table(key)

    def strings(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of strings."""
        values = self.get(key, list, list(default))
        if not all(isinstance(value, str) for value in values):
            self.problem(key, f"must be a list of strings, not {values!r}", 'write ["one", "two"]')
            return default
        return tuple(values)

    def one_of(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """A string out of `allowed`."""
        value = self.get(key, str, default)
        choices = tuple(allowed)
        if value not in choices and key in self.data:
            self.problem(key, f"is {value!r}", f"use one of {', '.join(choices)}{_hint(value, choices)}")
        return value

    def finish(self) -> None:
        """Note every key that nobody asked for: a typo must not silently mean 'default'."""
        for key in self.data:
            if key not in self._seen:
                known = sorted(self._seen)
                self.problem(key, "is not known here", f"remove it{_hint(key, known)}")

    def _dotted(self, key: str) -> str:
        return ".".join(part for part in (self.path, key) if part)


def _hint(value: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    close = get_close_matches(value, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def read_toml(file: Path, shown_as: str, problems: list[Problem]) -> Table:
    """The root table of `file`; on an unreadable file an empty table and a noted problem."""
    return Table(file=shown_as, path="", data=_load(file, shown_as, problems), problems=problems)


def _load(file: Path, shown_as: str, problems: list[Problem]) -> Mapping[str, Any]:
    try:
        raw = _content(file)
        if len(raw) > _SIZE_LIMIT:
            message = f"has {file.stat().st_size} bytes; a project file has at most {_SIZE_LIMIT}"
            problems.append(Problem(where=shown_as, message=message, fix="split or shorten it"))
            return {}
        return tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        fix = "create it: 'billing-canary init' writes a complete one"
        problems.append(Problem(where=shown_as, message=f"cannot be read: {error.strerror}", fix=fix))
    except UnicodeDecodeError as error:
        problems.append(
            Problem(where=shown_as, message=f"is not UTF-8: {error.reason}", fix="save it as UTF-8")
        )
    except (ValueError, RecursionError) as error:  # an integer of 5,000 digits is no TOMLDecodeError
        problems.append(Problem(where=shown_as, message=f"is no TOML: {error}", fix="mend the syntax"))
    return {}


def _content(file: Path) -> bytes:
    """At most one byte more than a project file may have.

    Raises:
        OSError: it cannot be opened, or is no regular file: reading a FIFO or a device might never end.
    """
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "is no regular file")
    with open(handle, "rb") as stream:  # noqa: PTH123 - a descriptor, no path
        return stream.read(_SIZE_LIMIT + 1)
