from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

THREADS = 8
ROUNDS = 8


def test_double_entry_holds_under_load_from_eight_threads(
    launch: Callable[..., Any], eventually: Callable[..., Any], tmp_path: Path
) -> None:
    database = tmp_path / "billing.sqlite"
    bench = launch(schedule="parallel", database=str(database))
    accounts = [bench.account(currency) for currency in ("RUB", "USD", "JPY")]

    bench.together(*[partial(use_service, bench, accounts, seed) for seed in range(THREADS)])
    eventually(lambda: is_quiet(bench), within=10)
    balances = [account.balance for account in accounts]
    totals = [account.ledger_total for account in accounts]
    holds = [account.wallet()["held"] for account in accounts]
    bench.close()
    assert_books_balance(database)
    assert balances == totals
    assert holds == [0, 0, 0]
    assert min(balances) >= 0


def use_service(bench: Any, accounts: list[Any], seed: int) -> None:
    """What one busy customer does: a mix of every way to move money."""
    choices = random.Random(seed)  # noqa: S311 - a repeatable mix, no secret
    for _ in range(ROUNDS):
        account, amount = choices.choice(accounts), choices.randint(1, 90)
        step = choices.randrange(4)
        if step == 0:
            account.charge(amount)
        elif step == 1:
            bench.deliver(account.paid_event(amount))
        else:
            account.use(amount, upstream=("ok", "fail")[step - 2])


def is_quiet(bench: Any) -> bool:
    """Whether every copy of every event was delivered and processed."""
    events = bench.provider("GET", "/v1/events?limit=100&type=payment_intent.succeeded").json()["data"]
    sent = bench.provider("GET", "/_mock/deliveries").json()["deliveries"]
    delivered = sum(one["type"] == "payment_intent.succeeded" for one in sent)
    waiting = bench.call("GET", "/ops/inbox").json()["pending"]
    return bool(delivered == 8 * len(events) and waiting == 0)


def assert_books_balance(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        unbalanced = connection.execute(
            """SELECT ledger_transaction FROM posting
            GROUP BY ledger_transaction, currency HAVING sum(amount) != 0"""
        ).fetchall()
        apart = connection.execute(
            """SELECT id FROM account WHERE balance !=
            (SELECT coalesce(sum(amount), 0) FROM posting WHERE book = 'wallet:' || account.id)"""
        ).fetchall()
        (postings,) = connection.execute("SELECT count(*) FROM posting").fetchone()
    connection.close()
    assert (unbalanced, apart) == ([], [])
    assert postings > THREADS
