"""HTTP in both directions of the reference services: calls, answers, errors and routes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import bottle

LOG = logging.getLogger("billing_canary.reference")

BODY_LIMIT = 1024 * 1024
"""Bytes of a request body."""

_LONGEST_INTEGER = 18
"""Digits; a longer number cannot be stored as an amount and is read as infinite."""

SERVER_FAULT = 500


class ApiError(Exception):
    """An answer that says no.

    Attributes:
        status: HTTP status.
        code: what went wrong, for machines.
        details: further fields of the answer.
    """

    def __init__(self, status: int, code: str, message: str, **details: object) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        super().__init__(f"{status} {code}: {message}")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One HTTP request as a handler sees it; `arguments` come from the route's placeholders."""

    environ: Mapping[str, Any]
    arguments: Mapping[str, str]
    body: bytes

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """The path without the query."""
        return str(self.environ["PATH_INFO"])

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query parameters in order."""
        return parse_qsl(self.environ.get("QUERY_STRING", ""), keep_blank_values=True)

    def header(self, name: str) -> str:
        """The value of header `name`; "" when it is absent."""
        return str(self.environ.get(f"HTTP_{name.upper().replace('-', '_')}", ""))

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object.

        Raises:
            ApiError: 400 when it is anything else.
        """
        if not self.body:
            return {}
        try:
            value = json.loads(self.body, parse_int=_parse_integer)
        except (ValueError, RecursionError):
            raise ApiError(400, "invalid_json", "the body is no JSON") from None
        if not isinstance(value, dict):
            raise ApiError(400, "invalid_json", "the body must be a JSON object")
        return value


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP answer; a `body` that is not text is sent as JSON."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]
ErrorShape = Callable[[ApiError], Answer]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One endpoint; `path` holds placeholders as bottle writes them."""

    method: str
    path: str
    handler: Handler


def plain_error(error: ApiError) -> Answer:
    """The backend's error shape."""
    return Answer(status=error.status, body={"code": error.code, "message": error.message, **error.details})


def build_app(routes: Iterable[Route], shape: ErrorShape) -> Any:
    """A WSGI application that serves `routes` and shapes every error with `shape`."""
    app = bottle.Bottle()
    for route in routes:
        app.route(route.path, route.method, _callback(route.handler, shape))

    def unrouted(error: Any) -> bytes:
        status = int(error.status_code)
        return _respond(
            shape(
                ApiError(status, "not_found" if status < SERVER_FAULT else "internal_error", str(error.body))
            )
        )

    app.default_error_handler = unrouted
    return app


def _callback(handler: Handler, shape: ErrorShape) -> Callable[..., bytes]:
    def serve(**arguments: str) -> bytes:
        environ = bottle.request.environ
        try:
            answer = handler(Call(environ=environ, arguments=arguments, body=_read_body(environ)))
        except ApiError as error:
            answer = shape(error)
        except Exception:
            LOG.exception("internal error")
            answer = shape(ApiError(500, "internal_error", "the service failed; see its log"))
        return _respond(answer)

    return serve


def _read_body(environ: Mapping[str, Any]) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > BODY_LIMIT:
        raise ApiError(413, "body_too_large", f"a body has at most {BODY_LIMIT} bytes")
    return bytes(environ["wsgi.input"].read(length)) if length else b""


def _respond(answer: Answer) -> bytes:
    response = bottle.response
    response.status = answer.status
    if isinstance(answer.body, str):
        response.content_type = "text/plain; version=0.0.4; charset=utf-8"
        payload = answer.body.encode()
    else:
        response.content_type = "application/json"
        payload = json.dumps(answer.body).encode()
    for name, value in answer.headers.items():
        response.set_header(name, value)
    return payload


def _parse_integer(text: str) -> int | float:
    return int(text) if len(text) <= _LONGEST_INTEGER else float(text)
