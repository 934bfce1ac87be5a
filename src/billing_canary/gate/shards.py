"""Whether shards make a whole tier: which is missing, there twice, or split in another way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from billing_canary.gate.suite import judge_again
from billing_canary.tier import TierRun
from billing_canary.verdict import Status


@dataclass(frozen=True, kw_only=True)
class Interrupted:
    """A shard that ended before its bundle was complete; `shard` is None when nothing tells which."""

    run_id: str
    shard: tuple[int, int] | None


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """How shards fit together.

    Attributes:
        source: suite to the position of the run that counts for it; a suite that no run has is absent.
        notes: what keeps the whole from being a pass, one sentence each.
        complete: whether every shard and every suite is there, so that coverage can be judged.
    """

    source: Mapping[str, int]
    notes: tuple[str, ...]
    complete: bool


def arrange(
    runs: Sequence[TierRun], interrupted: Sequence[Interrupted], suites: Sequence[str], of: int
) -> Arrangement:
    """How `runs`, shards of `of`, make up a tier with these `suites`.

    Of a suite that ran in several, the worst result counts: a second try hides no failure.
    """
    held = {name: [at for at, run in enumerate(runs) if _status(run, name)] for name in suites}
    source = {name: max(places, key=_badness(runs, name)) for name, places in held.items() if places}
    missing = [index for index in range(1, of + 1) if not _of(runs, index)]
    notes = (
        *(_about_missing(index, of, interrupted) for index in missing),
        *_about_others(interrupted, {(index, of) for index in missing}),
        *_about_doubles(runs, of),
        *_about_suites(runs, held, lost=not missing),
        *_about_parts(runs),
    )
    return Arrangement(
        source=source, notes=tuple(dict.fromkeys(notes)), complete=not missing and len(source) == len(suites)
    )


def _status(run: TierRun, name: str) -> Status | None:
    return next((judge_again(suite).status for suite in run.suites if suite.name == name), None)


def _badness(runs: Sequence[TierRun], name: str) -> Callable[[int], int]:
    order = list(Status)
    return lambda at: order.index(_status(runs[at], name) or Status.PASS)


def _of(runs: Sequence[TierRun], index: int) -> list[TierRun]:
    return [run for run in runs if run.shard is not None and run.shard[0] == index]


def _about_missing(index: int, of: int, interrupted: Sequence[Interrupted]) -> str:
    ended = [found.run_id for found in interrupted if found.shard == (index, of)]
    if ended:
        return f"shard {index} of {of} was interrupted: {', '.join(ended)}"
    return f"shard {index} of {of} is missing"


def _about_others(interrupted: Sequence[Interrupted], missing: AbstractSet[tuple[int, int]]) -> Iterator[str]:
    for found in interrupted:
        if found.shard is None or found.shard not in missing:
            told = "a shard" if found.shard is None else f"shard {found.shard[0]} of {found.shard[1]}"
            yield f"{told} was interrupted: {found.run_id}"


def _about_doubles(runs: Sequence[TierRun], of: int) -> Iterator[str]:
    for index in range(1, of + 1):
        found = _of(runs, index)
        if len(found) > 1:
            ids = ", ".join(run.run_id for run in found)
            yield f"shard {index} of {of} is there {len(found)} times: {ids}"


def _about_suites(runs: Sequence[TierRun], held: Mapping[str, list[int]], *, lost: bool) -> Iterator[str]:
    for name, places in held.items():
        shards = sorted({run.shard[0] for at in places if (run := runs[at]).shard is not None})
        if len(shards) > 1:
            yield f"suite {name} is in shards {' and '.join(map(str, shards))}: they were split differently"
        elif not shards and lost:
            yield f"suite {name} is in no shard: they were split differently"
    for name in sorted({suite.name for run in runs for suite in run.suites} - held.keys()):
        yield f"suite {name} ran in a shard and is none of the tier's"


def _about_parts(runs: Sequence[TierRun]) -> Iterator[str]:
    for run in runs:
        yield from (f"{run.run_id}: {note}" for note in run.notes)
