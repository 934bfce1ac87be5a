"""The declarative HTTP adapter: one operation of a backend's table, sent and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests
from urllib3.exceptions import ReadTimeoutError

from billing_canary import __version__
from billing_canary.guard.session import DeclaredRequest, GuardedSession
from billing_canary.guard.target_call import CallKind, TargetCall
from billing_canary.target.operations import CONTRACTS, Answer, Operation, Outcome, UnexpectedAnswerError
from billing_canary.target.settings import OperationMapping, TargetSettings
from billing_canary.target.template import render, render_text

_USER_AGENT = f"billing-canary/{__version__}"
_EXCERPT = 300
_LOST_ANSWER_S = 0.001
_PAYMENT_REQUIRED, _UNAVAILABLE = 402, 503
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, kw_only=True)
class Question:
    """One operation that is about to be asked.

    Attributes:
        variables: values of its templates, beside those that every operation has.
        currency: the account's currency; None means the target's own.
        call: what it does with money; None when it moves none.
        raw_body: sent as it is, instead of the mapping's body.
        without_empty: leave headers out whose value is empty.
        lose_answer: hang up before the answer is read.
        whole_text: keep the whole text of the answer, not only its start.
    """

    operation: Operation
    variables: Mapping[str, Any]
    currency: str | None = None
    call: TargetCall | None = None
    raw_body: bytes | None = None
    without_empty: bool = False
    lose_answer: bool = False
    whole_text: bool = False


class HttpAdapter:
    """Sends operations as the target's table maps them, over the guarded session.

    Args:
        session: the run's own.
        settings: the resolved target.
        everywhere: template variables that every operation has.
    """

    def __init__(
        self, session: GuardedSession, settings: TargetSettings, everywhere: Mapping[str, Any]
    ) -> None:
        self._session = session
        self._settings = settings
        self._everywhere = everywhere

    def mapping(self, operation: Operation) -> OperationMapping:
        """How the target's table maps `operation`."""
        return self._settings.backend.operations[operation]

    def ask(self, question: Question) -> Answer:
        """Send `question` and read its answer.

        Raises:
            UnexpectedAnswerError: no HTTP answer, or a good one without what the mapping extracts.
            RefusedError: the guard stopped it.
        """
        operation, patience = question.operation, self._settings.patience
        answer_s = _LOST_ANSWER_S if question.lose_answer else patience.answer
        try:
            request = self._request(question)
            response = self._session.send(request, timeout=(patience.answer, answer_s))
        except (requests.RequestException, UnicodeError) as error:
            if _timed_out_reading(error):
                return Answer(operation=operation, outcome=Outcome.UNANSWERED, status=0)
            raise UnexpectedAnswerError(operation, f"no HTTP answer ({type(error).__name__})") from error
        if question.lose_answer:
            return Answer(operation=operation, outcome=Outcome.UNANSWERED, status=0)
        return self._read(question, response)

    def _request(self, question: Question) -> DeclaredRequest:
        mapping = self.mapping(question.operation)
        known = {**self._everywhere, **question.variables}
        headers = {name: render_text(value, known) for name, value in mapping.headers.items()}
        headers.setdefault("User-Agent", _USER_AGENT)
        if question.without_empty:
            headers = {name: value for name, value in headers.items() if value}
        body = question.raw_body if question.raw_body is not None else _body(mapping, known, headers)
        url = self._settings.base_url + render_text(mapping.path, known, quote=_quote)
        # Prepared without the session's headers, cookies and parameters: it has none of its own, and
        # merging them costs a third of a request.
        request = DeclaredRequest()
        request.prepare(method=mapping.method, url=url, headers=headers, data=body)
        request.call = question.call or _without_money(question.operation, mapping)
        return request

    def _read(self, question: Question, response: requests.Response) -> Answer:
        mapping = self.mapping(question.operation)
        outcome = mapping.outcomes.get(response.status_code, _usual_outcome(response.status_code))
        text = response.text if question.whole_text else response.text[:_EXCERPT]
        currency = question.currency or self._settings.currency
        values = _values(question.operation, mapping, response, currency, demand=outcome is Outcome.OK)
        return Answer(
            operation=question.operation,
            outcome=outcome,
            status=response.status_code,
            values=values,
            text=text,
        )


def _without_money(operation: Operation, mapping: OperationMapping) -> TargetCall:
    kind = CallKind.READS if mapping.method in _READS else CallKind.WRITES
    return TargetCall(operation=operation.value, kind=kind)


def _values(
    operation: Operation,
    mapping: OperationMapping,
    response: requests.Response,
    currency: str,
    *,
    demand: bool,
) -> dict[str, Any]:
    if not mapping.extract:
        return {}
    try:
        body = response.json()
        found = {name: each.take(body, currency) for name, each in mapping.extract.items()}
    except (ValueError, RecursionError) as error:
        if demand:
            raise UnexpectedAnswerError(operation, f"HTTP {response.status_code}, but {error}") from error
        return {}
    # What a new account brings along is used by later templates, so all of it must be there.
    required = mapping.extract if operation is Operation.OPEN_ACCOUNT else CONTRACTS[operation].outputs
    missing = [name for name in sorted(required) if found.get(name) is None]
    if demand and missing:
        sources = ", ".join(f"{name} ({mapping.extract[name].source})" for name in missing)
        raise UnexpectedAnswerError(operation, f"HTTP {response.status_code} without {sources}")
    return {name: value for name, value in found.items() if value is not None}


def _timed_out_reading(error: Exception) -> bool:
    """Whether the request left and its answer, head or body, did not come in time."""
    within = error.args[0] if error.args else None
    return isinstance(error, requests.ReadTimeout) or isinstance(within, ReadTimeoutError)


def _usual_outcome(status: int) -> Outcome:
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes
        return Outcome.OK
    if status == _PAYMENT_REQUIRED:
        return Outcome.BLOCKED
    if status == _UNAVAILABLE:
        return Outcome.UNAVAILABLE
    return Outcome.REJECTED if 400 <= status < 500 else Outcome.FAILED  # noqa: PLR2004 - HTTP's own classes


def _body(mapping: OperationMapping, known: Mapping[str, Any], headers: dict[str, str]) -> Any:
    if mapping.json is not None:
        headers.setdefault("Content-Type", "application/json")
        return json.dumps(render(mapping.json, known)).encode()
    return render(mapping.form, known) if mapping.form is not None else None


def _quote(text: str) -> str:
    return quote(text, safe="")
