"""Faults of webhook intake and processing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

from billing_canary.reference.backend.event import HANDLED_TYPES, Event
from billing_canary.reference.backend.policies import Effect, Policies, mark_event
from billing_canary.reference.faults.registry import fault
from billing_canary.reference.store import Store
from billing_canary.reference.web import ApiError

_DEDUPE_GAP_S = 0.25


def _credit_each_copy(top_up: str, _path: str, copy: int) -> str:
    return f"topup:{top_up}:copy:{copy}" if copy else f"topup:{top_up}"


def _apply_always(store: Store, event_id: str, effect: Effect) -> bool:
    with store.transaction() as transaction:
        mark_event(transaction, event_id)
        effect(transaction)
    return True


@fault("F01", "Same event credited twice", source="gh:pollinations/pollinations#10621")
def same_event_twice(healthy: Policies) -> Policies:
    """Every delivery of an event takes effect."""
    return replace(healthy, apply_once=_apply_always, credit_reference=_credit_each_copy)


@fault(
    "F02", "Parallel copies pass a check-then-write dedupe", source="gh:Significant-Gravitas/AutoGPT#10672"
)
def check_then_write(healthy: Policies) -> Policies:
    """Looks whether the event is in the inbox, and puts it there only later; nothing else dedupes."""

    def check_first(store: Store, event_id: str, insert: Effect) -> None:
        if store.one("SELECT 1 FROM delivery WHERE event = ?", event_id) is None:
            time.sleep(_DEDUPE_GAP_S)
            with store.transaction() as transaction:
                insert(transaction)

    return replace(
        healthy, store_delivery=check_first, apply_once=_apply_always, credit_reference=_credit_each_copy
    )


@fault(
    "F03",
    "One payment credited by two paths",
    source="gh:BEDOLAGA-DEV/remnawave-bedolaga-telegram-bot#1524",
)
def two_paths(healthy: Policies) -> Policies:
    """The webhook and the manual check each have a reference of their own."""
    return replace(healthy, credit_reference=lambda top_up, path, _copy: f"topup:{top_up}:{path}")


@fault("F04", "Event marked seen before its effect; retry skipped", source="gh:dj-stripe/dj-stripe#832")
def marked_before_effect(healthy: Policies) -> Policies:
    """The mark survives when the effect fails, so no retry does anything."""

    def mark_first(store: Store, event_id: str, effect: Effect) -> bool:
        with store.transaction() as transaction:
            fresh = mark_event(transaction, event_id)
        if fresh:
            with store.transaction() as transaction:
                effect(transaction)
        return fresh

    return replace(healthy, apply_once=mark_first)


@fault("F05", "2xx answered on internal error", source="gh:buggyblues/shadow#148")
def errors_swallowed(healthy: Policies) -> Policies:
    """An event whose processing failed counts as done."""
    return replace(healthy, swallows_errors=True)


@fault("F06", "Permanent 4xx/5xx on an ignorable event: retry storm", source="gh:dust-tt/dust#3090")
def ignorable_refused(healthy: Policies) -> Policies:
    """Unknown types and unknown payments are answered with errors, for ever."""

    def refuse(event: Event, payment_is_known: Callable[[Event], bool]) -> ApiError | None:
        if event.type not in HANDLED_TYPES:
            return ApiError(400, "unknown_event_type", "this event type is not supported")
        if not payment_is_known(event):
            return ApiError(500, "internal_error", "the service failed; see its log")
        return None

    return replace(healthy, refusal=refuse)


@fault("F09", "Stale signature accepted", source="gh:windmill-labs/windmill#8596")
def stale_accepted(healthy: Policies) -> Policies:
    """The age of a signature is not looked at."""
    return replace(healthy, tolerance_s=None)


@fault("F10", "Unsigned or forged event accepted", source="gh:grimalschi/grimcode-ru#3")
def forged_accepted(healthy: Policies) -> Policies:
    """No signature is checked."""
    return replace(healthy, checks_signature=False)


@fault("F11", "Secret rotation breaks intake", source="gh:profullstack/sh1pt#530")
def only_first_signature(healthy: Policies) -> Policies:
    """Of several v1 signatures only the first is tried."""
    return replace(healthy, signature_candidates=lambda candidates: candidates[:1])


@fault("F12", "Body re-serialised before HMAC", source="gh:pathment/pathment#408")
def body_reserialised(healthy: Policies) -> Policies:
    """The signature is computed over the parsed and dumped body."""

    def reserialised(body: bytes) -> bytes:
        try:
            return json.dumps(json.loads(body)).encode()
        except ValueError:
            return body

    return replace(healthy, signed_bytes=reserialised)


@fault("F13", "Queue delay exceeds tolerance", source="gh:stripe/stripe-node#1778")
def age_checked_again(healthy: Policies) -> Policies:
    """The age counts again when the worker gets to the event."""
    return replace(healthy, rechecks_age=True)


@fault(
    "F17",
    "Test event honoured in production, or the reverse",
    source="gh:opencollective/opencollective-api#309",
)
def mode_ignored(healthy: Policies) -> Policies:
    """A live event changes the state of a test service."""
    return replace(healthy, honours_mode=False)


@fault("F20", "Worker dead while API is healthy", source="billing runbook: webhook backlog")
def worker_idle(healthy: Policies) -> Policies:
    """Deliveries are acknowledged and stored, and then nothing happens."""
    return replace(healthy, processes_inbox=False)
