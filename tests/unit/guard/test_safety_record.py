"""The record of every rule: counts, proofs, warnings and refusals, whoever adds to it at the same time."""

from __future__ import annotations

from threading import Thread

from billing_canary.errors import RefusedError
from billing_canary.guard.safety_record import SafetyRecord
from billing_canary.model import SafetyCheck, Status


def check(record: SafetyRecord, rule: str = "hosts", proof: str = "") -> SafetyCheck:
    return record.check(rule, "The claim", {rule: proof})


def refuse(record: SafetyRecord, reason: str, *, ends_run: bool = False) -> RefusedError:
    refusal = RefusedError("hosts", reason, ends_run=ends_run)
    assert record.refuse(refusal) is refusal
    return refusal


def test_a_rule_that_was_never_asked_is_skipped() -> None:
    found = check(SafetyRecord())
    assert found == SafetyCheck(
        id="hosts", status=Status.SKIP, claim="The claim", detail="0 checked, none refused"
    )


def test_what_passed_is_counted_rule_by_rule_with_its_proof() -> None:
    record = SafetyRecord()
    record.passed("hosts", "keys")
    record.passed("hosts")
    assert check(record, proof="contacted x").detail == "2 checked, none refused; contacted x"
    assert check(record).status is Status.PASS
    assert check(record, "keys").detail == "1 checked, none refused"
    assert check(record, "caps").status is Status.SKIP


def test_each_sentence_is_told_once_and_in_order() -> None:
    record = SafetyRecord()
    for sentence in ("b", "a", "b"):
        record.say("hosts", sentence)
    assert check(record, proof="p").detail == "0 checked, none refused; p; b; a"
    assert check(record).status is Status.SKIP


def test_one_refusal_outweighs_everything_that_passed() -> None:
    record = SafetyRecord()
    record.passed("hosts")
    record.say("hosts", "a proof")
    refuse(record, "x.test")
    found = check(record, proof="contacted y")
    assert (found.status, found.detail) == (Status.REFUSED, "1 refused: x.test")


def test_equal_refusals_are_counted_and_shown_once_and_many_are_cut_short() -> None:
    record = SafetyRecord()
    for number in range(7):
        refuse(record, f"reason {number}")
        refuse(record, f"reason {number}")
    detail = check(record).detail
    assert detail.startswith("14 refused: reason 0; reason 1; ")
    assert detail.endswith("reason 4; and 2 other reasons")


def test_the_first_refusal_that_ends_the_run_is_kept() -> None:
    record = SafetyRecord()
    refuse(record, "harmless")
    assert record.ended is None
    first = refuse(record, "first", ends_run=True)
    refuse(record, "second", ends_run=True)
    assert record.ended is first


def test_threads_lose_no_count() -> None:
    record = SafetyRecord()

    def add() -> None:
        for _ in range(500):
            record.passed("hosts")
            record.say("hosts", "once")
            refuse(record, "reason")

    threads = [Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert check(record).detail == "4000 refused: reason"
