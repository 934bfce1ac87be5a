"""The public JSON Schemas of the bundle's files, and validation against them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from billing_canary.artifact.quick_schema import surely_valid
from billing_canary.errors import EvidenceError

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

_FOLDER = Path(__file__).with_name("schemas")
_MOST_PROBLEMS_SHOWN = 20
_LONGEST_MESSAGE = 200


def names() -> tuple[str, ...]:
    """The names of all schemas, sorted, e.g. "canary-report"."""
    return tuple(sorted(file.name.removesuffix(".schema.json") for file in _FOLDER.glob("*.schema.json")))


@cache
def load(name: str) -> Mapping[str, Any]:
    """The schema called `name` (draft 2020-12)."""
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found


def preload() -> None:
    """Load the validator in the background, while a run waits for answers."""
    Thread(target=_validator, args=("run",), name="schema-preload", daemon=True).start()


def validate(document: Any, name: str) -> None:
    """Make sure that `document` is what the schema `name` asks for.

    Raises:
        EvidenceError: it is not; lists every problem with its JSON path (the first 20 in full).
    """
    if surely_valid(document, load(name)):
        return
    problems = [_sentence(error) for error in _errors(document, name)]
    if problems:
        shown = problems[:_MOST_PROBLEMS_SHOWN]
        hidden = len(problems) - len(shown)
        more = [f"and {hidden} more"] if hidden else []
        raise EvidenceError("\n  ".join([f"not a valid {name} document:", *shown, *more]))


def _errors(document: Any, name: str) -> Iterator[ValidationError]:
    yield from sorted(_validator(name).iter_errors(document), key=lambda error: error.json_path)


def _sentence(error: ValidationError) -> str:
    message = error.message
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}..."
    return f"{error.json_path}: {message}"


@cache
def _validator(name: str) -> Validator:
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 - slow to import, rarely needed

    strict = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    extended: type[Validator] = validators.extend(Draft202012Validator, type_checker=strict)  # type: ignore[no-untyped-call]  # the stubs leave it untyped
    return extended(load(name))


def _is_integer(_checker: object, value: object) -> bool:
    """Stricter than the draft, for which 1.0 is an integer: amounts and counts never travel as floats."""
    return type(value) is int
