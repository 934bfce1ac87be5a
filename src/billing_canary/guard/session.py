"""The one HTTP session of a run: `requests`, with the guard before every hop and after every answer."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from billing_canary.errors import RefusedError
from billing_canary.guard.addresses import HOSTS_RULE
from billing_canary.guard.guard import Guard
from billing_canary.guard.spend_ledger import Row
from billing_canary.guard.target_call import TargetCall

_POOL = 64
"""Connections kept for each host: probes run side by side and send parallel copies."""

_CHUNK = 65_536
_LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes; no billing answer is near it, and an endless one must not fill the memory."""


class AnswerTooLargeError(requests.RequestException):
    """An answer went on after the largest size that is read."""


class DeclaredRequest(requests.PreparedRequest):
    """A request to the backend, with what its adapter declared about it.

    A redirect's copy is a plain `PreparedRequest`: what was declared holds for the first hop alone.
    """

    call: TargetCall | None = None


class _GuardedAdapter(HTTPAdapter):
    """Sees each hop, a redirect's too, right before it leaves, and its answer before anybody else."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        super().__init__(pool_connections=8, pool_maxsize=_POOL, max_retries=0)

    def send(  # type: ignore[override]  # the session hands everything but the request over by name
        self, request: requests.PreparedRequest, **kwargs: Any
    ) -> requests.Response:
        """Send `request` if the guard lets it pass, and read its answer.

        Raises:
            RefusedError: a rule forbids the request or the answer.
            AnswerTooLargeError: the answer does not end.
        """
        url = request.url or ""
        call = request.call if isinstance(request, DeclaredRequest) else None
        self._refuse_detour(url, kwargs)
        headers = dict(
            request.headers.lower_items()
        )  # once: the library's own mapping is slow to walk through
        row = self._guard.before_request(request.method or "", url, headers, request.body, call)
        try:
            response = super().send(request, **kwargs)
            _read(response)
        except requests.RequestException as error:
            self._lost(row, error)
            raise
        self._guard.after_answer(url, row, response.status_code, response.content)
        return response

    def _refuse_detour(self, url: str, options: Mapping[str, Any]) -> None:
        if options.get("proxies"):
            raise self._guard.refuse(RefusedError(HOSTS_RULE, "a proxy would be contacted in between"))
        if not options.get("verify", True) and url.lower().startswith("https"):
            raise self._guard.refuse(
                RefusedError(HOSTS_RULE, "the server's certificate would not be checked")
            )

    def _lost(self, row: Row | None, error: Exception) -> None:
        if row is not None:
            self._guard.ledger.answered(row, f"unanswered ({type(error).__name__})")


def _read(response: requests.Response) -> None:
    """Read the body now, up to the limit; afterwards `response.content` is at hand."""
    size, chunks = 0, []
    for chunk in response.iter_content(_CHUNK):
        size += len(chunk)
        if size > _LARGEST_ANSWER:
            response.close()
            raise AnswerTooLargeError(f"the answer is larger than {_LARGEST_ANSWER} bytes")
        chunks.append(chunk)
    response._content = b"".join(chunks)  # noqa: SLF001 - where requests keeps a body that was read


class GuardedSession(requests.Session):
    """A `requests.Session` that obeys no proxy variable and no .netrc, and keeps no cookie.

    Raises:
        RefusedError: from any request that the guard forbids.
    """

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self.guard = guard
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _GuardedAdapter(guard)
        self.adapters.clear()
        self.mount("", adapter)  # any scheme at all, so that no other adapter is ever asked

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where `resp` redirects to, if that is within its own origin."""
        target = super().get_redirect_target(resp)
        if target is not None:
            try:
                self.guard.refuse_redirect(resp.url, target)
            except RefusedError:
                resp.close()
                raise
        return target
