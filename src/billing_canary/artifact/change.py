"""What a candidate changes against the last release, as Git tells it: who wrote it, and which files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from billing_canary.errors import EvidenceError
from billing_canary.git_command import ask_git
from billing_canary.release import Change

_TAGS = "refs/tags/"
_BY_VERSION = ("--sort=version:refname", "--format=%(refname)")
_PLAIN_LOG = ("--no-show-signature", "--no-mailmap", "--no-notes", "--no-color", "--encoding=UTF-8", "-z")
"""A mailmap comes with the change and could give it another author."""

_PEOPLE = "--format=%an%x00%ae%x00%cn%x00%ce"
_PLAIN_DIFF = ("--no-renames", "--no-ext-diff", "--no-textconv", "--no-relative", "--ignore-submodules=none")
"""Without renames a moved file is named by both of its paths."""

_HELPED = r"--grep=^[[:space:]]*co-authored-by[[:space:]]*:"
_TRAILER = re.compile(r"^[ \t]*co-authored-by[ \t]*:(?P<who>.*)$", re.IGNORECASE | re.MULTILINE)
_PERSON = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]*)>")

Person = tuple[str, str]
"""Name and e-mail as they stand in a commit; either may be ""."""


def read_change(root: Path, commit: str, tags: str) -> Change:
    """The change from the last release to `commit`, in the repository around `root`. Raises nothing.

    The last release is the last tag before `commit` whose name matches `tags`, such as "v*"; a tag on the
    commit itself is its own and does not count. Without one the change is the whole history. Where two
    lines of releases were merged, it is the tag that leaves more commits to look at.

    Who is named in a `Co-authored-by` line anywhere in a message is an author, and so is who committed.
    A submodule is one path: what changed inside cannot be seen.
    """
    try:
        return _read(root, commit, tags)
    except EvidenceError as error:
        return Change(commit=commit, problem=str(error))


def _read(root: Path, commit: str, tags: str) -> Change:
    if not commit or commit.startswith("-") or not commit.isprintable():
        raise EvidenceError(f"{commit[:80]!r} names no commit")
    if _git(root, ["rev-parse", "--is-shallow-repository"]).strip() != "false":
        raise EvidenceError("the clone is shallow: run 'git fetch --unshallow --tags' (fetch-depth: 0 in CI)")
    full = _resolved(root, commit)
    base, base_commit = _last_release(root, full, tags)
    commits = f"{base_commit}..{full}" if base else full
    return Change(
        commit=full,
        base=base,
        authors=tuple(sorted({*_people(root, commits), *_helpers(root, commits)})),
        paths=_paths(root, base_commit, full),
    )


def _resolved(root: Path, commit: str) -> str:
    try:
        return _git(root, ["rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"]).strip()
    except EvidenceError:
        raise EvidenceError(f"commit {commit} is not in this repository: fetch it first") from None


def _last_release(root: Path, commit: str, tags: str) -> tuple[str, str]:
    """Tag and commit of the last release before `commit`; ("", "") when there is none."""
    found = _git(root, ["for-each-ref", f"--merged={commit}", f"--no-contains={commit}", *_BY_VERSION, _TAGS])
    matching = [name for name in found.splitlines() if fnmatchcase(name.removeprefix(_TAGS), tags)]
    if not matching:
        return "", ""
    peeled = _git(root, ["rev-parse", *(f"{name}^{{commit}}" for name in matching)]).split()
    named = dict(zip(peeled, matching, strict=True))
    last = _git(root, ["merge-base", "--independent", *named]).split()
    base = max(last, key=lambda each: (_count(root, f"{each}..{commit}"), named[each]))
    return named[base].removeprefix(_TAGS), base


def _count(root: Path, commits: str) -> int:
    return int(_git(root, ["rev-list", "--count", commits, "--"]))


def _people(root: Path, commits: str) -> Iterator[Person]:
    fields = _fields(_git(root, ["log", *_PLAIN_LOG, _PEOPLE, commits, "--"]))
    yield from zip(fields[::2], fields[1::2], strict=True)


def _helpers(root: Path, commits: str) -> Iterator[Person]:
    """Only messages that have the line are read: all of them could be a lot."""
    only = ("--regexp-ignore-case", "--extended-regexp", _HELPED, "--format=%B")
    for message in _fields(_git(root, ["log", *_PLAIN_LOG, *only, commits, "--"])):
        for line in _TRAILER.finditer(message):
            yield _person(line["who"])


def _person(text: str) -> Person:
    found = _PERSON.search(text)
    return (found["name"].strip(), found["email"].strip()) if found else (text.strip(), "")


def _paths(root: Path, base: str, commit: str) -> tuple[str, ...]:
    """What differs between two commits; without a first one, every file of the second."""
    if base:
        arguments = ["diff-tree", "-r", "-z", "--name-only", *_PLAIN_DIFF, base, commit, "--"]
    else:
        arguments = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit]
    return tuple(sorted(set(_fields(_git(root, arguments)))))


def _git(root: Path, arguments: Sequence[str]) -> str:
    """What Git answers; bytes that are no UTF-8 come back as U+FFFD.

    Raises:
        EvidenceError: it could not answer; why, in words.
    """
    answer = ask_git(root, *arguments)
    if answer.code != 0:
        raise EvidenceError(f"git {arguments[0]} cannot tell: {answer.problem}")
    return answer.output.decode("utf-8", "replace")


def _fields(output: str) -> Sequence[str]:
    """The parts of what `-z` ended with NUL each."""
    return output.removesuffix("\0").split("\0") if output else ()
