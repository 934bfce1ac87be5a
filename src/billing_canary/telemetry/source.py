"""`[source.NAME]` of `gates/rollback.toml`: where triggers read from, and what each can be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from billing_canary.config import Table
from billing_canary.errors import Problem
from billing_canary.telemetry.kind import Wrong
from billing_canary.telemetry.question import Form, Question
from billing_canary.telemetry.registry import KINDS
from billing_canary.telemetry.settings import Source

__all__ = ["Source", "load_sources", "question_problems"]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)
_LONGEST_TEXT = 20_000
_WINDOW_S = range(60, 7 * 86_400 + 1)
_WINDOWS = range(1, 169)
_DELAY_S = range(86_401)


def load_sources(tables: Mapping[str, object], where: str, problems: list[Problem]) -> Mapping[str, Source]:
    """The sources of the tables below `source`, by name; every wrong key is noted in `problems`.

    What is answered may be used only if nothing was noted.

    Args:
        tables: what the TOML file holds under `source`.
        where: the file, for messages.
        problems: gets what is wrong.
    """
    found: dict[str, Source] = {}
    for name, data in tables.items():
        place = f"source.{name}"
        if not isinstance(data, dict):
            fix = f"write it as a table: [{place}]"
            problems.append(Problem(where=where, key=place, message=f"is {data!r}", fix=fix))
            continue
        table = Table(file=where, path=place, data=data, problems=problems)
        source = _load(table, name)
        if source is not None:
            found[name] = source
    return found


def _load(table: Table, name: str) -> Source | None:
    if not _NAME.fullmatch(name):
        table.problem("", f"is named {name!r}", "use lower-case letters, digits, - and _, a letter first")
    kind = table.one_of("kind", KINDS)
    if kind not in KINDS:
        return None
    source = KINDS[kind].load(table, name)
    table.finish()
    return source


def question_problems(source: Source, question: Question, where: str) -> Iterator[Problem]:
    """Whatever of `question` cannot be asked of `source`; `where` names its place in the policy."""
    for wrong in (*_shape(source, question), *KINDS[source.kind].wrong(source, question)):
        yield Problem(where=where, key=wrong.key, message=wrong.message, fix=wrong.fix)


def _shape(source: Source, question: Question) -> Iterator[Wrong]:
    forms = KINDS[source.kind].forms
    if question.form not in forms:
        could = " or ".join(form.value for form in forms)
        message = f"asks source {source.name!r} for {question.form.value}; kind {source.kind!r} has {could}"
        yield Wrong(key="source", message=message, fix="name a source of another kind")
        return
    yield from _texts(question, forms[question.form])
    if question.form is Form.WINDOWS:
        yield from _numbers(question)


def _texts(question: Question, accepted: tuple[tuple[str, ...], ...]) -> Iterator[Wrong]:
    written = tuple(sorted(question.texts))
    if written not in {tuple(sorted(keys)) for keys in accepted}:
        wanted = " or ".join(" and ".join(keys) if keys else "no query" for keys in accepted)
        message = f"has {', '.join(written) or 'no query'}; this source takes {wanted}"
        yield Wrong(key="query", message=message, fix=f"write {wanted}")
    for key, text in question.texts.items():
        if not text.strip() or len(text) > _LONGEST_TEXT or "\0" in text:
            message = f"is empty, longer than {_LONGEST_TEXT} characters, or holds a NUL"
            yield Wrong(key=key, message=message, fix="write the query")


def _numbers(question: Question) -> Iterator[Wrong]:
    limits = (("window_s", _WINDOW_S), ("windows", _WINDOWS), ("delay_s", _DELAY_S))
    for key, allowed in limits:
        value = getattr(question, key)
        if value not in allowed:
            fix = f"write a whole number from {allowed[0]} to {allowed[-1]}"
            yield Wrong(key=key, message=f"is {value!r}", fix=fix)
