"""What the people who run the service use: inbox, clock, kill switch, health, version, metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from billing_canary.reference.backend.accounts import Access
from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.disruptions import KINDS
from billing_canary.reference.backend.inbox import Inbox
from billing_canary.reference.backend.metrics import gauge
from billing_canary.reference.backend.usage import Enforcement
from billing_canary.reference.store import SCHEMA_VERSION
from billing_canary.reference.web import Answer, ApiError, Call, Route

_LONGEST_ADVANCE_S = 10 * 366 * 86_400
_MOST_DISRUPTIONS = 1_000

Checks = Mapping[str, Callable[[], bool]]
"""Health checks by name; each says whether its part works."""


class Operations:
    """The endpoints below /ops, and /healthz, /version, /metrics."""

    def __init__(
        self, core: Core, inbox: Inbox, enforcement: Enforcement, build_id: str, checks: Checks
    ) -> None:
        self._clock, self._disruptions, self._metrics = core.clock, core.disruptions, core.metrics
        self._inbox, self._enforcement = inbox, enforcement
        self._build_id, self._checks = build_id, checks

    def routes(self, access: Access) -> list[Route]:
        """These endpoints."""
        guarded = [
            Route(method="GET", path="/ops/inbox", handler=self.inbox),
            Route(method="GET", path="/ops/inbox/<event>", handler=self.inbox_event),
            Route(method="POST", path="/ops/inbox/<event>/retry", handler=self.retry_event),
            Route(method="GET", path="/ops/clock", handler=self.clock),
            Route(method="POST", path="/ops/clock", handler=self.advance_clock),
            Route(method="GET", path="/ops/enforcement", handler=self.enforcement),
            Route(method="POST", path="/ops/enforcement", handler=self.set_enforcement),
            Route(method="POST", path="/ops/disruptions", handler=self.order_disruption),
        ]
        return [
            *(Route(method=r.method, path=r.path, handler=access.admin(r.handler)) for r in guarded),
            Route(method="GET", path="/healthz", handler=self.health),
            Route(method="GET", path="/version", handler=self.version),
            Route(method="GET", path="/metrics", handler=self.metrics),
        ]

    def inbox(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        """The inbox in numbers."""
        return Answer(body=self._inbox.summary())

    def inbox_event(self, call: Call) -> Answer:
        """One event of the inbox."""
        return Answer(body=self._inbox.show(call.arguments["event"]))

    def retry_event(self, call: Call) -> Answer:
        """Give a dead letter another round of attempts."""
        event = call.arguments["event"]
        self._inbox.revive(event)
        return Answer(body=self._inbox.show(event))

    def clock(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        """Service time, in seconds since the epoch."""
        return Answer(body={"now": self._clock.now()})

    def advance_clock(self, call: Call) -> Answer:
        """Move service time forward."""
        seconds: Any = call.json_object().get("advance_s")
        if type(seconds) not in {int, float} or not 0 < seconds <= _LONGEST_ADVANCE_S:
            raise ApiError(
                422, "invalid_advance", f"advance_s must be a number above 0, to {_LONGEST_ADVANCE_S}"
            )
        return Answer(body={"now": self._clock.advance(float(seconds))})

    def enforcement(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        """Whether usage is gated."""
        return Answer(body={"enabled": self._enforcement.enabled})

    def set_enforcement(self, call: Call) -> Answer:
        """The kill switch: off stops every block; payments, credits and webhooks go on."""
        enabled = call.json_object().get("enabled")
        if type(enabled) is not bool:
            raise ApiError(422, "invalid_enabled", "enabled must be true or false")
        self._enforcement.enabled = enabled
        return Answer(body={"enabled": enabled})

    def order_disruption(self, call: Call) -> Answer:
        """A test hook: let the next operations of one kind fail for one account."""
        fields = call.json_object()
        account, kind, times = fields.get("account"), fields.get("kind"), fields.get("times", 1)
        if kind not in KINDS or not isinstance(account, str):
            raise ApiError(422, "invalid_disruption", f"send account, and kind as one of {', '.join(KINDS)}")
        if type(times) is not int or not 1 <= times <= _MOST_DISRUPTIONS:
            raise ApiError(
                422, "invalid_disruption", f"times must be an integer from 1 to {_MOST_DISRUPTIONS}"
            )
        self._disruptions.order(account, kind, times)
        return Answer(status=201, body={"account": account, "kind": kind, "times": times})

    def health(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        """Each part's own word; 503 when one says no."""
        checks = {name: check() for name, check in self._checks.items()}
        healthy = all(checks.values())
        words: dict[str, Any] = {name: "ok" if held else "failing" for name, held in checks.items()}
        return Answer(
            status=200 if healthy else 503, body={"status": "ok" if healthy else "failing", "checks": words}
        )

    def version(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        """Which build this process serves."""
        return Answer(body={"build_id": self._build_id, "schema_version": SCHEMA_VERSION})

    def metrics(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        """Prometheus text."""
        inbox = self._inbox.summary()
        lines = [
            *self._metrics.lines(),
            *gauge("billing_webhook_backlog", "Events that wait in the inbox.", inbox["pending"]),
            *gauge("billing_webhook_oldest_age_seconds", "Age of the oldest one.", inbox["oldest_age_s"]),
            *gauge("billing_webhook_dead_letters", "Events that were given up.", inbox["dead"]),
            *gauge("billing_build_info", "The build.", 1, (("build_id", self._build_id),)),
        ]
        return Answer(body="\n".join(lines) + "\n")
