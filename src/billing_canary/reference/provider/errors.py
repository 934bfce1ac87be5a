"""Errors in the provider's own shape.

Source: https://docs.stripe.com/api/errors.
"""

from __future__ import annotations

from typing import Any

from billing_canary.reference.web import SERVER_FAULT, Answer, ApiError

_TYPES = {401: "invalid_request_error", 402: "card_error"}


def stripe_error(error: ApiError) -> Answer:
    """`error` as {"error": {"type", "code", "message", ...}}."""
    default = "api_error" if error.status >= SERVER_FAULT else "invalid_request_error"
    body: dict[str, Any] = {
        "type": _TYPES.get(error.status, default),
        "code": error.code,
        "message": error.message,
        **error.details,
    }
    return Answer(status=error.status, body={"error": body})


def invalid(param: str, message: str, code: str = "parameter_invalid") -> ApiError:
    """A 400 about one parameter."""
    return ApiError(400, code, message, param=param)


def missing(kind: str, object_id: str) -> ApiError:
    """A 404 about an object that does not exist."""
    return ApiError(404, "resource_missing", f"No such {kind}: '{object_id}'", param="id")
