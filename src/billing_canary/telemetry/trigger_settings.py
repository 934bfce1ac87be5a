"""What each rule of `gates/rollback.toml` takes beside its query, each key checked and with its default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from billing_canary.config import Table
from billing_canary.rollback import TriggerRule
from billing_canary.telemetry.question import Form
from billing_canary.telemetry.settings_checks import number

_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)
_METRIC = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ._:/-]{0,118}[A-Za-z0-9])?", re.ASCII)
_DAY = 86_400

Read = Callable[[Table, str], object]
"""Reads one key of a trigger's table; notes what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class RuleSettings:
    """The settings of one rule.

    Attributes:
        form: what it asks its source for.
        keys: how each key is read; defaults are filled in.
        check: what single keys cannot tell.
    """

    form: Form
    keys: Mapping[str, Read]
    check: Callable[[Table], None] = lambda _table: None


def read_settings(table: Table, rule: TriggerRule) -> dict[str, object]:
    """The settings of a trigger with this rule, each key there."""
    own = RULE_SETTINGS[rule]
    settings = {key: read(table, key) for key, read in own.keys.items()}
    own.check(table)
    return settings


def is_share(text: str) -> bool:
    """Whether `text` is a plain decimal above 0 and below 1."""
    return _DECIMAL.fullmatch(text) is not None and 0 < Decimal(text) < 1


def _whole(default: int, least: int, most: int) -> Read:
    return lambda table, key: number(table, key, default, range(least, most + 1))


def _share(default: str | None) -> Read:
    def read(table: Table, key: str) -> str:
        text = table.get(key, str, default)
        if text and not is_share(text):
            table.problem(key, f"is {text!r}", 'write a decimal above 0 and below 1 as text, e.g. "0.05"')
        elif not text and key in table.data and default != "":
            table.problem(key, "is empty", 'write a decimal above 0 and below 1 as text, e.g. "0.05"')
        return text

    return read


def _level(table: Table, key: str) -> str:
    text = table.get(key, str)
    if not _DECIMAL.fullmatch(text) and isinstance(table.data.get(key), str):
        table.problem(key, f"is {text!r}", 'write a decimal as text, e.g. "100"')
    return text


def _metric(table: Table, key: str) -> str:
    text = table.get(key, str, "")
    if text and not _METRIC.fullmatch(text):
        fix = "write the metric's name as 'billing-canary baseline set' has it"
        table.problem(key, f"is {text!r}", fix)
    return text


def _unit(table: Table, key: str) -> str:
    return table.get(key, str, "")


def _one_baseline(table: Table) -> None:
    if bool(table.data.get("baseline")) == bool(table.data.get("metric")):
        fix = 'declare baseline = "0.97", or name the metric whose baseline the audit log holds'
        table.problem("baseline", "one of baseline and metric is needed", fix)


_WINDOWS: Mapping[str, Read] = {
    "window_s": _whole(3600, 60, 7 * _DAY),
    "delay_s": _whole(60, 0, _DAY),
    "min_samples": _whole(20, 1, 1_000_000_000),
}
_LEVELS: Mapping[str, Read] = {"max_age_s": _whole(900, 1, 31 * _DAY)}

RULE_SETTINGS: Mapping[TriggerRule, RuleSettings] = {
    TriggerRule.CANARY_FAILED: RuleSettings(form=Form.RUNS, keys={}),
    TriggerRule.CANARY_STALE: RuleSettings(form=Form.RUNS, keys={"interval_s": _whole(3600, 60, 31 * _DAY)}),
    TriggerRule.SUCCESS_RATE: RuleSettings(
        form=Form.WINDOWS,
        keys={
            **_WINDOWS,
            "baseline": _share(""),
            "metric": _metric,
            "alpha": _share("0.0001"),
            "visible_drop": _share("0.2"),
        },
        check=_one_baseline,
    ),
    TriggerRule.FAILURE_RATIO: RuleSettings(form=Form.WINDOWS, keys={**_WINDOWS, "threshold": _share(None)}),
    TriggerRule.BACKLOG: RuleSettings(form=Form.LEVEL, keys={**_LEVELS, "limit": _level, "unit": _unit}),
    TriggerRule.REPEATED: RuleSettings(form=Form.LEVEL, keys={**_LEVELS, "times": _whole(2, 1, 1_000_000)}),
    TriggerRule.INCIDENT: RuleSettings(form=Form.INCIDENTS, keys={"max_severity": _whole(2, 1, 9)}),
}
"""One entry for each rule."""
