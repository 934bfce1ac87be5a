"""Operations: the right build is running, its queues drain, and its switches work."""

from __future__ import annotations

from functools import partial

from billing_canary import Operation, Outcome, Phase, ProbeContext, Severity, Spends, billing_probe

OWNER = "sre"
METRICS = ("billing_webhook_requests_total", "billing_webhook_backlog", "billing_topups_total")


def expect_build(run: ProbeContext) -> None:
    """Ask several times: behind a load balancer one old process among new ones shows only sometimes."""
    expected = run.target.settings.expected_build
    builds = sorted({run.backend.build() for _ in range(3)})
    claim = "Every process runs the expected build"
    run.expect(claim, ", ".join(builds), equals=expected or "one build everywhere", reveals="F85",
               held=builds == [expected] if expected else len(builds) == 1)  # fmt: skip


@billing_probe(
    title="The expected build is running when the canary starts",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(Operation.READ_BUILD,),
    phase=Phase.FIRST,
)
def build_at_start(run: ProbeContext) -> None:
    expect_build(run)


@billing_probe(
    title="The expected build is still running when the canary ends",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(Operation.READ_BUILD,),
    phase=Phase.LAST,
)
def build_at_end(run: ProbeContext) -> None:
    expect_build(run)


@billing_probe(
    title="The service says that it is healthy and shows its billing metrics",
    severity=Severity.MAJOR,
    owner=OWNER,
    needs=(Operation.READ_HEALTH, Operation.READ_METRICS),
)
def health_and_metrics(run: ProbeContext) -> None:
    run.expect(
        "The health check answers", run.backend.health().outcome, equals=Outcome.OK, source="read_health"
    )
    text = run.backend.metrics().text
    missing = [name for name in METRICS if name not in text]
    run.expect("No billing metric is missing", ", ".join(missing), equals="", source="read_metrics")


@billing_probe(
    title="Accepted events are processed; the backlog drains",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(Operation.OPEN_ACCOUNT, Operation.DELIVER_EVENT, Operation.PAID_EVENT, Operation.READ_EVENT),
)
def backlog_drains(run: ProbeContext) -> None:
    event = run.webhooks.unknown_type(run.now())
    answer = run.deliver(event.body)
    claim = "An event that concerns nobody is accepted"
    run.require(claim, answer.outcome, equals=Outcome.OK, reveals="F06", source="deliver_event")
    claim = "An accepted event leaves the backlog"
    run.eventually(
        claim,
        partial(run.backend.event_state, event.id),
        equals="settled",
        reached=lambda state: state != "pending",
        reveals="F20",
        source="read_event",
    )


@billing_probe(
    title="The kill switch stops blocking and leaves crediting on",
    severity=Severity.MAJOR,
    owner=OWNER,
    needs=(
        Operation.OPEN_ACCOUNT,
        Operation.READ_WALLET,
        Operation.CREATE_TOP_UP,
        Operation.DELIVER_EVENT,
        Operation.PAID_EVENT,
        Operation.PAY,
        Operation.CONSUME,
        Operation.SET_ENFORCEMENT,
    ),
    spends=Spends(payments=1),
    phase=Phase.ALONE,
)
def kill_switch_keeps_crediting(run: ProbeContext) -> None:
    account = run.open_account()
    run.backend.set_enforcement(enabled=False)
    try:
        answer = run.consume(account, 1)
        run.expect(
            "With gating off an empty wallet may spend", answer.outcome, equals=Outcome.OK, source="consume"
        )
        top_up = run.begin_top_up(account)
        event = run.webhooks.paid(account, top_up.payment, run.pay(top_up).received, run.now())
        run.deliver(event.body)
        run.arrives(account, "With gating off a payment still reaches the wallet")
    finally:
        run.backend.set_enforcement(enabled=True)
    other = run.open_account()
    answer = run.consume(other, 1)
    claim = "With gating on again an empty wallet is blocked"
    run.expect(claim, answer.outcome, equals=Outcome.BLOCKED, reveals="F85", source="consume")


@billing_probe(
    title="No accepted event is left waiting when the canary ends",
    severity=Severity.MAJOR,
    owner=OWNER,
    needs=(Operation.READ_BACKLOG,),
    phase=Phase.LAST,
)
def backlog_empty_at_end(run: ProbeContext) -> None:
    claim = "The backlog of the webhook inbox is empty"
    run.eventually(claim, run.backend.pending_events, equals=0, reveals="F20", source="read_backlog")
