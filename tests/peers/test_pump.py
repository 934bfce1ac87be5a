"""The pump carries each event once, oldest first, over pages, signed so that Stripe's library takes it."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs

import stripe
from tests.fakes.server import Call, FakeServer, Reply, answer_json
from tests.peers.pump import Pump

SECRET = "whsec_pump"
EVENTS = [{"id": f"evt_{number}", "type": "thing.happened"} for number in range(250)]


def page(call: Call) -> Reply:
    query = parse_qs(call.query)
    newest_first = EVENTS[::-1]
    after = query.get("starting_after", [""])[0]
    start = [event["id"] for event in newest_first].index(after) + 1 if after else 0
    shown = newest_first[start : start + 100]
    return answer_json({"object": "list", "data": shown, "has_more": start + 100 < len(EVENTS)})


def received(server: FakeServer) -> list[dict[str, Any]]:
    told = []
    for call in server.calls:
        header = call.headers["Stripe-Signature"]
        stripe.WebhookSignature.verify_header(call.body.decode(), header, SECRET, tolerance=300)
        told.append(json.loads(call.body))
    return told


def test_every_event_arrives_once_and_in_order() -> None:
    with FakeServer(page) as provider, FakeServer(lambda _: answer_json({})) as endpoint:
        with Pump(provider.url, "sk_test_pump", f"{endpoint.url}/hook", SECRET) as pump:
            deadline = time.monotonic() + 20
            while len(pump.forwarded) < len(EVENTS) and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(0.2)  # several looks more, which must send nothing again
        assert pump.error is None
        assert received(endpoint) == EVENTS
        assert {call.path for call in endpoint.calls} == {"/hook"}


def test_a_provider_that_fails_is_told() -> None:
    with FakeServer(lambda _: answer_json({}, status=500)) as provider:
        with Pump(provider.url, "sk_test_pump", provider.url, SECRET) as pump:
            deadline = time.monotonic() + 20
            while pump.error is None and time.monotonic() < deadline:
                time.sleep(0.02)
        assert pump.error is not None
