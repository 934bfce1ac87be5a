"""Reading one `[backends.NAME]` table: a backend that we did not write, described by data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from billing_canary.config import Table
from billing_canary.guard.target_call import MoneyPlace, Unit
from billing_canary.target.extract import AmountForm, Expression, Extraction
from billing_canary.target.money_places import hidden_amount, money_places
from billing_canary.target.operations import CONTRACTS, Operation, OperationContract, Outcome
from billing_canary.target.settings import BackendMapping, OperationMapping, PaidEvent
from billing_canary.target.template import placeholders

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_MAPPED_OUTCOMES = tuple(o.value for o in Outcome if o is not Outcome.UNANSWERED)
_EVERYWHERE = frozenset({"run_id", "currency", "currency.lower"})
_PAID_EVENT = _EVERYWHERE | {
    "event",
    "created",
    "livemode",
    "payment",
    "account",
    "amount.minor",
    "amount.decimal",
}


def read_backend(table: Table, secrets: frozenset[str]) -> BackendMapping:
    """The mapping in `table`, whose templates may use the names in `secrets`. Problems are noted."""
    operations = table.table("operations", required=True)
    credit_minor = _credit_minor(table)
    mapped: dict[Operation, OperationMapping] = {}
    account_values = _account_values(operations)
    for key, sub in operations.tables():
        operation = _operation(operations, key)
        if operation is not None:
            known = _EVERYWHERE | CONTRACTS[operation].variables
            known |= {f"secrets.{name}" for name in secrets}
            if "account" in known:
                known |= account_values
            mapped[operation] = _OperationReader(sub, CONTRACTS[operation], known, credit_minor).read()
    backend = BackendMapping(
        operations=mapped, paid_event=_paid_event(table, account_values), credit_minor=credit_minor
    )
    table.finish()
    return backend


def _credit_minor(table: Table) -> int:
    value = table.get("credit_minor", int, 1)
    if value < 1:
        table.problem(
            "credit_minor", f"is {value}", "write how many minor units one credit is worth, at least 1"
        )
    return max(value, 1)


def _account_values(operations: Table) -> frozenset[str]:
    """What `open_account` extracts stays with the account, as `{account.NAME}`."""
    extract = operations.data.get("open_account", {})
    names = extract.get("extract", {}) if isinstance(extract, dict) else {}
    return frozenset(f"account.{name}" for name in names) if isinstance(names, dict) else frozenset()


def _operation(operations: Table, name: str) -> Operation | None:
    try:
        operation = Operation(name)
    except ValueError:
        operation = None
    if operation not in CONTRACTS:
        operations.problem(name, "is no operation", f"use one of {', '.join(sorted(CONTRACTS))}")
        return None
    return operation


def _check_placeholders(table: Table, key: str, template: Any, known: Iterable[str]) -> None:
    names = sorted(known)
    for name in placeholders(template):
        if name not in names:
            table.problem(key, f"uses {{{name}}}, which has no value here", f"use one of {', '.join(names)}")


def _paid_event(backend: Table, account_values: frozenset[str]) -> PaidEvent | None:
    if "paid_event" not in backend.data:
        return None
    table = backend.table("paid_event")
    body = table.get("body", dict)
    _check_placeholders(table, "body", body, _PAID_EVENT | account_values)
    event = PaidEvent(type=table.get("type", str), body=body)
    table.finish()
    return event


class _OperationReader:
    """Reads one operation's table against its contract."""

    def __init__(
        self, table: Table, contract: OperationContract, known: frozenset[str], credit_minor: int
    ) -> None:
        self._table = table
        self._credit_minor = credit_minor
        self._contract = contract
        self._known = known

    def read(self) -> OperationMapping:
        table = self._table
        mapping = OperationMapping(
            method=table.one_of("method", _METHODS),
            path=self._path(),
            headers=self._headers(),
            json=self._template("json"),
            form=self._template("form"),
            outcomes=self._outcomes(),
            extract=self._extract(),
        )
        if mapping.json is not None and mapping.form is not None:
            table.problem("form", "stands beside json", "keep one of the two bodies")
        if {"amount.minor", "raw_amount"} & self._contract.variables:
            self._check_amount_places(mapping)
        table.finish()
        return mapping

    def _check_amount_places(self, mapping: OperationMapping) -> None:
        """The guard holds the amount in the body against the caps, so it must be found there, whole."""
        body = mapping.json if mapping.json is not None else mapping.form
        fix = 'write it into the body as a value of its own, for example amount = "{amount.minor}"'
        for key, template in (("path", mapping.path), ("headers", mapping.headers), ("body", body)):
            if hidden := hidden_amount(template):
                self._table.problem(key, f"has {{{hidden}}} within other text", fix)
            elif key != "body" and _amounts(template):
                self._table.problem(key, "holds an amount, which is looked for in the body only", fix)
        if not _amounts(body):
            self._table.problem("body", "has no amount, so what the call moves could not be checked", fix)

    def _path(self) -> str:
        path = self._table.get("path", str)
        if path and not path.startswith("/"):
            self._table.problem("path", f"is {path!r}", "start it with /; the host stands in base_url")
        _check_placeholders(self._table, "path", path, self._known)
        return path

    def _headers(self) -> dict[str, str]:
        headers = self._table.table("headers")
        for name in headers.data:
            _check_placeholders(headers, name, headers.get(name, str), self._known)
        return {name: str(value) for name, value in headers.data.items()}

    def _template(self, key: str) -> Any:
        if key not in self._table.data:
            return None
        template = self._table.get(key, dict)
        _check_placeholders(self._table, key, template, self._known)
        return template

    def _outcomes(self) -> dict[int, Outcome]:
        table = self._table.table("outcomes")
        found: dict[int, Outcome] = {}
        for name in table.data:
            statuses = table.get(name, list)
            if name not in _MAPPED_OUTCOMES or not all(type(status) is int for status in statuses):
                fix = f"write a list of HTTP statuses under one of {', '.join(_MAPPED_OUTCOMES)}"
                table.problem(name, f"is {statuses!r}", fix)
                continue
            found |= {status: Outcome(name) for status in statuses}
        return found

    def _extract(self) -> dict[str, Extraction]:
        table = self._table.table("extract")
        found = {name: self._extraction(table, name) for name in table.data}
        for name in sorted(self._contract.outputs - found.keys()):
            self._table.problem(f"extract.{name}", "is missing", f'add {name} = "a JMESPath expression"')
        self._refuse_unknown(found)
        return {name: extraction for name, extraction in found.items() if extraction is not None}

    def _refuse_unknown(self, names: Iterable[str]) -> None:
        """What `open_account` extracts is the target's own choice; elsewhere another name is a typo."""
        known = self._contract.outputs | self._contract.optional
        for name in names:
            if name not in known and self._contract is not CONTRACTS[Operation.OPEN_ACCOUNT]:
                self._table.problem(
                    f"extract.{name}", "is not known here", f"use {', '.join(sorted(known)) or 'none'}"
                )

    def _extraction(self, table: Table, name: str) -> Extraction | None:
        is_amount = name in self._contract.money
        if not is_amount and isinstance(table.data[name], str):
            return _plain(table, name, table.get(name, str))
        sub = table.table(name)
        source = sub.get("path", str)
        expression = _compile(sub, "path", source)
        currency = _optional_expression(sub, "currency")
        form = sub.one_of("amount", [f.value for f in AmountForm]) if is_amount else None
        sub.finish()
        if expression is None or (form is not None and form not in list(AmountForm)):
            return None
        return Extraction(
            expression=expression,
            source=source,
            form=AmountForm(form) if form is not None else None,
            currency=currency,
            credit_minor=self._credit_minor,
        )


def _amounts(template: Any) -> list[MoneyPlace]:
    return [place for place in money_places(template) if place.unit is not Unit.CURRENCY]


def _plain(table: Table, name: str, source: str) -> Extraction | None:
    expression = _compile(table, name, source)
    return Extraction(expression=expression, source=source) if expression is not None else None


def _optional_expression(table: Table, key: str) -> Expression | None:
    return _compile(table, key, table.get(key, str)) if key in table.data else None


def _compile(table: Table, key: str, source: str) -> Expression | None:
    try:
        expression: Expression = jmespath.compile(source)
    except JMESPathError as error:
        table.problem(
            key, f"is no JMESPath expression: {error}", "see https://jmespath.org/specification.html"
        )
        return None
    return expression
