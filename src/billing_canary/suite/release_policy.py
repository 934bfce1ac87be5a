"""`gates/release.toml`: what must be green before a release goes out, and who may say so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from billing_canary.audit.people import Person, people_problems
from billing_canary.config import Table, read_toml
from billing_canary.errors import Problem, raise_problems
from billing_canary.project import Project
from billing_canary.release import ReleaseItem, ReleasePolicy
from billing_canary.suite.release_item import Tiers, read_item

RELEASE_FILE = "gates/release.toml"
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}", re.ASCII)


def load_release_policy(project: Project, file: str = RELEASE_FILE) -> ReleasePolicy:
    """The policy in `file`, relative to the project's root.

    Raises:
        ProjectError: every wrong, unknown or missing key; a tier or suite that does not exist or that can be
            no evidence; people who could be taken for one another. Problems of the tier files that it names
            are among them.
    """
    problems: list[Problem] = []
    root = read_toml(project.file(file), project.shown(file), problems)
    raise_problems(problems)
    people = tuple(_people(root.table("people")))
    policy = ReleasePolicy(
        title=_said(root, "title"),
        environment=_said(root, "environment"),
        release_owner=_release_owner(root, people),
        items=tuple(_items(root, Tiers(project, problems))),
        people=people,
        tags=root.get("tags", str, "v*"),
    )
    root.finish()
    _check_items(root, policy.items)
    raise_problems(problems)
    return policy


def _said(table: Table, key: str) -> str:
    text = table.get(key, str)
    if key in table.data and not text.strip():
        table.problem(key, "is empty", "say it in a few words")
    return text


def _release_owner(root: Table, people: Iterable[Person]) -> str:
    owner, known = root.get("release_owner", str, ""), [person.key for person in people]
    if owner and owner not in known:
        there = f"use one of {', '.join(known)}" if known else "add [people.NAME]"
        root.problem("release_owner", f"{owner!r} is none of [people]", there)
    return owner


def _people(table: Table) -> Iterator[Person]:
    people = [_person(key, entry) for key, entry in table.tables()]
    for message in people_problems(people):
        fix = "give each name and address to one person; merge two entries for one person"
        table.problems.append(Problem(where=table.file, key="people", message=message, fix=fix))
    yield from people


def _person(key: str, table: Table) -> Person:
    if not _KEY.fullmatch(key):
        table.problem("", f"{key!r} is no key", "use small letters, digits, '-' and '_'")
    person = Person(
        key=key,
        names=_filled(table, "names"),
        emails=_filled(table, "emails"),
        roles=_filled(table, "roles"),
    )
    table.finish()
    return person


def _filled(table: Table, key: str) -> tuple[str, ...]:
    """A list with at least one text. Spellings that say nothing are found where all people are compared."""
    if key not in table.data:
        table.get(key, list)
        return ()
    values = table.strings(key)
    if not values and table.data[key] == []:
        table.problem(key, "is empty", "name at least one")
    if key == "roles" and any(not value.strip() for value in values):
        table.problem(key, "holds an empty text", "remove it")
    return values


def _items(root: Table, tiers: Tiers) -> Iterator[ReleaseItem]:
    entries = root.get("item", list)
    if "item" in root.data and entries == []:
        root.problem("item", "is empty: nothing would be asked for", "add one [[item]] for each condition")
    for number, entry in enumerate(entries):
        path = f"item[{number}]"
        if not isinstance(entry, dict):
            root.problem(path, f"must be a table, not {entry!r}", "write [[item]]")
            continue
        yield read_item(Table(file=root.file, path=path, data=entry, problems=root.problems), tiers)


def _check_items(root: Table, items: tuple[ReleaseItem, ...]) -> None:
    ids = [item.id for item in items]
    for name in sorted({name for name in ids if name and ids.count(name) > 1}):
        root.problem("item", f"id {name!r} stands there twice", "give each item its own id")
    if items and not any(item.required for item in items):
        root.problem("item", "none is required: every release would be GO", "make one required = true")
