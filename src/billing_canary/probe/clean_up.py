"""Closing what probes opened: after each probe, and once more at the end for what was left."""

from __future__ import annotations

from threading import Lock

from billing_canary.errors import RefusedError
from billing_canary.probe.account_log import AccountLog
from billing_canary.probe.context import ProbeContext
from billing_canary.redact import Redactor
from billing_canary.target.backend import Account
from billing_canary.target.operations import Operation, Outcome, UnexpectedAnswerError
from billing_canary.target.target import Target

_MOST_NAMED = 10


class CleanUp:
    """The accounts of one run; `accounts` hears of closings. Safe to use from the threads of all probes."""

    def __init__(self, target: Target, redact: Redactor, accounts: AccountLog) -> None:
        self._target = target
        self._redact = redact
        self._accounts = accounts
        self._possible = Operation.CLOSE_ACCOUNT in target.settings.operations
        self._lock = Lock()
        self._contexts: list[ProbeContext] = []
        self._closed: set[int] = set()

    def watch(self, context: ProbeContext) -> None:
        """Take care of every account that a probe opens through `context`."""
        with self._lock:
            self._contexts.append(context)

    def close_all(self, context: ProbeContext) -> list[str]:
        """Close what is open of one probe; what could not be closed, and why.

        A target that maps no `close_account` keeps its accounts: that is no failure.
        """
        if not self._possible:
            return []
        return [text for account in self._open(context) if (text := self._close(account))]

    def finish(self) -> None:
        """Try what is still open once more, and tell the guard; a probe cut short by its time closed nothing.

        To be called when no probe runs any more.
        """
        with self._lock:
            contexts = tuple(self._contexts)
        left = [text for context in contexts for text in self.close_all(context)]
        if len(left) > _MOST_NAMED:
            left = [*left[:_MOST_NAMED], f"and {len(left) - _MOST_NAMED} more"]
        created = sum(len(context.opened) for context in contexts)
        self._target.guard.cleaned(created, len(self._closed), left, possible=self._possible)

    def _open(self, context: ProbeContext) -> list[Account]:
        with self._lock:
            return [account for account in context.opened if id(account) not in self._closed]

    def _close(self, account: Account) -> str:
        """What went wrong when `account` was closed, or ""."""
        try:
            answer = self._target.backend.close_account(account)
        except (UnexpectedAnswerError, RefusedError) as error:
            return self._redact(f"{account.id}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the probe's own result must still come
            return self._redact(f"{account.id}: {type(error).__name__}: {error}")
        if answer.outcome is not Outcome.OK:
            return self._redact(f"{account.id}: {answer}")
        self._accounts.closed(account.id)
        with self._lock:
            self._closed.add(id(account))
        return ""
