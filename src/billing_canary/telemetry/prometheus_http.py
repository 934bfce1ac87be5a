"""Asking Prometheus' HTTP API, with a deadline for everything that one question sends."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.exceptions import HTTPError

from billing_canary.errors import EvidenceError
from billing_canary.strict_json import parse
from billing_canary.telemetry.cut_adapter import CutAdapter
from billing_canary.telemetry.kind import TOLERATED_SKEW_S, Asking, UnanswerableError
from billing_canary.telemetry.prometheus_address import Address, address
from billing_canary.telemetry.settings import PrometheusSource

_LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes. A useful answer has a few hundred; one that does not end must not fill the memory."""

_CHUNK = 65_536
_LONGEST_SHOWN = 500


class _Bearer(AuthBase):
    """Says the token. Given as `auth`, so that nothing else, such as .netrc, is ever asked for one."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """`request` with the token in its header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Api:
    """One conversation with a server; everything in it must be over within the source's timeout.

    Every problem is an `UnanswerableError` from `query`; secrets are in no message.
    """

    def __init__(self, source: PrometheusSource, asking: Asking) -> None:
        token = asking.variable(source.token_env) if source.token_env else ""
        self._check_header(source.token_env, token)
        self._source, self._now = source, asking.now
        self._address = address(
            source.url_env, asking.variable(source.url_env), with_token=bool(source.token_env)
        )
        self._auth = _auth(self._address, token)
        self._deadline = time.monotonic() + source.timeout_s
        self._adapter = CutAdapter()
        self._timer = threading.Timer(source.timeout_s, self._adapter.cut)
        self._timer.daemon = True
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = _authorities(asking.environment)
        self._session.adapters.clear()
        self._session.mount("", self._adapter)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._session.close()
        self._adapter.forget()

    def query(self, query: str, at: float) -> Mapping[str, Any]:
        """The `data` of an instant query, evaluated `at` that time.

        Raises:
            UnanswerableError: refused, too slow, too large, no answer of Prometheus, or its error.
        """
        status, headers, body = self._post(query, at)
        if time.monotonic() >= self._deadline:
            raise self._too_slow()  # what was cut off can look like an answer without a length
        self._check_date(headers.get("Date", ""))
        return _data(status, headers, body, self._source.url_env)

    def _post(self, query: str, at: float) -> tuple[int, Mapping[str, str], bytes]:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._too_slow()
        form = {"query": query, "time": f"{at:.3f}", "timeout": f"{math.ceil(left)}s"}
        try:
            answer = self._session.post(
                f"{self._address.url}/api/v1/query",
                data=form,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                auth=self._auth,
                timeout=left,
                stream=True,
                allow_redirects=False,
            )
            with answer:
                return answer.status_code, answer.headers, _body(answer)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            if time.monotonic() >= self._deadline or isinstance(error, requests.Timeout):
                raise self._too_slow() from error
            raise UnanswerableError(self._why(error)) from error

    def _too_slow(self) -> UnanswerableError:
        fix = "make the query cheaper (a recording rule), or raise timeout_s"
        return UnanswerableError(f"no answer within {self._source.timeout_s} s; {fix}")

    def _why(self, error: Exception) -> str:
        where = f"the server that {self._source.url_env} names"
        if isinstance(error, requests.exceptions.SSLError):
            return f"TLS with {where} fails: no https there, or no trusted certificate; see SSL_CERT_FILE"
        if isinstance(error, requests.ConnectionError) and "NameResolutionError" in repr(error):
            return f"the host that {self._source.url_env} names is not known; check the name"
        if isinstance(error, requests.ConnectionError) and "refused" in str(error).lower():
            return f"{where} refuses the connection; start it, or correct the address"
        return f"the connection to {where} broke ({type(error).__name__}); check that it is Prometheus"

    @staticmethod
    def _check_header(variable: str, token: str) -> None:
        if not token.isascii() or not token.isprintable() or " " in token:
            raise UnanswerableError(
                f"{variable} holds something that is no bearer token; set the token alone"
            )

    def _check_date(self, header: str) -> None:
        try:
            there = parsedate_to_datetime(header).timestamp()
        except (ValueError, TypeError, OverflowError):
            return  # it tells no time, so there is nothing to compare
        # The server may be ahead of the question's own instant, since other sources were asked meanwhile.
        ahead, behind = there - time.time(), max(self._now, time.time()) - there
        if max(ahead, behind) > TOLERATED_SKEW_S:
            off = f"{ahead:.0f} s ahead" if ahead > behind else f"{behind:.0f} s behind"
            message = f"clock skew: the server's clock is {off}, so what counts as closed or recent differs"
            raise UnanswerableError(f"{message}; synchronise both clocks (NTP)")


def _authorities(environment: Mapping[str, str]) -> str | bool:
    """The file of certificate authorities that the machine names; without one, those of certifi."""
    return environment.get("REQUESTS_CA_BUNDLE") or environment.get("SSL_CERT_FILE") or True


def _auth(to: Address, token: str) -> AuthBase | None:
    if token:
        return _Bearer(token)
    if to.user or to.password:
        return HTTPBasicAuth(to.user.encode(), to.password.encode())
    return None


def _body(answer: requests.Response) -> bytes:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnanswerableError(
            "answered compressed although that was not asked for; check the proxy before it"
        )
    found = bytearray()
    while piece := answer.raw.read(_CHUNK, decode_content=False):
        found += piece
        if len(found) > _LARGEST_ANSWER:
            fix = "aggregate it: sum(...), topk(...)"
            raise UnanswerableError(f"the answer is larger than {_LARGEST_ANSWER >> 20} MiB; {fix}")
    return bytes(found)


def _data(status: int, headers: Mapping[str, str], body: bytes, variable: str) -> Mapping[str, Any]:
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP's redirects
        place = _origin(headers.get("Location", ""))
        message = f"HTTP {status}: redirects to {place}, which is not followed"
        raise UnanswerableError(f"{message}; set {variable} to the address where Prometheus is")
    if status in {401, 403}:
        raise UnanswerableError(f"HTTP {status}: not let in; check the token or password that is sent")
    document = _document(status, body, variable)
    if document.get("status") == "error":
        said = f"{document.get('errorType')}: {document.get('error')}"[:_LONGEST_SHOWN]
        raise UnanswerableError(f"HTTP {status}: {said}; correct the query")
    data = document.get("data")
    if status != 200 or document.get("status") != "success" or not isinstance(data, dict):  # noqa: PLR2004 - HTTP
        raise UnanswerableError(f"HTTP {status}: no answer of Prometheus' API; check {variable}")
    if document.get("warnings"):
        said = str(document["warnings"])[:_LONGEST_SHOWN]
        raise UnanswerableError(f"answered with a warning, so data may be missing: {said}; mend the server")
    return data


def _document(status: int, body: bytes, variable: str) -> Mapping[str, Any]:
    try:
        document = parse(body, f"HTTP {status}: the answer")
    except EvidenceError as error:
        raise UnanswerableError(
            f"{str(error)[:_LONGEST_SHOWN]}; check that {variable} is Prometheus"
        ) from error
    if not isinstance(document, dict):
        raise UnanswerableError(f"HTTP {status}: no answer of Prometheus' API; check {variable}")
    return document


def _origin(location: str) -> str:
    """Scheme and host of a redirect; the rest could hold a secret."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return "an address that cannot be read"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if host else "another path"
