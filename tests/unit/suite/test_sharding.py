"""Splitting a tier into shards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.errors import ProjectError
from billing_canary.suite.sharding import split, suites_of
from billing_canary.tier import Suite, Tier


def suites(**weights: float) -> tuple[Suite, ...]:
    return tuple(
        Suite(name=name, title="", command=("x",), weight=weight) for name, weight in weights.items()
    )


def names(shards: object) -> list[list[str]]:
    assert isinstance(shards, tuple)
    return [[suite.name for suite in shard.suites] for shard in shards]


FIVE = suites(a=1, b=9, c=4, d=5, e=1)


def test_shards_take_about_equally_long_and_keep_the_tier_s_order() -> None:
    shards = split(FIVE, {}, 2)
    assert names(shards) == [["a", "b"], ["c", "d", "e"]]
    assert [shard.expected_ms for shard in shards] == [10_000, 10_000]
    assert [(shard.index, shard.of) for shard in shards] == [(1, 2), (2, 2)]


def test_a_known_duration_counts_and_not_the_weight() -> None:
    assert names(split(FIVE, {"a": 60_000}, 2)) == [["a"], ["b", "c", "d", "e"]]


def test_there_are_never_more_shards_than_suites_and_none_is_empty() -> None:
    assert names(split(FIVE, {}, 9)) == [["b"], ["d"], ["c"], ["a"], ["e"]]
    assert names(split(FIVE, dict.fromkeys("abcde", 0), 3)) == [["a", "d"], ["b", "e"], ["c"]]


@given(st.dictionaries(st.sampled_from("abcdefghij"), st.integers(0, 9_000), min_size=1), st.integers(1, 12))
def test_every_suite_is_in_one_shard_whatever_the_order_of_what_is_known(
    durations: dict[str, int], most: int
) -> None:
    tier = suites(**dict.fromkeys(durations, 1.0))
    shards = split(tier, durations, most)
    assert sorted(name for shard in names(shards) for name in shard) == sorted(durations)
    assert all(shard.suites for shard in shards)
    # No shard is longer than the shortest by more than its longest suite: the bound of "longest first".
    longest = max(durations.values())
    loads = [shard.expected_ms for shard in shards]
    assert max(loads) - min(loads) <= longest
    again = split(tuple(reversed(tier)), dict(reversed(durations.items())), most)
    assert [set(shard) for shard in names(again)] == [set(shard) for shard in names(shards)]


TIER = Tier(name="t", title="", suites=FIVE, coverage_gate=False)


def test_a_shard_runs_what_the_plan_named_or_what_it_would_name() -> None:
    assert [suite.name for suite in suites_of(TIER, (2, 2), (), {})] == ["c", "d", "e"]
    assert [suite.name for suite in suites_of(TIER, (2, 2), ("e", "a"), {})] == ["a", "e"]


@pytest.mark.parametrize(
    ("shard", "asked", "said"),
    [
        ((6, 6), (), "--shard: t has 5 suites"),
        ((1, 2), ("a", "a"), "--suites: names a 2 times"),
        ((1, 2), ("a", "z"), "--suites: 'z' is no suite of t"),
        ((1, 2), ("",), "--suites: '' is no suite of t"),
    ],
)
def test_what_cannot_be_is_refused(shard: tuple[int, int], asked: tuple[str, ...], said: str) -> None:
    with pytest.raises(ProjectError) as refused:
        suites_of(TIER, shard, asked, {})
    assert said in str(refused.value)
