"""The wallet: what a customer pays arrives once, in full, in the right currency."""

from __future__ import annotations

from functools import partial

from billing_canary import Money, Operation, Outcome, ProbeContext, Severity, Spends, billing_probe

TOP_UP = (Operation.OPEN_ACCOUNT, Operation.READ_WALLET, Operation.CREATE_TOP_UP, Operation.PAY)
OWNER = "billing-backend"
HOSTILE_AMOUNTS = (-29, 0, 0.5, "1_0", 10**30, float("nan"), True, None)


@billing_probe(
    title="A paid top-up reaches the wallet, in full and once",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=TOP_UP,
    spends=Spends(payments=1),
)
def top_up_credits_once(run: ProbeContext) -> None:
    account = run.open_account()
    run.expect("A new wallet is empty", run.balance(account), equals=run.amount * 0, source="wallet")
    top_up = run.begin_top_up(account)
    asked = run.provider.payment(top_up.payment).amount
    run.require(
        "The provider is asked for the amount of the top-up", asked, equals=run.amount, source="provider"
    )
    run.pay(top_up)
    run.arrives(account)
    run.has_exactly(account, run.amount)
    run.stays("No second credit follows", account, run.amount, reveals="F01 F03")


@billing_probe(
    title="A top-up retried after a lost answer is one payment",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=TOP_UP,
    spends=Spends(payments=1),
)
def retry_after_lost_answer(run: ProbeContext) -> None:
    account, attempt = run.open_account(), run.new_key()
    create = partial(run.backend.create_top_up, account, run.amount, attempt)
    create(trace=run.new_key(), lose_answer=True)
    retry = create(trace=run.new_key())
    if retry.outcome is Outcome.REJECTED:  # "still in progress" is a right answer too: ask again
        retry = create(trace=run.new_key())
    top_up = run.top_up_of(retry, run.amount)
    repeated = run.top_up_of(create(trace=run.new_key()), run.amount)
    run.expect(
        "Every retry answers with the same payment",
        repeated.payment,
        equals=top_up.payment,
        reveals="F22 F25",
    )
    if account.customer:
        run.expect(
            "The provider holds one payment for one attempt",
            len(run.provider.payments_of(account.customer)),
            equals=1,
            reveals="F22",
            source="provider",
        )


@billing_probe(
    title="The same attempt sent twice is one top-up",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=TOP_UP,
    spends=Spends(payments=1),
)
def same_attempt_is_one_top_up(run: ProbeContext) -> None:
    account, attempt, trace = run.open_account(), run.new_key(), run.new_key()
    create = partial(run.backend.create_top_up, account, run.amount, attempt)
    first = run.top_up_of(create(trace=trace), run.amount).payment
    run.expect(
        "An identical request answers with the same payment",
        create(trace=trace).values.get("payment"),
        equals=first,
        reveals="F25",
    )
    run.expect(
        "A retry that differs in its request id alone answers with the same payment",
        create(trace=run.new_key()).values.get("payment"),
        equals=first,
        reveals="F23",
    )


@billing_probe(
    title="An idempotency key cannot be used again for another amount",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=TOP_UP,
    spends=Spends(payments=2, minor_units=1),
)
def same_key_other_amount_rejected(run: ProbeContext) -> None:
    account, attempt = run.open_account(), run.new_key()
    run.top_up_of(run.backend.create_top_up(account, run.amount, attempt, trace=attempt), run.amount)
    more = run.amount + Money(minor=1, currency=run.amount.currency)
    other = run.backend.create_top_up(account, more, attempt, trace=attempt)
    run.expect("The other amount is rejected", other.outcome, equals=Outcome.REJECTED, reveals="F24")
    run.expect("The wallet is unchanged", run.balance(account), equals=run.amount * 0, source="wallet")


@billing_probe(
    title="A declined card credits nothing",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=TOP_UP,
    spends=Spends(payments=1),
)
def declined_card_credits_nothing(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    code = run.decline(top_up)
    run.require("The provider declines the card", bool(code), source="provider")
    run.stays("The wallet stays empty", account, run.amount * 0)
    run.pay(top_up)
    run.arrives(account, "The same top-up can be paid with a good card")


@billing_probe(
    title="A currency without decimals is charged and credited as it is",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=TOP_UP,
    spends=Spends(payments=1, currency="JPY"),
)
def zero_decimal_currency(run: ProbeContext) -> None:
    account, amount = run.open_account("JPY"), run.amount_in("JPY")
    top_up = run.begin_top_up(account)
    asked = run.provider.payment(top_up.payment).amount
    run.require(
        "The provider is asked for the amount, not a hundred times it",
        asked,
        equals=amount,
        reveals="F29",
        source="provider",
    )
    run.pay(top_up)
    run.arrives(account, "The payment reaches the wallet", reveals="F30 F35")
    run.has_exactly(account, amount, "The paid amount arrives, not a hundredth of it", reveals="F30")


@billing_probe(
    title="A partly captured payment credits what was captured",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=TOP_UP,
    spends=Spends(payments=1),
)
def partial_capture_credits_captured(run: ProbeContext) -> None:
    account, part = run.open_account(), Money(minor=run.amount.minor // 2, currency=run.amount.currency)
    top_up = run.begin_top_up(account)
    run.pay(top_up, capture_later=True)
    captured = run.provider.capture(top_up.payment, part).received
    run.require("The provider captured the part", captured, equals=part, source="provider")
    run.arrives(account)
    claim = "The wallet is credited with the captured amount, not the requested one"
    run.has_exactly(account, part, claim, reveals="F33")


@billing_probe(
    title="Impossible amounts are rejected",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(Operation.OPEN_ACCOUNT, Operation.READ_WALLET, Operation.CREATE_RAW_TOP_UP),
    spends=Spends(payments=1),
)
def impossible_amounts_rejected(run: ProbeContext) -> None:
    account = run.open_account()
    for raw in HOSTILE_AMOUNTS:
        answer = run.backend.create_raw_top_up(account, raw, run.new_key())
        run.expect(f"A top-up of {raw!r} is rejected", answer.outcome, equals=Outcome.REJECTED, reveals="F39")
    run.expect(
        "The wallet is unchanged", run.balance(account), equals=run.amount * 0, reveals="F39", source="wallet"
    )


@billing_probe(
    title="A payment seen by webhook and by manual check is credited once",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(*TOP_UP, Operation.CHECK_TOP_UP),
    spends=Spends(payments=1),
)
def two_paths_credit_once(run: ProbeContext) -> None:
    account = run.open_account()
    top_up = run.begin_top_up(account)
    run.pay(top_up)
    run.backend.check_top_up(account, top_up.id, top_up.payment)
    run.arrives(account)
    run.stays("The webhook that comes later credits nothing more", account, run.amount, reveals="F03")
    run.backend.check_top_up(account, top_up.id, top_up.payment)
    run.expect("A second check credits nothing more", run.balance(account), equals=run.amount, reveals="F03")


@billing_probe(
    title="A saved card is charged once, however often the balance write fails",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(*TOP_UP, Operation.CHARGE_SAVED_CARD),
    spends=Spends(payments=1),
)
def saved_card_charged_once(run: ProbeContext) -> None:
    account = run.open_account()
    if run.can(Operation.DISRUPT_BALANCE_WRITES):
        run.backend.disrupt(Operation.DISRUPT_BALANCE_WRITES, account, 2)
    run.charge_saved_card(account, run.amount)
    if account.customer:
        payments = run.provider.payments_of(account.customer)
        charged = sum(payment.received.minor for payment in payments)
        run.expect(
            "The card is charged once", charged, equals=run.amount.minor, reveals="F26", source="provider"
        )
    run.arrives(account)
    run.stays("The wallet is credited once", account, run.amount, reveals="F03")


@billing_probe(
    title="The ledger adds up to the balance",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(*TOP_UP, Operation.READ_LEDGER, Operation.CONSUME),
    spends=Spends(payments=1),
)
def ledger_equals_balance(run: ProbeContext) -> None:
    account = run.open_account()
    run.fund(account)
    left = run.amount
    for _ in range(3):
        run.expect("A solvent wallet may spend", run.consume(account, 3).outcome, equals=Outcome.OK)
        left -= Money(minor=3 * run.unit_price, currency=left.currency)
    run.expect(
        "Three debits leave the exact rest", run.balance(account), equals=left, reveals="F32", source="wallet"
    )
    total = run.backend.ledger_total(account)
    run.expect("The ledger entries sum up to the balance", total, equals=run.balance(account), reveals="F34")
