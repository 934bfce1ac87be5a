"""The payment provider: what billing relies on when it retries and when it pays back."""

from __future__ import annotations

from billing_canary import Money, Operation, ProbeContext, ProviderError, Severity, Spends, billing_probe

OWNER = "payments"


@billing_probe(
    title="A request repeated with its idempotency key is one payment at the provider",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(Operation.PAY,),
    spends=Spends(payments=1),
)
def repeated_key_is_one_payment(run: ProbeContext) -> None:
    key = run.new_key()
    first = run.create_payment(run.amount, key)
    repeated = run.create_payment(run.amount, key)
    claim = "A repetition answers with the same payment"
    run.expect(claim, repeated.id, equals=first.id, source="provider")
    for payment in {first.id, repeated.id}:  # nothing was paid; nothing is left behind
        run.provider.cancel(payment)


@billing_probe(
    title="A payment cannot be refunded twice",
    severity=Severity.CRITICAL,
    owner=OWNER,
    needs=(Operation.PAY,),
    spends=Spends(payments=2, minor_units=1),
)
def second_refund_rejected(run: ProbeContext) -> None:
    payment = run.create_payment(run.amount, run.new_key())
    card = run.target.settings.test_cards["accepted"]
    paid = run.provider.confirm(payment.id, card)
    run.require("The payment succeeds", paid.status, equals="succeeded", source="provider")
    status = run.provider.refund(payment.id, run.amount, run.new_key())
    run.require("The whole payment can be refunded", status, equals="succeeded", source="provider")
    try:
        again = run.provider.refund(payment.id, Money(minor=1, currency=run.amount.currency), run.new_key())
    except ProviderError as error:
        again = f"rejected ({error.code})"
    claim = "Of a payment that was refunded whole nothing more is refunded"
    run.expect(claim, again, equals="rejected", held=again.startswith("rejected"), source="provider")
