"""What was judged of a call of the SDK, kept for the one request that carries it out a moment later."""

from __future__ import annotations

from dataclasses import dataclass
from threading import local

from billing_canary.guard.sent_headers import Headers
from billing_canary.guard.spend_ledger import Spending

_OF_THE_LIBRARY = frozenset({"accept", "accept-encoding", "connection", "content-length", "user-agent"})
"""Headers that `requests` adds to a call; none of them has a say in what the call does."""


@dataclass(frozen=True, kw_only=True)
class JudgedCall:
    """A call that was allowed: its headers by lower-case name, and what it moves."""

    method: str
    url: str
    headers: Headers
    body: object
    spending: Spending | None


class LastCall(local):
    """The last allowed call of each thread, until a request takes it: it may not stand for a second one."""

    call: JudgedCall | None = None

    def note(self, method: str, url: str, headers: Headers, body: object, spending: Spending | None) -> None:
        """Keep a call that was allowed."""
        lower = {name.lower(): value for name, value in headers.items()}
        # Of a header that stands twice only one is sent, perhaps not the one that counted.
        once = len(lower) == len(headers)
        call = JudgedCall(method=method, url=url, headers=lower, body=body, spending=spending)
        self.call = call if once else None

    def take(
        self, method: str, url: str, headers: Headers, body: object
    ) -> tuple[Headers, Spending | None] | None:
        """The headers of a request that its call did not have, and what the call moves.

        None when the request is not exactly the call that was allowed, but for headers of the library's.
        """
        call, self.call = self.call, None
        if call is None or (method, url, body) != (call.method, call.url, call.body):
            return None
        added = dict(headers.items() - call.headers.items())
        # As many as there were: none is gone, and none has another value.
        whole = len(headers) == len(call.headers) + len(added)
        return (added, call.spending) if whole and added.keys() <= _OF_THE_LIBRARY else None
