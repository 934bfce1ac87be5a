"""The `stripe` SDK's HTTP client with the guard in it; a refusal of the session comes out as one, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import stripe

from billing_canary.errors import RefusedError
from billing_canary.guard.session import GuardedSession


class GuardedStripeClient(stripe.RequestsClient):
    """Asks the guard about each call of the SDK; the session asks it again about each hop and answer.

    Raises:
        RefusedError: unchanged, where the SDK would make its own `APIConnectionError` of it.
    """

    def __init__(self, session: GuardedSession, answer_s: float) -> None:
        super().__init__(session=session, timeout=answer_s)
        self._guard = session.guard

    def request(  # type: ignore[override]  # as the SDK's own class, which has no _usage
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one call of the SDK, if the guard lets it pass."""
        self._guard.check_call(method.upper(), url, headers or {}, post_data)
        try:
            return super().request(method, url, headers, post_data)
        except stripe.APIConnectionError as error:
            raise _refusal(error) or error from None

    def request_stream(  # type: ignore[override]  # the same
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Send one streaming call of the SDK, if the guard lets it pass."""
        self._guard.check_call(method.upper(), url, headers or {}, post_data)
        try:
            return super().request_stream(method, url, headers, post_data)
        except stripe.APIConnectionError as error:
            raise _refusal(error) or error from None


def _refusal(error: Exception) -> RefusedError | None:
    return error.__cause__ if isinstance(error.__cause__, RefusedError) else None
