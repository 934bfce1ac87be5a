"""`gates/rollback.toml`: what is watched, where it is read, and what would mean to roll back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from billing_canary.config import Table, read_toml
from billing_canary.errors import Problem, raise_problems
from billing_canary.project import Project
from billing_canary.rollback import DisabledTrigger, RollbackPolicy, Trigger, TriggerRule
from billing_canary.telemetry.question import Question
from billing_canary.telemetry.settings import BundlesSource, Source
from billing_canary.telemetry.source import load_sources, question_problems
from billing_canary.telemetry.trigger_settings import RULE_SETTINGS, read_settings

ROLLBACK_FILE = "gates/rollback.toml"

_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)
_TEXTS = ("good", "total", "query")


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The policy with what its triggers ask.

    Attributes:
        sources: by name.
        questions: by trigger id.
    """

    policy: RollbackPolicy
    sources: Mapping[str, Source]
    questions: Mapping[str, Question]


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """One `[[trigger]]` as read; `off` when the policy switches it off."""

    trigger: Trigger
    question: Question
    off: DisabledTrigger | None


def load_rollback_policy(project: Project) -> Watched:
    """The policy of the project's `gates/rollback.toml`.

    Raises:
        ProjectError: every wrong, unknown or missing key.
    """
    return read_rollback_policy(project.file(ROLLBACK_FILE), project.shown(ROLLBACK_FILE))


def read_rollback_policy(file: Path, shown: str) -> Watched:
    """The policy in `file`, such as a copy in a bundle; messages name it as `shown`.

    Raises:
        ProjectError: every wrong, unknown or missing key.
    """
    problems: list[Problem] = []
    root = read_toml(file, shown, problems)
    raise_problems(problems)
    title = root.get("title", str, "Rollback triggers")
    sources = load_sources(root.get("source", dict, {}), shown, problems)
    entries = [_entry(table, sources) for table in _tables(root)]
    root.finish()
    _check_once(root, entries)
    raise_problems(problems)
    on = [entry for entry in entries if entry.off is None]
    return Watched(
        policy=RollbackPolicy(
            title=title,
            triggers=tuple(entry.trigger for entry in on),
            disabled=tuple(entry.off for entry in entries if entry.off is not None),
        ),
        sources=sources,
        questions={entry.trigger.id: entry.question for entry in on},
    )


def _tables(root: Table) -> Iterator[Table]:
    for number, entry in enumerate(root.get("trigger", list, []), start=1):
        if not isinstance(entry, dict):
            root.problem("trigger", f"holds {entry!r}", "write each as a table: [[trigger]]")
            continue
        name = entry.get("id")
        place = f"trigger {name}" if isinstance(name, str) and _ID.fullmatch(name) else f"trigger[{number}]"
        yield Table(file=root.file, path=place, data=entry, problems=root.problems)


def _entry(table: Table, sources: Mapping[str, Source]) -> _Entry:
    id_ = table.get("id", str)
    if not _ID.fullmatch(id_) and isinstance(table.data.get("id"), str):
        table.problem("id", f"is {id_!r}", "use lower-case letters, digits and . _ - in between")
    title, why = table.get("title", str), table.get("why", str, "")
    off = _off(table, id_, title)
    rule = table.one_of("rule", TriggerRule)
    source = table.one_of("source", sources)
    texts = {key: table.get(key, str) for key in _TEXTS if key in table.data}
    settings: dict[str, object] = {}
    question = Question(trigger=id_, form=RULE_SETTINGS[TriggerRule.INCIDENT].form, texts=texts)
    if rule in set(TriggerRule):
        settings = read_settings(table, TriggerRule(rule))
        question = _question(id_, TriggerRule(rule), texts, settings)
        table.finish()
        if source in sources:
            table.problems += question_problems(sources[source], question, f"{table.file}: {table.path}")
    trigger = Trigger(
        id=id_,
        title=title,
        rule=TriggerRule(rule) if rule in set(TriggerRule) else TriggerRule.INCIDENT,
        source=source,
        settings=settings,
        why=why,
        place=f"{ROLLBACK_FILE}: {table.path}",
    )
    return _Entry(trigger=trigger, question=question, off=off)


def _off(table: Table, id_: str, title: str) -> DisabledTrigger | None:
    if table.get("enabled", bool, default=True):
        return None
    texts = {key: table.get(key, str) for key in ("reason", "owner")}
    for key, text in texts.items():
        if not text.strip() and isinstance(table.data.get(key), str):
            table.problem(key, "is empty", "say why it is switched off, and who answers for that")
    return DisabledTrigger(id=id_, title=title, reason=texts["reason"], owner=texts["owner"])


def _question(
    id_: str, rule: TriggerRule, texts: Mapping[str, str], settings: Mapping[str, object]
) -> Question:
    windows = {key: settings[key] for key in ("window_s", "delay_s") if key in settings}
    return Question(trigger=id_, form=RULE_SETTINGS[rule].form, texts=texts, **windows)  # type: ignore[arg-type]  # both are whole numbers


def _check_once(root: Table, entries: list[_Entry]) -> None:
    ids = [entry.trigger.id for entry in entries]
    for id_ in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        root.problem("trigger", f"has the id {id_!r} {ids.count(id_)} times", "give each its own id")


def in_mode(sources: Mapping[str, Source], mode: str | None) -> dict[str, Source]:
    """`sources`, those of our own canary runs looking at runs in `mode` only; None changes nothing."""
    return {
        name: replace(source, mode=mode) if mode and isinstance(source, BundlesSource) else source
        for name, source in sources.items()
    }
