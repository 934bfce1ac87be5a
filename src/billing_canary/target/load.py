"""Reading `probes/targets.toml`: every problem at once, each with file, key and fix."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from billing_canary.config import Table, read_toml
from billing_canary.errors import Problem, raise_problems
from billing_canary.guard.keys import holds_live_key
from billing_canary.model import NotApplicable
from billing_canary.money import Money, exponent
from billing_canary.project import Project
from billing_canary.target.backend_table import read_backend
from billing_canary.target.environment import EnvironmentValues, check_url, refuse_live_keys
from billing_canary.target.settings import BackendMapping, Patience, ProviderSettings, TargetSettings

TARGETS_FILE = "probes/targets.toml"
_DEFAULT_CARDS = {"accepted": "pm_card_visa", "declined": "pm_card_chargeDeclined"}
_LOOKS_SECRET = re.compile(r"(sk|rk|pk)_(live|test|org)_|whsec_")
_SECRET_PLACE = re.compile(r"[^.]+\.(secrets\.[^.]+|webhook_secret|provider\.api_key)")
_MILLISECONDS = 1000


def load_target(project: Project, name: str, environ: Mapping[str, str]) -> TargetSettings:
    """The target called `name`, with its environment variables looked up in `environ`.

    Raises:
        ProjectError: every wrong, unknown or missing key and every unset variable.
        RefusedError: there would be problems to tell, but one of the variables holds a live key.
    """
    problems: list[Problem] = []
    shown = project.shown(TARGETS_FILE)
    root = read_toml(project.file(TARGETS_FILE), shown, problems)
    raise_problems(problems)
    _refuse_written_secrets(root.data, shown, problems)
    raise_problems(problems)  # at once: the other checks quote what they find
    backends = root.table("backends", required=True)
    table = root.table(name, required=True)
    reader = _TargetReader(table, environ)
    settings = reader.read(name, backends)
    if problems:  # a live key is worse than any of them, and may be the cause of one
        refuse_live_keys(reader.values.used)
    raise_problems(problems)
    return settings


def _refuse_written_secrets(root: Mapping[str, Any], shown: str, problems: list[Problem]) -> None:
    pending: deque[tuple[str, Any]] = deque(root.items())
    while pending:  # no recursion: dotted keys nest as deep as they like
        key, value = pending.popleft()
        if isinstance(value, Mapping):
            pending.extend((f"{key}.{name}", item) for name, item in value.items())
        elif _SECRET_PLACE.fullmatch(key) or (isinstance(value, str) and _is_secret(value)):
            fix = 'write { env = "NAME" } and put the secret into that environment variable'
            problems.append(Problem(where=shown, key=key, message="holds a secret (not shown)", fix=fix))
        elif isinstance(value, list):
            pending.extend((key, item) for item in value)


def _is_secret(text: str) -> bool:
    return bool(_LOOKS_SECRET.search(text)) or holds_live_key(text)


class _TargetReader:
    """Reads one target's table; problems are noted in the table."""

    def __init__(self, table: Table, environ: Mapping[str, str]) -> None:
        self._table = table
        self.values = EnvironmentValues(environ)

    def read(self, name: str, backends: Table) -> TargetSettings:
        table = self._table
        secrets = {
            key: self.values.required(table.table("secrets"), key) for key in table.table("secrets").data
        }
        currency = self._currency()
        provider = self._provider()
        settings = TargetSettings(
            name=name,
            base_url=self.values.url(table, "base_url"),
            backend=self._backend(backends, secrets),
            secrets=secrets,
            provider=provider,
            webhook_secret=self.values.optional(table, "webhook_secret"),
            currency=currency,
            amounts=self._amounts(currency),
            unit_price=self._positive("unit_price", 1),
            expected_build=self.values.optional(table, "expected_build"),
            patience=self._patience(),
            test_cards=self._cards(),
            connectivity=self._connectivity(provider),
            not_applicable=self._not_applicable(),
            variables=self.values.used,
        )
        self._check_credits(settings)
        table.finish()
        return settings

    def _check_credits(self, settings: TargetSettings) -> None:
        worth = settings.backend.credit_minor
        for code, amount in settings.amounts.items():
            if amount.minor % worth:
                fix = f"use a multiple of {worth}, which is what one credit of this backend is worth"
                self._table.problem(f"amounts.{code}", f"is {amount.minor}, no whole number of credits", fix)

    def _connectivity(self, provider: ProviderSettings | None) -> tuple[str, ...]:
        """The written list, or the provider: it answers any runner that has network."""
        if "connectivity" not in self._table.data:
            return (f"{provider.base_url}/",) if provider is not None and provider.base_url else ()
        urls = self._table.strings("connectivity")
        for url in urls:
            check_url(self._table, "connectivity", url)
        return urls

    def _not_applicable(self) -> dict[str, NotApplicable]:
        found = {}
        for pattern, entry in self._table.table("not_applicable").tables():
            why = NotApplicable(
                reason=entry.get("reason", str).strip(), owner=entry.get("owner", str).strip()
            )
            for key, text in asdict(why).items():
                if key in entry.data and not text:
                    entry.problem(
                        key, "is empty", f"say {'why' if key == 'reason' else 'who answers for it'}"
                    )
            entry.finish()
            found[pattern] = why
        return found

    def _backend(self, backends: Table, secrets: Mapping[str, str]) -> BackendMapping:
        name = self._table.one_of("backend", backends.data)
        if name not in backends.data:
            return BackendMapping(operations={}, paid_event=None)
        return read_backend(backends.table(name), frozenset(secrets))

    def _provider(self) -> ProviderSettings | None:
        if "provider" not in self._table.data:
            return None
        table = self._table.table("provider")
        provider = ProviderSettings(
            base_url=self.values.url(table, "base_url"),
            api_key=self.values.required(table, "api_key"),
            attach_card_first=table.get("attach_card_first", bool, default=False),
        )
        table.finish()
        return provider

    def _currency(self) -> str:
        currency = self._table.get("currency", str)
        self._check_currency("currency", currency)
        return currency.upper()

    def _check_currency(self, key: str, currency: str) -> bool:
        try:
            exponent(currency)
        except ValueError as error:
            self._table.problem(key, str(error), "write the code in capitals")
            return False
        return True

    def _amounts(self, currency: str) -> dict[str, Money]:
        table = self._table.table("amounts", required=True)
        amounts = {
            code.upper(): Money(minor=minor, currency=code)
            for code in table.data
            if (minor := table.get(code, int)) > 0 and self._check_currency(f"amounts.{code}", code)
        }
        for code in table.data:
            if code.upper() not in amounts:
                table.problem(code, "must be a positive count of minor units", "write for example RUB = 29")
        if currency not in amounts:
            table.problem(
                currency, "is missing: the target's own currency needs an amount", f"add {currency} = 29"
            )
        return amounts

    def _positive(self, key: str, default: int) -> int:
        value = self._table.get(key, int, default)
        if value < 1:
            self._table.problem(key, f"is {value}", "write an integer of at least 1")
        return value

    def _patience(self) -> Patience:
        table = self._table.table("patience")
        usual = Patience()
        names = ("eventually", "holds", "poll", "probe", "answer")
        values = {n: table.get(f"{n}_ms", int, int(getattr(usual, n) * _MILLISECONDS)) for n in names}
        for name, value in values.items():
            if value < 1:
                table.problem(f"{name}_ms", f"is {value}", "write milliseconds, at least 1")
        table.finish()
        return Patience(**{name: value / _MILLISECONDS for name, value in values.items()})

    def _cards(self) -> dict[str, str]:
        table = self._table.table("test_cards")
        cards = {role: table.get(role, str, card) for role, card in _DEFAULT_CARDS.items()}
        table.finish()
        return cards
