"""What `find_accounts` answered, believed only where each account proves that it is of the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from billing_canary.target.operations import Operation, UnexpectedAnswerError
from billing_canary.target.settings import OperationMapping
from billing_canary.target.template import placeholders

_NO_SEGMENT = frozenset({"", ".", ".."})
_SHOWN = 80
_PREFIX = "account."


def read_accounts(listed: Any, run_id: str, close: OperationMapping | None) -> tuple[Mapping[str, str], ...]:
    """The values of each account in `listed`, under the names that the mapping gave them.

    One account that is not shown to be of exactly this run makes the whole answer worthless: whatever
    filter the backend applied, it is not the one that was asked for, so that closing any of them might
    close somebody's account.

    Args:
        listed: what the mapping extracted as `accounts`.
        run_id: the run that was asked for.
        close: how accounts are closed; every value that it uses must be there.

    Raises:
        UnexpectedAnswerError: an element is no object, is of another run or of none, or lacks a value.
    """
    if not isinstance(listed, list):
        raise _refusal(f"accounts as {type(listed).__name__}, no list")
    needed = _needed(close)
    found = (_read(element, run_id, needed) for element in listed)
    return tuple({values["account"]: values for values in found}.values())


def missing_values(close: OperationMapping, known: Iterable[str]) -> tuple[str, ...]:
    """The values of an account that `close` uses and that are not among `known`."""
    return tuple(sorted(_needed(close) - frozenset(known)))


def _read(element: Any, run_id: str, needed: frozenset[str]) -> Mapping[str, str]:
    if not isinstance(element, dict):
        raise _refusal(f"a {type(element).__name__} among the accounts, no object")
    told = element.get("run_id")
    # The type counts too: what has to be converted before it is equal was not written by a run.
    if type(told) is not str or told != run_id:
        raise _refusal(f"an account of run {_short(told)}, not of {run_id}; none of them is touched")
    values = dict(_plain_values(element))
    if values.get("account", "") in _NO_SEGMENT:
        raise _refusal(f"account id {_short(element.get('account'))}, which no path can hold")
    missing = sorted(needed - values.keys())
    if missing:
        raise _refusal(f"an account without {', '.join(missing)}, which close_account uses")
    return values


def _plain_values(element: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in element.items():
        if type(value) in {str, int}:
            yield str(name), str(value)


def _needed(close: OperationMapping | None) -> frozenset[str]:
    if close is None:
        return frozenset()
    used = set(placeholders([close.path, dict(close.headers), close.json, close.form]))
    return frozenset(name.removeprefix(_PREFIX) for name in used if name.startswith(_PREFIX))


def _short(value: Any) -> str:
    return repr(value)[:_SHOWN]


def _refusal(observed: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(Operation.FIND_ACCOUNTS, observed)
