"""What can go wrong before or around a verdict, each with its exit code.

A verdict ("the product is wrong") is a value, never an exception. These exceptions say that no
verdict could be reached: the call was wrong, the guard refused, or the evidence is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of every command (design: commands and exit codes)."""

    YES = 0
    NO = 1
    WRONG_CALL = 2
    CANNOT_TELL = 3
    REFUSED = 4
    INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that a person must mend, and how.

    Attributes:
        where: the file, option or environment variable that is wrong.
        key: the dotted key inside it, or "" when the whole is meant.
        message: what is wrong, with the value that was found where that is no secret.
        fix: what to write instead.
    """

    where: str
    key: str = ""
    message: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.where}: {self.key}" if self.key else self.where
        return f"{place}: {self.message}\n    fix: {self.fix}"


class BillingCanaryError(Exception):
    """Base of the errors that the command line turns into a sentence and an exit code."""

    exit_code: ClassVar[ExitCode] = ExitCode.CANNOT_TELL


class ProjectError(BillingCanaryError):
    """The call or files of the project are wrong. Carries every problem at once; nothing was run."""

    exit_code = ExitCode.WRONG_CALL

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RefusedError(BillingCanaryError):
    """The guard stopped a call, or a whole run, before money could move.

    Attributes:
        rule: identifier of the guard's rule, as in the report's safety checks.
        ends_run: True when nothing more may be sent in this run.
    """

    exit_code = ExitCode.REFUSED

    def __init__(self, rule: str, reason: str, *, ends_run: bool = False) -> None:
        self.rule = rule
        self.reason = reason
        self.ends_run = ends_run
        super().__init__(f"{rule}: {reason}")


class EvidenceError(BillingCanaryError):
    """Evidence is missing, unreadable or could not be written, so nothing can be concluded from it."""


def wrong_call(where: str, message: str, fix: str, *, key: str = "") -> ProjectError:
    """A `ProjectError` about one thing."""
    return ProjectError([Problem(where=where, key=key, message=message, fix=fix)])


@contextmanager
def noting(problems: list[Problem]) -> Iterator[None]:
    """Within this block a `ProjectError` ends the block alone; its problems are added to `problems`.

    For looking at the next file all the same; `raise_problems` afterwards stops before anything is used.
    """
    try:
        yield
    except ProjectError as error:
        problems.extend(error.problems)


def raise_problems(problems: Sequence[Problem]) -> None:
    """Stop here if anything was noted.

    Raises:
        ProjectError: with every problem.
    """
    if problems:
        raise ProjectError(problems)
