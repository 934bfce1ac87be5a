"""The one HTTP session of a run: `requests`, with the guard before every hop and after every answer."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard

_POOL = 64
"""Connections kept for each host: probes run side by side and send parallel copies."""


class _GuardedAdapter(HTTPAdapter):
    """Sees each hop, a redirect's too, right before it leaves."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        super().__init__(pool_connections=8, pool_maxsize=_POOL, max_retries=0)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send `request` if the guard lets it pass.

        Raises:
            RefusedError: a rule forbids it.
        """
        headers = dict(request.headers or {})
        self._guard.before_request(request.method or "GET", request.url or "", headers, request.body)
        return super().send(request, *args, **kwargs)


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
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send `request` and judge the answer."""
        response = super().send(request, **kwargs)
        # A redirect is answered by the first answer of its history; each later hop came through here itself.
        for answer in (*response.history[:1], response):
            self.guard.after_answer(answer.content)
        return response

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
