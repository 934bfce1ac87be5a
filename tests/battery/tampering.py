"""What one attempt to get a GO that is not deserved consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.battery.released import Release

Act = Callable[[Release], object]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One attempt.

    Attributes:
        act: what the tamperer does to a release that is GO.
        because: a text that must stand in what `decide` says, so that it is refused for the right reason.
        words: more arguments of `decide`.
    """

    id: str
    act: Act
    because: str
    words: tuple[str, ...] = field(default=())


def case(name: str, act: Act, because: str, *words: str) -> Case:
    return Case(id=name, act=act, because=because, words=words)
