"""Reading a form body as the provider will read it; what two readers could take differently is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from billing_canary.errors import RefusedError

ENDPOINTS_RULE = "endpoints"
_MOST_FIELDS = 200
_FORM = re.compile(
    r"application/x-www-form-urlencoded(?:\s*;\s*charset=\"?utf-?8\"?)?", re.ASCII | re.IGNORECASE
)


def form_fields(where: str, headers: Mapping[str, str | bytes], body: object) -> dict[str, str]:
    """The fields of a form-encoded `body`, each there once.

    Raises:
        RefusedError: another content type or encoding, no UTF-8, a field twice, or too many fields.
    """
    _check_content_type(where, headers)
    try:
        text = body.decode() if isinstance(body, bytes) else str(body or "")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise RefusedError(ENDPOINTS_RULE, f"{where}: the body is no readable form") from None
    if ";" in text:
        raise RefusedError(ENDPOINTS_RULE, f"{where}: the body is no readable form: some part fields at ;")
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise RefusedError(ENDPOINTS_RULE, f"{where}: the field {name} stands twice")
        fields[name] = value
    return fields


def _check_content_type(where: str, headers: Mapping[str, str | bytes]) -> None:
    for name, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if name.lower() == "content-encoding":
            raise RefusedError(ENDPOINTS_RULE, f"{where}: the body is encoded, so its amounts cannot be read")
        if name.lower() == "content-type" and not _FORM.fullmatch(text):
            raise RefusedError(ENDPOINTS_RULE, f"{where}: the body is {text!r}, not a form")
