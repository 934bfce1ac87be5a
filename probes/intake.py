"""Webhook intake alone: what an endpoint takes in and refuses, told by its answers and its event log.

The events are genuine in form and about a payment that no account made, so these probes need no wallet.
"""

from __future__ import annotations

from functools import partial

from billing_canary import Operation, Outcome, ProbeContext, Severity, billing_probe

OWNER = "billing-backend"
INTAKE = (Operation.DELIVER_EVENT, Operation.PAID_EVENT)
OTHER_SECRET = "whsec_" + "another0secret" * 2
STALE_S = 600
COPIES = 8


def settled(run: ProbeContext, event: str) -> str:
    """How the target tells that it dealt with `event`, once it did."""
    claim = "An accepted event does not stay waiting"
    state = partial(run.backend.event_state, event)
    run.eventually(claim, state, equals="settled", reached=lambda told: told != "pending",
                   reveals="F20", source="read_event")  # fmt: skip
    story = run.backend.event_story(event)
    return f"{story['state']} ({story['reason']})" if story.get("reason") else str(story["state"])


def expect_one_effect(run: ProbeContext, event: str, reveals: str) -> None:
    """Where the target tells how often an event took effect, it must not be more than once."""
    if not run.can(Operation.READ_EVENT):
        return
    settled(run, event)
    effects = run.backend.event_story(event).get("effects")
    if effects is not None:
        claim = "All deliveries together take effect at most once"
        run.expect(claim, effects, equals="0 or 1", held=effects in {0, 1}, reveals=reveals,
                   source="read_event")  # fmt: skip


@billing_probe(
    title="A genuine event is acknowledged, however it is written and signed",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=INTAKE,
)
def genuine_event_acknowledged(run: ProbeContext) -> None:
    make = partial(run.webhooks.of_nobody, run.amount, run.now())
    plain, spaced, rotated = make(), make(spaced=True), make()
    claim = "A genuine event is acknowledged"
    run.expect(claim, run.deliver(plain.body).outcome, equals=Outcome.OK, reveals="F06",
               source="deliver_event")  # fmt: skip
    claim = "So is one with unusual spacing and letters"
    run.expect(claim, run.deliver(spaced.body).outcome, equals=Outcome.OK, reveals="F06 F12",
               source="deliver_event")  # fmt: skip
    claim = "So is one whose second signature is the right one, while the secret is rotated"
    answer = run.deliver(rotated.body, after=OTHER_SECRET)
    run.expect(claim, answer.outcome, equals=Outcome.OK, reveals="F06 F11", source="deliver_event")


@billing_probe(
    title="Nothing forged is taken in",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=INTAKE,
)
def forged_event_refused(run: ProbeContext) -> None:
    now = run.now()
    body = run.webhooks.of_nobody(run.amount, now).body
    good = run.webhooks.sign(body, now)
    forgeries = {
        "without a signature": (body, None),
        "with an empty signature": (body, f"t={int(now)},v1="),
        "signed with another secret": (body, run.webhooks.sign(body, now, secret=OTHER_SECRET)),
        "changed after it was signed": (body.replace(b'"succeeded"', b'"Succeeded"') + b" ", good),
        "with the signature of another moment": (body, good.replace(f"t={int(now)}", f"t={int(now) - 1}")),
        "with a broken signature": (body, good[:-4] + ("0000" if good[-4:] != "0000" else "1111")),
    }
    for how, (forged, signature) in forgeries.items():
        answer = run.backend.deliver(forged, signature)
        claim = f"An event {how} is rejected"
        run.expect(claim, answer.outcome, equals=Outcome.REJECTED, reveals="F10", source="deliver_event")


@billing_probe(
    title="A signature that has grown old is rejected",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=INTAKE,
)
def old_signature_refused(run: ProbeContext) -> None:
    now = run.now()
    body = run.webhooks.of_nobody(run.amount, now).body
    answer = run.backend.deliver(body, run.webhooks.sign(body, now - STALE_S))
    claim = f"A signature {STALE_S} s old is rejected"
    run.expect(claim, answer.outcome, equals=Outcome.REJECTED, reveals="F09 F10", source="deliver_event")
    claim = "The same event with a fresh signature is acknowledged"
    run.expect(claim, run.deliver(body).outcome, equals=Outcome.OK, reveals="F06", source="deliver_event")


@billing_probe(
    title="An event sent again is acknowledged and takes effect once",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=INTAKE,
)
def replay_taken_in_once(run: ProbeContext) -> None:
    event = run.webhooks.of_nobody(run.amount, run.now())
    for _ in range(3):
        answer = run.deliver(event.body)
        claim = "A repeated event is acknowledged, so that it is not sent for days"
        run.expect(claim, answer.outcome, equals=Outcome.OK, reveals="F06", source="deliver_event")
    expect_one_effect(run, event.id, "F01")


@billing_probe(
    title="Copies of an event at the same moment are taken in once",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=INTAKE,
)
def parallel_copies_taken_in_once(run: ProbeContext) -> None:
    event = run.webhooks.of_nobody(run.amount, run.now())
    answers = run.together([partial(run.deliver, event.body)] * COPIES)
    acknowledged = sum(answer.outcome is Outcome.OK for answer in answers)
    claim = f"Of {COPIES} copies at once at least one is acknowledged"
    run.expect(claim, acknowledged, equals="1 or more", held=acknowledged > 0, reveals="F06",
               source="deliver_event")  # fmt: skip
    claim = "A copy that comes later is acknowledged"
    run.expect(claim, run.deliver(event.body).outcome, equals=Outcome.OK, reveals="F06",
               source="deliver_event")  # fmt: skip
    expect_one_effect(run, event.id, "F01 F02")


@billing_probe(
    title="A live event is not dealt with as if it were a test event",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(*INTAKE, Operation.READ_EVENT),
)
def live_event_set_apart(run: ProbeContext) -> None:
    make = partial(run.webhooks.of_nobody, run.amount, run.now())
    test, live = make(), make(livemode=True)
    answer = run.deliver(test.body)
    run.require("The test event is acknowledged", answer.outcome, equals=Outcome.OK, reveals="F06",
                source="deliver_event")  # fmt: skip
    answer = run.deliver(live.body)
    fate = settled(run, live.id) if answer.outcome is Outcome.OK else answer.outcome.value
    twin = settled(run, test.id)
    claim = "A live event is rejected, or ignored because it is live"
    # A reason that the test event got too is not the mode; without a reason the state has to do.
    ignored = fate == "ignored" or (fate.startswith("ignored") and fate != twin)
    apart = ignored or answer.outcome is Outcome.REJECTED
    seen = f"live event: {fate}; the same as a test event: {twin}"
    run.expect(claim, seen, equals="rejected or ignored", held=apart, reveals="F17", source="read_event")
