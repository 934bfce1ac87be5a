"""Faults of usage, holds and gating."""

from __future__ import annotations

import time
from dataclasses import replace

from billing_canary.reference.backend.policies import Check, Effect, Policies
from billing_canary.reference.faults.registry import fault
from billing_canary.reference.store import Store, Transaction
from billing_canary.reference.web import ApiError

_GAP_S = 0.1
_DENIAL_CACHE_S = 300.0


@fault("F49", "Concurrent debits overspend", source="gh:wasp-lang/open-saas#727")
def check_then_hold(healthy: Policies) -> Policies:
    """What is available is checked first and taken later."""

    def two_steps(store: Store, check: Check, hold: Effect) -> None:
        with store.transaction() as transaction:
            check(transaction)
        time.sleep(_GAP_S)
        with store.transaction() as transaction:
            hold(transaction)

    return replace(healthy, reserve=two_steps)


@fault("F50", 'Preflight asks only "balance > 0"', source="gh:Wei-Shaw/sub2api#3384")
def any_balance_will_do(healthy: Policies) -> Policies:
    """One minor unit buys anything."""
    return replace(healthy, affordable=lambda available, _units: available > 0)


@fault("F51", "Top-up racing a debit loses an update", source="inferred from F02 and F49")
def balance_written_whole(healthy: Policies) -> Policies:
    """The balance is read, computed and written back; what came between is lost."""

    def read_then_write(store: Store, transaction: Transaction, account: str, amount: int) -> None:
        def write() -> None:
            row = store.one("SELECT balance FROM account WHERE id = ?", account)
            balance: int = row["balance"] if row else 0
            time.sleep(_GAP_S)
            with store.transaction() as later:
                later.execute("UPDATE account SET balance = ? WHERE id = ?", balance + amount, account)

        transaction.after_commit(write)

    return replace(healthy, write_balance=read_then_write)


@fault("F52", "Hold never released after provider error", source="gh:elizaOS/eliza#10155")
def hold_kept(healthy: Policies) -> Policies:
    """A failed call keeps its hold for ever."""
    return replace(healthy, releases_failed_holds=False)


@fault("F53", "Failed or timed-out call charged", source="gh:zed-industries/zed#19502")
def failure_charged(healthy: Policies) -> Policies:
    """A failed call costs as much as a good one."""
    return replace(healthy, charges_failed_work=True)


@fault("F60", "Solvent user blocked by cached denial", source="gh:koala73/worldmonitor#5447")
def denial_cached(healthy: Policies) -> Policies:
    """A denial stands for five minutes, whatever was paid meanwhile."""
    return replace(healthy, denial_cache_s=_DENIAL_CACHE_S)


@fault("F62", "Unknown state answered 402 instead of 503", source="gh:thefrederiksen/devthrottle#1901")
def unknown_is_exhausted(healthy: Policies) -> Policies:
    """An outage of billing looks like an empty wallet."""
    answer = ApiError(402, "wallet_exhausted", "the wallet does not cover this; top it up")
    return replace(healthy, unknown_state=lambda: answer)
