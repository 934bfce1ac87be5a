"""Planning the shards of a tier, as text or as the matrix of a CI system, and finding the suites of one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import click

from billing_canary.artifact.render.text import counted
from billing_canary.artifact.tier_history import planned_durations
from billing_canary.errors import ExitCode, wrong_call
from billing_canary.project import find_project
from billing_canary.suite.sharding import Shard, split, suites_of
from billing_canary.suite.tier_file import load_tier
from billing_canary.tier import Suite, Tier

_SHARD = re.compile(r"([1-9][0-9]{0,2})/([1-9][0-9]{0,2})", re.ASCII)


def plan_shards(
    project_folder: Path | None, artifacts: Path, tier_name: str, most: int, *, as_json: bool
) -> int:
    """Print how the tier is split into at most `most` shards.

    Raises:
        ProjectError: the tier file is wrong, or there is none.
    """
    tier = load_tier(find_project(project_folder, Path.cwd()), tier_name)
    shards = split(tier.suites, planned_durations(artifacts, _names(tier)), most)
    if as_json:
        click.echo(json.dumps({"include": list(map(_row, shards))}))
        return int(ExitCode.YES)
    for shard in shards:
        suites = counted(len(shard.suites), "suite")
        click.echo(f"{shard.index}/{shard.of}: {suites}, about {_seconds(shard):g} s")
        for suite in shard.suites:
            click.echo(f"    {suite.name}: {suite.title}")
    return int(ExitCode.YES)


def read_shard(text: str) -> tuple[int, int]:
    """The (k, n) of "k/n".

    Raises:
        ProjectError: it is no such pair, or k is larger than n.
    """
    found = _SHARD.fullmatch(text)
    if found is None or int(found[1]) > int(found[2]):
        message = f"{text[:60]!r} is no shard"
        raise wrong_call("--shard", message, "write K/N, with K from 1 to N, e.g. 1/2")
    return int(found[1]), int(found[2])


def shard_suites(
    tier: Tier, shard: tuple[int, int], names: Sequence[str], artifacts: Path
) -> tuple[Suite, ...]:
    """The suites of one shard: those that a plan named, or without names those that a plan would.

    Raises:
        ProjectError: there are more shards than suites, or a name is no suite of the tier.
    """
    durations = {} if names else planned_durations(artifacts, _names(tier))
    return suites_of(tier, shard, names, durations)


def _names(tier: Tier) -> set[str]:
    return {suite.name for suite in tier.suites}


def _row(shard: Shard) -> dict[str, object]:
    return {
        "shard": f"{shard.index}/{shard.of}",
        "name": f"{shard.index}-of-{shard.of}",  # for files and artifacts, where no "/" may stand
        "suites": [suite.name for suite in shard.suites],
        "seconds": _seconds(shard),
    }


def _seconds(shard: Shard) -> float:
    return round(shard.expected_ms / 1000, 1)
