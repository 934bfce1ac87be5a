"""What the provider remembers: its objects, in order of creation, and the events about them."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from billing_canary.reference.clock import ServiceClock
from billing_canary.reference.provider.errors import invalid, missing
from billing_canary.reference.provider.params import Params
from billing_canary.reference.web import Answer

API_VERSION = "2025-03-31.basil"

_PAGE_SIZE = 10
_LARGEST_PAGE = 100

Resource = dict[str, Any]
"""One API object, as it is answered."""


@dataclass(frozen=True, kw_only=True)
class EmittedEvent:
    """An event at the moment it happened; `body` is what every delivery of it carries."""

    id: str
    type: str
    created: float
    body: bytes


Listener = Callable[[EmittedEvent], None]


class ProviderState:
    """Objects by kind and id. Handlers run under `lock`, one at a time, so that each sees whole objects."""

    def __init__(self, clock: ServiceClock, on_event: Listener) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self._kinds: dict[str, dict[str, Resource]] = {}
        self._on_event = on_event

    def create(self, kind: str, prefix: str, *, livemode: bool | None = False, **fields: Any) -> Resource:
        """Add an object of `kind`; a `livemode` of None leaves the field out, as on refunds."""
        resource: Resource = {"id": f"{prefix}_{secrets.token_hex(12)}", "object": kind}
        resource["created"] = int(self.clock.now())
        if livemode is not None:
            resource["livemode"] = livemode
        resource.update(fields)
        self._kinds.setdefault(kind, {})[resource["id"]] = resource
        return resource

    def find(self, kind: str, object_id: str) -> Resource:
        """The object of `kind` with this id, or the provider's 404."""
        try:
            return self._kinds[kind][object_id]
        except KeyError:
            raise missing(kind, object_id) from None

    def living(self, kind: str, object_id: str) -> Resource:
        """As `find`, but a deleted object is missing too."""
        resource = self.find(kind, object_id)
        if resource.get("deleted"):
            raise missing(kind, object_id)
        return resource

    def all(self, kind: str) -> Iterable[Resource]:
        """Every object of `kind`, oldest first."""
        return self._kinds.get(kind, {}).values()

    def page(self, kind: str, url: str, params: Params, wanted: Callable[[Resource], bool]) -> Answer:
        """A list object, newest first, after `starting_after`, with at most `limit` entries."""
        limit = params.integer("limit", _PAGE_SIZE)
        if not 1 <= limit <= _LARGEST_PAGE:
            raise invalid("limit", f"This value must be from 1 to {_LARGEST_PAGE}.")
        found = [resource for resource in reversed(list(self.all(kind))) if wanted(resource)]
        after = params.text("starting_after")
        if after:
            ids = [resource["id"] for resource in found]
            if after not in ids:
                raise missing(kind, after)
            found = found[ids.index(after) + 1 :]
        body = {"object": "list", "url": url, "has_more": len(found) > limit, "data": found[:limit]}
        return Answer(body=body)

    def emit(self, event_type: str, resource: Resource) -> None:
        """Record that something happened to `resource`, as it is now, and hand the event on."""
        event = self.create("event", "evt", type=event_type, api_version=API_VERSION)
        event["pending_webhooks"] = 1
        event["request"] = {"id": None, "idempotency_key": None}
        event["data"] = {"object": json.loads(json.dumps(resource))}
        body = json.dumps(event).encode()
        self._on_event(EmittedEvent(id=event["id"], type=event_type, created=self.clock.now(), body=body))
