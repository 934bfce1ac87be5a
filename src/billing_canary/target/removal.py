"""Removing what a run left, and looking again: only what is no longer there counts as removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from billing_canary.errors import RefusedError
from billing_canary.target.backend import Account
from billing_canary.target.found_accounts import missing_values
from billing_canary.target.leftovers import Key, Kind, Leftover, Search, find_leftovers
from billing_canary.target.operations import Operation, Outcome, UnexpectedAnswerError
from billing_canary.target.stripe_provider import ProviderError
from billing_canary.target.target import Target

_ROUNDS = 20
"""Searches at most: a backend may show its accounts in portions."""

_GONE = frozenset({404, 410})
_STILL_THERE = "removing it was answered with a yes, and it is still there"
_UNREAD = (UnexpectedAnswerError, ProviderError)


@dataclass(frozen=True, kw_only=True)
class NotRemoved:
    """Something that is still there, and why."""

    item: Leftover
    reason: str


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What became of a clean-up; `unknown` tells what could not be looked at."""

    removed: tuple[Leftover, ...]
    left: tuple[NotRemoved, ...]
    unknown: tuple[str, ...]


def remove_leftovers(
    target: Target, search: Search, journal: Iterable[Leftover], started_at: float | None
) -> Removal:
    """Remove what `search` found and the accounts of `journal`, until a new search finds nothing new.

    Args:
        target: made for the run in question.
        search: the first search, by `find_leftovers`.
        journal: by `by_journal`; they are tried once.
        started_at: as for `find_leftovers`.

    Raises:
        RefusedError: the guard ended it; nothing more is sent.
    """
    remover = _Remover(target)
    unknown = search.unknown
    for _ in range(_ROUNDS):
        if not remover.remove_new(search.found):
            break
        try:
            search = find_leftovers(target, started_at)
        except _UNREAD as error:
            unknown = (*unknown, f"what is there now cannot be told: {error}")
            break
        unknown = search.unknown
        remover.settle(search)
    else:
        unknown = (*unknown, f"something new was found {_ROUNDS} times; run it again")
    remover.remove_new(journal)
    return Removal(
        removed=tuple(remover.removed.values()), left=tuple(remover.failed.values()), unknown=unknown
    )


class _Remover:
    """Removes each thing once, and keeps what became of it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._gone: set[Key] = set()
        self.removed: dict[Key, Leftover] = {}
        self.failed: dict[Key, NotRemoved] = {}

    def remove_new(self, items: Iterable[Leftover]) -> bool:
        """Remove what was not tried yet; whether there was anything."""
        new = [item for item in items if not self._tried(item.key)]
        for item in new:
            self._note(item, self._attempt(item))
        return bool(new)

    def settle(self, search: Search) -> None:
        """Hold what was answered against what is there: a yes may be wrong, a no may mean "gone already"."""
        still = {item.key for item in search.found}
        for item in [item for key, item in self.removed.items() if key in still]:
            del self.removed[item.key]
            self.failed[item.key] = NotRemoved(item=item, reason=_STILL_THERE)
        if search.unknown:
            return  # not everything was looked at
        for key in [key for key in self.failed if key not in still]:
            self.removed[key] = self.failed.pop(key).item

    def _tried(self, key: Key) -> bool:
        return key in self.removed or key in self.failed or key in self._gone

    def _note(self, item: Leftover, reason: str) -> None:
        if reason:
            self.failed[item.key] = NotRemoved(item=item, reason=reason)
        elif item.key not in self._gone:
            self.removed[item.key] = item

    def _attempt(self, item: Leftover) -> str:
        """What went wrong, or ""."""
        try:
            return self._close(item, item.account) if item.account else self._remove_at_provider(item)
        except (UnexpectedAnswerError, ProviderError) as error:
            return str(error)
        except RefusedError as refusal:
            if refusal.ends_run:
                raise
            return str(refusal)

    def _remove_at_provider(self, item: Leftover) -> str:
        provider = self._target.provider
        if provider is None:
            return "the target names no provider"
        (provider.cancel if item.kind is Kind.PAYMENT else provider.delete_customer)(item.id)
        return ""

    def _close(self, item: Leftover, account: Account) -> str:
        close = self._target.settings.backend.operations.get(Operation.CLOSE_ACCOUNT)
        if close is None:
            return "the target maps no close_account"
        missing = missing_values(close, account.values)
        if missing:
            return f"close_account uses {', '.join(missing)}, which only find_accounts could tell"
        answer = self._target.backend.close_account(account)
        if answer.outcome is Outcome.OK:
            return ""
        if not item.proved and answer.status in _GONE:
            self._gone.add(item.key)
            return ""
        return str(answer)
