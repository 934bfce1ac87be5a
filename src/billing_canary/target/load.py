"""Reading `probes/targets.toml`: every problem at once, each with file, key and fix."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from billing_canary.config import Table, read_toml
from billing_canary.errors import Problem, raise_problems
from billing_canary.money import Money, exponent
from billing_canary.project import Project
from billing_canary.target.backend_table import read_backend
from billing_canary.target.settings import BackendMapping, Patience, ProviderSettings, TargetSettings

TARGETS_FILE = "probes/targets.toml"
_DEFAULT_CARDS = {"accepted": "pm_card_visa", "declined": "pm_card_chargeDeclined"}
_LOOKS_SECRET = re.compile(r"(sk|rk|pk)_(live|test|org)_|whsec_")
_SECRET_PLACE = re.compile(r"[^.]+\.(secrets\.[^.]+|webhook_secret|provider\.api_key)")
_URL = re.compile(r"https?://[^/@?#\s]+(/[^?#\s]*)?")
_MILLISECONDS = 1000


def load_target(project: Project, name: str, environ: Mapping[str, str]) -> TargetSettings:
    """The target called `name`, with its environment variables looked up in `environ`.

    Raises:
        ProjectError: every wrong, unknown or missing key and every unset variable.
    """
    problems: list[Problem] = []
    shown = project.shown(TARGETS_FILE)
    root = read_toml(project.file(TARGETS_FILE), shown, problems)
    raise_problems(problems)
    _refuse_written_secrets(root.data, shown, problems)
    raise_problems(problems)  # at once: the other checks quote what they find
    backends = root.table("backends", required=True)
    table = root.table(name, required=True)
    settings = _TargetReader(table, environ).read(name, backends)
    raise_problems(problems)
    return settings


def _refuse_written_secrets(root: Mapping[str, Any], shown: str, problems: list[Problem]) -> None:
    pending: deque[tuple[str, Any]] = deque(root.items())
    while pending:  # no recursion: dotted keys nest as deep as they like
        key, value = pending.popleft()
        if isinstance(value, Mapping):
            pending.extend((f"{key}.{name}", item) for name, item in value.items())
        elif _SECRET_PLACE.fullmatch(key) or (isinstance(value, str) and _LOOKS_SECRET.search(value)):
            fix = 'write { env = "NAME" } and put the secret into that environment variable'
            problems.append(Problem(where=shown, key=key, message="holds a secret (not shown)", fix=fix))
        elif isinstance(value, list):
            pending.extend((key, item) for item in value)


def _has_host_and_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class _TargetReader:
    """Reads one target's table; problems are noted in the table."""

    def __init__(self, table: Table, environ: Mapping[str, str]) -> None:
        self._table = table
        self._environ = environ

    def read(self, name: str, backends: Table) -> TargetSettings:
        table = self._table
        secrets = {
            key: self._from_environment(table.table("secrets"), key) for key in table.table("secrets").data
        }
        currency = self._currency()
        settings = TargetSettings(
            name=name,
            base_url=self._url(table, "base_url"),
            backend=self._backend(backends, secrets),
            secrets=secrets,
            provider=self._provider(),
            webhook_secret=self._optional(table, "webhook_secret"),
            currency=currency,
            amounts=self._amounts(currency),
            unit_price=self._positive("unit_price", 1),
            expected_build=self._optional(table, "expected_build"),
            patience=self._patience(),
            test_cards=self._cards(),
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

    def _from_environment(self, table: Table, key: str) -> str:
        """A value written as `{ env = "NAME" }`; a plain string is taken as it is."""
        value = table.data.get(key)
        if isinstance(value, str):
            return table.get(key, str)
        written = table.table(key, required=True)
        variable = written.get("env", str)
        written.finish()
        found = self._environ.get(variable, "").strip()
        if variable and not found:
            table.problem(
                key, f"needs the environment variable {variable}, which is not set", f"set {variable}"
            )
        return found

    def _optional(self, table: Table, key: str) -> str | None:
        return self._from_environment(table, key) if key in table.data else None

    def _url(self, table: Table, key: str) -> str:
        url = self._from_environment(table, key)
        if url and not (_URL.fullmatch(url) and _has_host_and_port(url)):
            table.problem(
                key, "is no http(s) URL of a host and a path only", "write https://host or https://host/path"
            )
        return url.rstrip("/")

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
            base_url=self._url(table, "base_url"), api_key=self._from_environment(table, "api_key")
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
