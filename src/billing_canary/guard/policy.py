"""`gates/money.toml`: what a run may spend, where it may connect, which provider writes exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from billing_canary.config import Table, read_toml
from billing_canary.errors import Problem, raise_problems
from billing_canary.money import Money, from_decimal
from billing_canary.project import Project

MONEY_FILE = "gates/money.toml"
_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?")


@dataclass(frozen=True, kw_only=True)
class ProviderWrite:
    """One provider call that may be made, and where its amount stands.

    Attributes:
        path: the path with `{payment}` for a payment intent's id.
        pattern: the same as a regular expression.
        amount: a form field, or "reserved" (of that payment, beforehand), or "none" (moves nothing to us).
        currency: the form field of the currency when `amount` is a form field.
    """

    path: str
    pattern: re.Pattern[str]
    amount: str
    currency: str = ""


@dataclass(frozen=True, kw_only=True)
class MoneyPolicy:
    """Caps by currency in minor units, allowed hosts ("host" or "host:port"), known provider writes."""

    per_run: Mapping[str, Money]
    per_call: Mapping[str, Money]
    hosts: frozenset[str]
    provider_writes: tuple[ProviderWrite, ...]

    def lowered(self, caps: Iterable[Money]) -> MoneyPolicy:
        """This policy with per-run caps that are at most `caps`; a cap is never raised."""
        per_run = dict(self.per_run)
        for cap in caps:
            if cap.currency in per_run:
                per_run[cap.currency] = min(cap, per_run[cap.currency])
        return replace(self, per_run=per_run)

    def allowing(self, hosts: Iterable[str]) -> MoneyPolicy:
        """This policy with `hosts` allowed too: the servers that the run itself started."""
        return replace(self, hosts=self.hosts | frozenset(hosts))


def load_money_policy(project: Project) -> MoneyPolicy:
    """The policy of `gates/money.toml`.

    Raises:
        ProjectError: every wrong, unknown or missing key.
    """
    problems: list[Problem] = []
    root = read_toml(project.file(MONEY_FILE), project.shown(MONEY_FILE), problems)
    raise_problems(problems)
    caps = root.table("caps", required=True)
    policy = MoneyPolicy(
        per_run=_caps(caps.table("per_run", required=True)),
        per_call=_caps(caps.table("per_call", required=True)),
        hosts=_hosts(root.table("hosts")),
        provider_writes=_writes(root.table("provider", required=True)),
    )
    caps.finish()
    root.finish()
    raise_problems(problems)
    return policy


def _caps(table: Table) -> dict[str, Money]:
    caps = {}
    for code in table.data:
        text = table.get(code, str)
        try:
            cap = from_decimal(text, code)
        except ValueError as error:
            table.problem(
                code, str(error), 'write the amount in major units as text, for example RUB = "10.00"'
            )
            continue
        if cap.minor < 0:
            table.problem(code, f"is {text!r}, below zero", 'write "0" to allow nothing')
        if cap.currency in caps:
            table.problem(code, "is the second cap of this currency", "keep one, in capitals")
        caps[cap.currency] = cap
    return caps


def _hosts(table: Table) -> frozenset[str]:
    hosts = table.strings("allow")
    for host in hosts:
        if not _HOST.fullmatch(host):
            table.problem("allow", f"holds {host!r}", 'write "host" or "host:port" in lower case, no scheme')
    table.finish()
    return frozenset(hosts)


def _writes(provider: Table) -> tuple[ProviderWrite, ...]:
    entries = provider.get("writes", list)
    writes = []
    for number, entry in enumerate(entries):
        data = entry if isinstance(entry, dict) else {}
        path = f"{provider.path}.writes[{number}]"
        writes.append(_write(Table(file=provider.file, path=path, data=data, problems=provider.problems)))
    provider.finish()
    return tuple(writes)


def _write(table: Table) -> ProviderWrite:
    path = table.get("path", str)
    amount = table.get("amount", str)
    currency = table.get("currency", str, "")
    if amount not in {"reserved", "none"} and not currency:
        table.problem("currency", "is missing", 'name the form field of the currency, for example "currency"')
    if amount == "reserved" and "{payment}" not in path:
        table.problem("path", f"is {path!r}", 'an amount that is "reserved" needs {payment} in the path')
    if path.count("{payment}") > 1:
        table.problem("path", f"is {path!r}", "name {payment} once")
    table.finish()
    before, _, after = path.partition("{payment}")
    payment = r"(?P<payment>[A-Za-z0-9_]+)" if "{payment}" in path else ""
    pattern = f"{re.escape(before)}{payment}{re.escape(after)}"
    return ProviderWrite(path=path, pattern=re.compile(pattern), amount=amount, currency=currency)
