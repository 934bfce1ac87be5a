"""`billing-canary triggers --simulate`: how often the rule is wrong, and how often it is right in time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click

from billing_canary.errors import ExitCode, Problem, raise_problems
from billing_canary.gate.simulate import Cell, Held, Plan, chance_of_firing, declared, drawn, measured, table
from billing_canary.project import find_project
from billing_canary.rollback import Trigger, TriggerRule
from billing_canary.telemetry.rollback_policy import load_rollback_policy
from billing_canary.telemetry.trigger_settings import is_share

_BASELINES = ("0.99", "0.97", "0.95")
_ALPHA = "0.0001"
_MOST_SAMPLES = 100_000
_LEAST_BASELINE = Decimal("0.2")
"""The largest of the drops must leave something."""


@dataclass(frozen=True, kw_only=True)
class SimulateOptions:
    """The options of `billing-canary triggers --simulate`.

    Attributes:
        windows: windows of a healthy period.
        baselines: as decimal text; empty for those of the documentation.
        samples: as typed, "5,20,100,1000".
        alpha: decimal text, or None for the policy's.
        measured: attempts that the baselines were measured on; None when they are declared.
        trials: histories drawn at random instead of the exact computation; None for the latter.
    """

    windows: int
    baselines: tuple[str, ...]
    samples: str
    alpha: str | None
    measured: int | None
    trials: int | None
    seed: int
    project: Path | None
    as_json: bool


def simulate(options: SimulateOptions) -> int:
    """Print the table; the exit code.

    Raises:
        ProjectError: an option, or the policy, is wrong.
    """
    rule = _configured(options)
    alpha = options.alpha or (str(rule.settings["alpha"]) if rule else _ALPHA)
    samples = _checked(options, alpha)
    plan = Plan(alpha=Decimal(alpha), windows=options.windows)
    chance = chance_of_firing if options.trials is None else drawn(options.trials, options.seed)
    held = [_held(text, options.measured) for text in options.baselines or _BASELINES]
    cells = list(table(plan, held, samples, chance))
    for line in _lines(options, plan, cells, rule):
        click.echo(line, err=options.as_json)
    if options.as_json:
        click.echo(json.dumps(_document(options, plan, cells)))
    return int(ExitCode.YES)


def _configured(options: SimulateOptions) -> Trigger | None:
    """The first trigger of the policy whose rule is simulated."""
    policy = load_rollback_policy(find_project(options.project, Path.cwd())).policy
    return next((one for one in policy.triggers if one.rule is TriggerRule.SUCCESS_RATE), None)


def _held(text: str, attempts: int | None) -> Held:
    return declared(text) if attempts is None else measured(text, attempts)


def _checked(options: SimulateOptions, alpha: str) -> tuple[int, ...]:
    problems: list[Problem] = []
    words = [word.strip() for word in options.samples.split(",")]
    sizes = tuple(int(word) for word in words if word.isascii() and word.isdigit())
    if len(sizes) < len(words) or not all(0 < size <= _MOST_SAMPLES for size in sizes):
        fix = f"write whole numbers up to {_MOST_SAMPLES}, e.g. 5,20,100,1000"
        problems.append(Problem(where="--samples", message=f"is {options.samples!r}", fix=fix))
    for text in options.baselines:
        if not is_share(text) or Decimal(text) <= _LEAST_BASELINE:
            fix = f"write a decimal above {_LEAST_BASELINE} and below 1, e.g. 0.97"
            problems.append(Problem(where="--baseline", message=f"is {text!r}", fix=fix))
    if not is_share(alpha):
        fix = "write a decimal above 0 and below 1, e.g. 0.0001"
        problems.append(Problem(where="--alpha", message=f"is {alpha!r}", fix=fix))
    raise_problems(problems)
    return sizes


def _lines(options: SimulateOptions, plan: Plan, cells: list[Cell], rule: Trigger | None) -> Iterator[str]:
    how = "exact" if options.trials is None else f"{options.trials} trials"
    yield f"Two adjacent windows below the baseline, pooled tail under {plan.alpha}; {how}"
    yield f"false alarm: % of healthy periods of {plan.windows} windows in which it fires"
    yield f"caught: % of lasting drops of so many points that it sees within {plan.within} windows"
    yield ""
    drops = "".join(f"{f'caught {drop * 100:.0f} pt':>14}" for drop in plan.drops)
    yield f"{'baseline':<16}{'samples':>8}{'false alarm':>13}{drops}"
    for cell in cells:
        caught = "".join(f"{share * 100:>14.2f}" for share in cell.caught)
        yield f"{cell.baseline:<16}{cell.samples:>8}{cell.false_alarm * 100:>13.3f}{caught}"
    few = _too_few(rule, cells)
    if few:
        yield ""
        yield f"The policy's {rule.id if rule else ''} waits for more than {few} samples a window."


def _too_few(rule: Trigger | None, cells: list[Cell]) -> int:
    """The largest simulated number of samples with which the policy's trigger would not judge."""
    least = int(str(rule.settings["min_samples"])) if rule else 0
    return max((cell.samples for cell in cells if cell.samples < least), default=0)


def _document(options: SimulateOptions, plan: Plan, cells: list[Cell]) -> dict[str, object]:
    return {
        "alpha": str(plan.alpha),
        "windows": plan.windows,
        "within": plan.within,
        "drops": [str(drop) for drop in plan.drops],
        "trials": options.trials,
        "seed": None if options.trials is None else options.seed,
        "measured": options.measured,
        "cells": [
            {
                "baseline": cell.baseline,
                "samples": cell.samples,
                "false_alarm_percent": round(cell.false_alarm * 100, 4),
                "caught_percent": [round(share * 100, 4) for share in cell.caught],
                "smallest_visible_drop": None if cell.visible is None else str(cell.visible),
            }
            for cell in cells
        ],
    }
