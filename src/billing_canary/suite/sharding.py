"""Splitting a tier into shards for several machines: the same split from the same durations, always."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from billing_canary.errors import Problem, raise_problems
from billing_canary.tier import Suite, Tier


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Part `index` (from 1) of `of`; `expected_ms` is the sum over its suites, in the tier's order."""

    index: int
    of: int
    suites: tuple[Suite, ...]
    expected_ms: int


def split(suites: Sequence[Suite], durations_ms: Mapping[str, int], most: int) -> tuple[Shard, ...]:
    """`suites` as at most `most` shards that take about equally long, and never an empty one.

    The longest goes first, always to the shard with the least so far.
    """
    expected = {suite.name: expected_ms(suite, durations_ms) for suite in suites}
    shards: list[set[str]] = [set() for _ in range(min(most, len(suites)))]

    def load(shard: set[str]) -> tuple[int, int]:
        return sum(expected[name] for name in shard), len(shard)

    for name in sorted(expected, key=lambda name: (-expected[name], name)):
        min(shards, key=load).add(name)
    return tuple(
        Shard(
            index=index,
            of=len(shards),
            suites=tuple(suite for suite in suites if suite.name in names),
            expected_ms=load(names)[0],
        )
        for index, names in enumerate(shards, start=1)
    )


def expected_ms(suite: Suite, durations_ms: Mapping[str, int]) -> int:
    """How long `suite` will take: as last time, or by its weight where no run tells."""
    return durations_ms.get(suite.name, round(suite.weight * 1000))


def suites_of(
    tier: Tier, shard: tuple[int, int], names: Sequence[str], durations_ms: Mapping[str, int]
) -> tuple[Suite, ...]:
    """The suites of shard (k, n) of `tier`: those called `names`, or without names those of `split`.

    Raises:
        ProjectError: there are more shards than suites, or `names` are not suites of the tier.
    """
    index, of = shard
    problems = list(_wrong_names(tier, names))
    if of > len(tier.suites):
        count = len(tier.suites)
        problems.append(_problem("--shard", f"{tier.name} has {count} suites", f"use at most {count} shards"))
    raise_problems(problems)
    if names:
        return tuple(suite for suite in tier.suites if suite.name in names)
    return split(tier.suites, durations_ms, of)[index - 1].suites


def _wrong_names(tier: Tier, names: Iterable[str]) -> Iterator[Problem]:
    known = {suite.name for suite in tier.suites}
    for name, count in Counter(names).items():
        if name not in known:
            fix = f"use names of {', '.join(sorted(known))}"
            yield _problem("--suites", f"{name[:60]!r} is no suite of {tier.name}", fix)
        elif count > 1:
            yield _problem("--suites", f"names {name} {count} times", "name it once")


def _problem(where: str, message: str, fix: str) -> Problem:
    return Problem(where=where, message=message, fix=fix)
