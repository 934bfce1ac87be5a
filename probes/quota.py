"""Quota and gating: who has paid is never blocked, who has not is, and nobody spends twice."""

from __future__ import annotations

from functools import partial

from billing_canary import Money, Operation, Outcome, ProbeContext, Severity, Spends, billing_probe

OWNER = "billing-backend"
FUNDED = (
    Operation.OPEN_ACCOUNT,
    Operation.READ_WALLET,
    Operation.CREATE_TOP_UP,
    Operation.PAY,
    Operation.CONSUME,
)


@billing_probe(
    title="A wallet with money is never blocked, from the moment it is paid",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=FUNDED,
    spends=Spends(payments=1),
)
def solvent_wallet_never_blocked(run: ProbeContext) -> None:
    account = run.open_account()
    before = run.consume(account, 1)
    run.expect(
        "An empty wallet is blocked", before.outcome, equals=Outcome.BLOCKED, reveals="F85", source="consume"
    )
    run.fund(account)
    for _ in range(5):
        answer = run.consume(account, 1)
        claim = "A wallet that was paid may spend at once"
        run.require(claim, answer.outcome, equals=Outcome.OK, reveals="F60", source="consume")


@billing_probe(
    title="An exhausted wallet is blocked, and told that money is the reason",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=FUNDED,
    spends=Spends(payments=1),
)
def exhausted_wallet_blocked(run: ProbeContext) -> None:
    account = run.open_account()
    units = run.units_for(run.fund(account))
    run.require(
        "The whole balance can be spent",
        run.consume(account, units).outcome,
        equals=Outcome.OK,
        source="consume",
    )
    answer = run.consume(account, 1)
    run.expect(
        "One unit more is blocked", answer.outcome, equals=Outcome.BLOCKED, reveals="F85", source="consume"
    )
    reason = str(answer.values.get("reason", ""))
    run.expect("The reason code speaks of the wallet", reason, equals="wallet_exhausted", source="consume")
    run.expect("The wallet ends at zero", run.balance(account), equals=run.amount * 0, source="wallet")


@billing_probe(
    title="An exhausted quota is blocked, and told that the quota is the reason",
    severity=Severity.MAJOR,
    owner=OWNER,
    needs=FUNDED,
    spends=Spends(payments=1),
)
def exhausted_quota_blocked(run: ProbeContext) -> None:
    account = run.open_account(quota_units=2)
    run.fund(account)
    run.require("The quota can be used", run.consume(account, 2).outcome, equals=Outcome.OK, source="consume")
    answer = run.consume(account, 1)
    run.expect(
        "More than the quota is blocked",
        answer.outcome,
        equals=Outcome.BLOCKED,
        reveals="F85",
        source="consume",
    )
    reason = str(answer.values.get("reason", ""))
    run.expect("The reason code speaks of the quota", reason, equals="quota_exhausted", source="consume")


@billing_probe(
    title="Calls at the same moment cannot spend more than the wallet holds",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=FUNDED,
    spends=Spends(payments=1),
)
def concurrent_debits_never_overspend(run: ProbeContext) -> None:
    account = run.open_account()
    units = run.units_for(run.fund(account))
    answers = run.together([partial(run.consume, account, units)] * 8)
    accepted = sum(answer.outcome is Outcome.OK for answer in answers)
    run.expect(
        "Of eight calls for the whole balance one is accepted",
        accepted,
        equals=1,
        reveals="F49",
        source="consume",
    )
    run.expect(
        "The wallet ends at zero", run.balance(account), equals=run.amount * 0, reveals="F49", source="wallet"
    )


@billing_probe(
    title="A small balance cannot buy a big call",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=FUNDED,
    spends=Spends(payments=1),
)
def small_balance_cannot_buy_big_call(run: ProbeContext) -> None:
    account = run.open_account()
    units = run.units_for(run.fund(account))
    answer = run.consume(account, units * 10)
    claim = "A call for ten times the balance is blocked"
    run.expect(claim, answer.outcome, equals=Outcome.BLOCKED, reveals="F50 F85", source="consume")
    run.expect(
        "The balance is untouched", run.balance(account), equals=run.amount, reveals="F50", source="wallet"
    )


@billing_probe(
    title="A top-up and debits at the same moment all count",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(*FUNDED, Operation.DELIVER_EVENT, Operation.PAID_EVENT),
    spends=Spends(payments=2),
)
def top_up_racing_debits_keeps_both(run: ProbeContext) -> None:
    account = run.open_account()
    run.fund(account)
    top_up = run.begin_top_up(account)
    paid = run.pay(top_up).received
    event = run.webhooks.paid(account, top_up.payment, paid, run.now())
    debits = [partial(run.consume, account, 1)] * 6
    answers = run.together([partial(run.deliver, event.body), *debits])
    accepted = sum(answer.outcome is Outcome.OK for answer in answers[1:])
    run.expect("A solvent wallet may spend", accepted, equals=len(debits), source="consume")
    rest = run.amount + paid - Money(minor=run.unit_price * accepted, currency=paid.currency)
    claim = "The wallet holds start plus top-up minus debits"
    run.eventually(
        claim, partial(run.balance, account), equals=rest, within=1.0, reveals="F51", source="wallet"
    )


@billing_probe(
    title="A call that fails costs nothing and holds nothing back",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(*FUNDED, Operation.CONSUME_FAILING),
    spends=Spends(payments=1),
)
def failed_call_costs_nothing(run: ProbeContext) -> None:
    account = run.open_account()
    units = run.units_for(run.fund(account))
    answer = run.backend.consume_failing(account, units, run.new_key())
    run.require("The call fails", answer.outcome, equals=Outcome.FAILED, source="consume_failing")
    run.expect(
        "The balance is untouched", run.balance(account), equals=run.amount, reveals="F53", source="wallet"
    )
    again = run.consume(account, units)
    claim = "The whole balance can still be spent"
    run.expect(claim, again.outcome, equals=Outcome.OK, reveals="F52 F53", source="consume")


@billing_probe(
    title="When billing cannot tell, payers are not told that they have not paid",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(*FUNDED, Operation.DISRUPT_BILLING_STATE),
    spends=Spends(payments=1),
)
def unknown_state_is_no_denial(run: ProbeContext) -> None:
    account = run.open_account()
    run.fund(account)
    run.backend.disrupt(Operation.DISRUPT_BILLING_STATE, account, 1)
    answer = run.consume(account, 1)
    claim = "An unreadable billing state is answered 'unavailable', not 'pay first'"
    run.expect(claim, answer.outcome, equals=Outcome.UNAVAILABLE, reveals="F62", source="consume")
    run.expect(
        "The next call goes through", run.consume(account, 1).outcome, equals=Outcome.OK, source="consume"
    )
