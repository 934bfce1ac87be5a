"""Webhook intake: genuine events take effect once, everything else takes none."""

from __future__ import annotations

from functools import partial

from billing_canary import Money, Operation, Outcome, Phase, ProbeContext, Severity, Spends, billing_probe

OWNER = "billing-backend"
INTAKE = (
    Operation.OPEN_ACCOUNT,
    Operation.READ_WALLET,
    Operation.CREATE_TOP_UP,
    Operation.DELIVER_EVENT,
    Operation.PAID_EVENT,
)
PAID = (*INTAKE, Operation.PAY)
OTHER_SECRET = "whsec_" + "another0secret" * 2
STALE_S = 600


@billing_probe(
    title="An event sent again is credited once",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=PAID,
    spends=Spends(payments=1),
)
def replay_credits_once(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    paid = run.pay(top_up).received
    event = run.webhooks.paid(account, top_up.payment, paid, run.now())
    for _ in range(3):
        answer = run.deliver(event.body)
        run.expect(
            "A repeated event is acknowledged", answer.outcome, equals=Outcome.OK, source="deliver_event"
        )
    run.arrives(account)
    run.stays("The repetitions credit nothing more", account, paid, reveals="F01")


@billing_probe(
    title="Eight copies of an event at once are credited once",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=PAID,
    spends=Spends(payments=1),
)
def parallel_copies_credit_once(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    paid = run.pay(top_up).received
    event = run.webhooks.paid(account, top_up.payment, paid, run.now())
    answers = run.together([partial(run.deliver, event.body)] * 8)
    acknowledged = sum(answer.outcome is Outcome.OK for answer in answers)
    run.expect("At least one copy is acknowledged", acknowledged, equals="1 or more", held=acknowledged > 0)
    run.arrives(account)
    run.stays("The other copies credit nothing more", account, paid, reveals="F01 F02")


@billing_probe(
    title="A forged event is rejected and has no effect",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=INTAKE,
    spends=Spends(payments=1),
)
def forged_event_rejected(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    now = run.now()
    body = run.webhooks.paid(account, top_up.payment, run.amount, now).body
    good = run.webhooks.sign(body, now)
    forgeries = {
        "without a signature": (body, None),
        "signed with another secret": (body, run.webhooks.sign(body, now, secret=OTHER_SECRET)),
        "changed after it was signed": (body.replace(b'"amount', b'"Amount'), good),
        "with a broken signature": (body, good[:-4] + "0000"),
    }
    for how, (forged, signature) in forgeries.items():
        answer = run.backend.deliver(forged, signature)
        claim = f"An event {how} is rejected"
        run.expect(claim, answer.outcome, equals=Outcome.REJECTED, reveals="F10", source="deliver_event")
    run.stays("Forged events credit nothing", account, run.amount * 0, reveals="F10")


@billing_probe(
    title="An event with an old signature is rejected",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=INTAKE,
    spends=Spends(payments=1),
)
def stale_signature_rejected(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    body = run.webhooks.paid(account, top_up.payment, run.amount, run.now()).body
    answer = run.backend.deliver(body, run.webhooks.sign(body, run.now() - STALE_S))
    claim = f"A signature {STALE_S} s old is rejected"
    run.expect(claim, answer.outcome, equals=Outcome.REJECTED, reveals="F09 F10", source="deliver_event")
    run.stays("A stale event credits nothing", account, run.amount * 0, reveals="F09 F10")


@billing_probe(
    title="Events are accepted while the webhook secret is rotated",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=PAID,
    spends=Spends(payments=1),
)
def rotated_secret_accepted(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    paid = run.pay(top_up).received
    event = run.webhooks.paid(account, top_up.payment, paid, run.now())
    answer = run.deliver(event.body, after=OTHER_SECRET)
    claim = "Of two signatures the second, right one is enough"
    run.expect(claim, answer.outcome, equals=Outcome.OK, reveals="F11", source="deliver_event")
    run.arrives(account)


@billing_probe(
    title="The signature is checked over the bytes that were sent",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=PAID,
    spends=Spends(payments=1),
)
def raw_body_verified(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    paid = run.pay(top_up).received
    event = run.webhooks.paid(account, top_up.payment, paid, run.now(), spaced=True)
    answer = run.deliver(event.body)
    claim = "A genuine event with unusual spacing and letters is accepted"
    run.expect(claim, answer.outcome, equals=Outcome.OK, reveals="F12", source="deliver_event")
    run.arrives(account)


@billing_probe(
    title="Events that do not concern billing are acknowledged",
    severity=Severity.MAJOR,
    owner=OWNER,
    needs=INTAKE,
)
def unknown_event_acknowledged(run: ProbeContext) -> None:
    account = run.open_account()
    unknown_type = run.webhooks.unknown_type(run.now())
    stranger = run.webhooks.paid(account, "pi_canary_of_nobody", run.amount, run.now())
    for what, event in {"of an unknown type": unknown_type, "about an unknown payment": stranger}.items():
        answer = run.deliver(event.body)
        claim = f"An event {what} is acknowledged, so that it is not sent for days"
        run.expect(claim, answer.outcome, equals=Outcome.OK, reveals="F06", source="deliver_event")
    run.expect("They credit nothing", run.balance(account), equals=run.amount * 0, source="wallet")


@billing_probe(
    title="A live event has no effect on a test account",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=INTAKE,
    spends=Spends(payments=1),
)
def live_event_ignored(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    event = run.webhooks.paid(account, top_up.payment, run.amount, run.now(), livemode=True)
    run.deliver(event.body)
    run.stays("An event of the other mode credits nothing", account, run.amount * 0, reveals="F17")


@billing_probe(
    title="A payment in another currency is not credited at face value",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=INTAKE,
    spends=Spends(payments=1),
)
def other_currency_not_credited(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    other = Money(minor=run.amount.minor, currency="EUR" if run.amount.currency != "EUR" else "USD")
    event = run.webhooks.paid(account, top_up.payment, other, run.now())
    run.deliver(event.body)
    run.stays(f"{other} do not become {run.amount}", account, run.amount * 0, reveals="F31")


@billing_probe(
    title="An event whose first try fails is tried again until it is credited",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(*PAID, Operation.DISRUPT_EVENT_PROCESSING),
    spends=Spends(payments=1),
)
def failed_first_try_is_retried(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    run.backend.disrupt(Operation.DISRUPT_EVENT_PROCESSING, account, 1)
    run.pay(top_up)
    claim = "After a failed first try the payment is credited all the same"
    run.eventually(
        claim, partial(run.balance, account), equals=run.amount, reveals="F04 F05 F35", source="wallet"
    )
    run.stays("It is credited once", account, run.amount, reveals="F01")


@billing_probe(
    title="A genuine event that waits longer than the signature's tolerance is still credited",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(*PAID, Operation.DISRUPT_EVENT_PROCESSING, Operation.READ_EVENT, Operation.ADVANCE_CLOCK),
    spends=Spends(payments=1),
    phase=Phase.ALONE,
)
def late_processing_still_credits(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    run.backend.disrupt(Operation.DISRUPT_EVENT_PROCESSING, account, 2)
    paid = run.pay(top_up).received
    event = run.webhooks.paid(account, top_up.payment, paid, run.now())
    answer = run.deliver(event.body)
    run.require("The event is accepted", answer.outcome, equals=Outcome.OK, source="deliver_event")
    for _ in range(4):  # each makes a try that waits due at once
        run.target.advance_clock(STALE_S)
    claim = f"An event processed {STALE_S} s after it came takes effect"
    state = partial(run.backend.event_state, event.id)
    run.eventually(claim, state, equals="processed", reveals="F13", source="read_event")
    run.arrives(account)
