# ruff: noqa: RUF001 - letters that look like others are what this is about
"""Who is who: finds one person behind several spellings, so that nobody approves their own release.

Pure. A spelling is what stands in an audit entry or a commit: a name, an e-mail address, or
"Name <address>". Two spellings that look alike to a reader are taken for one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

_CAPITALS = str.maketrans(
    dict(zip("АВЕНІЈКМОРСТУХЅ", "ABEHIJKMOPCTYXS", strict=True))
    | dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
)
_SMALL = str.maketrans(
    dict(zip("авекмнорстухіјѕԁһԛԝ", "abekmhopctyxijsdhqw", strict=True))
    | dict(zip("αβγεηικνορστυχω", "abyenikvopotuxw", strict=True))
    | dict(zip("ıłøđɡ", "ilodg", strict=True))
)
_DIGITS = str.maketrans("01", "ol")
"""In names only: addresses tell `user1` and `userl` apart."""

_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0").union(
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Fillers and variation selectors, which Unicode counts as letters or signs."""

_BETWEEN_WORDS = re.compile(r"[\s,._-]+")
_ADDRESS = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>\s*")
_PLAIN_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who may approve or sign off, and every spelling that they are known by."""

    key: str
    names: tuple[str, ...]
    emails: tuple[str, ...]
    roles: tuple[str, ...]


def skeleton(text: str) -> str:
    """What is left of `text` when everything is taken away that a reader may overlook.

    Case, accents, width, invisible characters, punctuation and spaces go; Cyrillic and Greek letters
    become the Latin ones that they look like. The local part of an e-mail address also loses what stands
    after "+". "" when nothing is left.
    """
    return _reduced(text, alike=True)


def identify(spelling: str, people: Sequence[Person]) -> Person | None:
    """The one person whom `spelling` means; None for a stranger, and when it fits more than one."""
    found = _meant(spelling, people)
    return found[0] if len(found) == 1 else None


def same_person(one: str, other: str, people: Sequence[Person]) -> bool:
    """Whether two spellings may mean one person: listed under both, or alike themselves.

    Made for refusing: where a spelling fits several people, any of them counts.
    """
    return bool(_known_as(one, people) & _known_as(other, people))


def people_problems(people: Sequence[Person]) -> tuple[str, ...]:
    """What makes a list of people useless: two of them with spellings alike, or one that says nothing."""
    empty = [
        f"{person.key}: the spelling {spelling!r} has no letters or digits"
        for person in people
        for spelling in (*person.names, *person.emails)
        if not _marks(spelling)
    ]
    return (*empty, *_collisions(people))


def _collisions(people: Sequence[Person]) -> Iterator[str]:
    for one, other in combinations(people, 2):
        for first in (*one.names, *one.emails):
            for second in (*other.names, *other.emails):
                if _marks(first) & _marks(second):
                    yield f"{one.key} and {other.key}: {first!r} and {second!r} cannot be told apart"


def _meant(spelling: str, people: Sequence[Person]) -> list[Person]:
    return [person for person in people if _marks(spelling) & _spellings(person)]


def _known_as(spelling: str, people: Sequence[Person]) -> set[str]:
    found = set(_marks(spelling))
    return found.union(*(_spellings(person) for person in _meant(spelling, people)))


def _spellings(person: Person) -> set[str]:
    return {mark for spelling in (*person.names, *person.emails) for mark in _marks(spelling)}


@lru_cache(maxsize=10_000)
def _marks(spelling: str) -> frozenset[str]:
    """Skeletons of a spelling and of its parts; a name counts in any order of its words.

    Each is taken with and without the look-alikes: a capital may look like another letter than the small
    one does, and both spellings of a Greek name are still that name. Kept, since every author of a release
    is compared with everybody who is listed.
    """
    return frozenset(_each_mark(spelling))


def _each_mark(spelling: str) -> Iterator[str]:
    parts = _ADDRESS.fullmatch(spelling)
    for part in (parts["name"], parts["address"]) if parts else (spelling,):
        for alike in (True, False):
            yield from filter(None, (_reduced(part, alike=alike), _sorted_words(part, alike=alike)))


def _sorted_words(name: str, *, alike: bool) -> str:
    if "@" in name:
        return ""
    words = _BETWEEN_WORDS.split(unicodedata.normalize("NFKC", name))
    return "".join(sorted(_reduced(word, alike=alike) for word in words))


def _reduced(text: str, *, alike: bool) -> str:
    text = unicodedata.normalize("NFKC", text).strip()
    if _PLAIN_ADDRESS.fullmatch(text):
        local, _, domain = text.partition("@")
        kept = local.partition("+")[0] or local
        return f"{_letters(kept, alike=alike)}@{_letters(domain, alike=alike)}"
    return _letters(text, alike=alike).translate(_DIGITS)


def _letters(text: str, *, alike: bool) -> str:
    """Letters and digits only, small and without accents; with `alike`, look-alikes as Latin letters."""
    text = unicodedata.normalize("NFKD", text)
    text = text.translate(_CAPITALS) if alike else text
    text = unicodedata.normalize("NFKD", text.casefold())
    text = text.translate(_SMALL) if alike else text
    return "".join(filter(_counts, text))


def _counts(character: str) -> bool:
    """Whether a character tells names apart: letters, digits, and the vowel signs of Indic scripts."""
    if character in _INVISIBLE:
        return False
    is_sign = unicodedata.category(character) in {"Mn", "Mc"} and not unicodedata.combining(character)
    return character.isalnum() or is_sign
