"""The webhook endpoint: prove who sent it, store it, acknowledge it. Nothing else happens here."""

from __future__ import annotations

from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.crediting import Crediting
from billing_canary.reference.backend.event import Event, parse_event
from billing_canary.reference.backend.inbox import Inbox
from billing_canary.reference.signature import any_matches, parse_header, sign
from billing_canary.reference.web import Answer, ApiError, Call, Route


class Intake:
    """The endpoint /webhooks/stripe."""

    def __init__(self, core: Core, inbox: Inbox, crediting: Crediting, secret: str) -> None:
        self._policies, self._clock, self._metrics = core.policies, core.clock, core.metrics
        self._inbox, self._crediting, self._secret = inbox, crediting, secret

    def routes(self) -> list[Route]:
        """This endpoint."""
        return [Route(method="POST", path="/webhooks/stripe", handler=self.receive)]

    def receive(self, call: Call) -> Answer:
        """Take one delivery."""
        try:
            self._accept(call)
        except ApiError as error:
            self._metrics.count("billing_webhook_requests_total", status=str(error.status))
            raise
        self._metrics.count("billing_webhook_requests_total", status="200")
        return Answer(body={"received": True})

    def _accept(self, call: Call) -> None:
        signed_at = self._verify(call)
        event = parse_event(call.body)
        refusal = self._policies.refusal(event, self._payment_is_known)
        if refusal is not None:
            raise refusal
        self._inbox.add(event, call.body, signed_at)

    def _verify(self, call: Call) -> float:
        """When the delivery was signed, in service time."""
        policies, now = self._policies, self._clock.now()
        header = parse_header(call.header("Stripe-Signature"))
        if not policies.checks_signature:
            return now if header is None else float(header.timestamp)
        if header is None:
            raise ApiError(400, "signature_invalid", "no usable Stripe-Signature header")
        expected = sign(policies.signed_bytes(call.body), self._secret, header.timestamp)
        if not any_matches(policies.signature_candidates(header.candidates), expected):
            raise ApiError(400, "signature_invalid", "no signature matches the body")
        if policies.tolerance_s is not None and abs(now - header.timestamp) > policies.tolerance_s:
            raise ApiError(400, "signature_stale", "the signature is too far from the present")
        return float(header.timestamp)

    def _payment_is_known(self, event: Event) -> bool:
        return self._crediting.find_top_up(str(event.resource.get("id"))) is not None
