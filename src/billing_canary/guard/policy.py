"""`gates/money.toml`: what a run may spend, where it may connect, which provider writes exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from billing_canary.config import Table, read_toml
from billing_canary.errors import Problem, raise_problems
from billing_canary.guard.provider_writes import ProviderWrite, read_provider_writes
from billing_canary.money import Money, from_decimal
from billing_canary.project import Project

MONEY_FILE = "gates/money.toml"
_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True, kw_only=True)
class MoneyPolicy:
    """Caps by currency in minor units, allowed hosts ("host" or "host:port"), known provider writes."""

    per_run: Mapping[str, Money]
    per_call: Mapping[str, Money]
    hosts: frozenset[str]
    provider_writes: tuple[ProviderWrite, ...]

    def lowered(self, caps: Iterable[Money]) -> MoneyPolicy:
        """This policy with per-run caps that are at most `caps`; a cap is never raised.

        Raises:
            ProjectError: a currency that the policy does not open.
        """
        per_run = dict(self.per_run)
        problems = []
        for cap in caps:
            if cap.currency in per_run:
                per_run[cap.currency] = min(cap, per_run[cap.currency])
            else:
                message = f"{cap} cannot be allowed here: {cap.currency} has no cap in {MONEY_FILE}"
                fix = f"add {cap.currency} to its caps; the command line can only lower them"
                problems.append(Problem(where="--max-amount", message=message, fix=fix))
        raise_problems(problems)
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
        provider_writes=read_provider_writes(root.table("provider", required=True)),
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
