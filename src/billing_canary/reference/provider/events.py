"""Events: what the provider lets one look up."""

from __future__ import annotations

from billing_canary.reference.provider.params import Params, query_params
from billing_canary.reference.provider.state import ProviderState, Resource
from billing_canary.reference.web import Answer, Call, Route


class Lookups:
    """The endpoints below /v1/events."""

    def __init__(self, state: ProviderState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """These endpoints."""
        return [
            Route(method="GET", path="/v1/events", handler=self.events),
            Route(method="GET", path="/v1/events/<event_id>", handler=self.event),
        ]

    def events(self, call: Call) -> Answer:
        """Events, newest first, by type and time of creation."""
        params = query_params(call)
        params.allow(("type", "types", "created", "limit", "starting_after"))
        types = {text for text in (params.text("type"), *params.strings("types")) if text}
        return self._state.page(
            "event",
            "/v1/events",
            params,
            lambda event: (not types or event["type"] in types) and _in_range(event, params),
        )

    def event(self, call: Call) -> Answer:
        """One event."""
        return Answer(body=self._state.find("event", call.arguments["event_id"]))


def _in_range(event: Resource, params: Params) -> bool:
    limits = Params(dict(params.mapping("created")))
    limits.allow(("gt", "gte", "lt", "lte"))
    created = event["created"]
    return bool(
        limits.integer("gt", created - 1) < created
        and limits.integer("gte", created) <= created
        and limits.integer("lt", created + 1) > created
        and limits.integer("lte", created) >= created
    )
