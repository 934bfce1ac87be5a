from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.artifact import schema
from billing_canary.artifact.canary_reading import read_canary_report
from billing_canary.artifact.canary_report import CanaryReport, canary_document
from billing_canary.artifact.faults_reading import read_faults_report
from billing_canary.artifact.faults_report import FaultsReport, faults_document
from billing_canary.artifact.money_json import money_document, read_money
from billing_canary.artifact.previous import PreviousRun
from billing_canary.errors import EvidenceError
from billing_canary.model import ProbeResult
from billing_canary.money import Money


def test_money_travels_as_minor_units_with_a_text_for_people() -> None:
    assert money_document(Money(minor=29, currency="RUB")) == {
        "minor": 29,
        "currency": "RUB",
        "text": "0.29 RUB",
    }


@given(st.integers(1 - 2**53, 2**53 - 1), st.sampled_from(["RUB", "JPY", "KWD", "ISK"]))
def test_money_survives_the_journey_exactly(minor: int, currency: str) -> None:
    money = Money(minor=minor, currency=currency)

    assert read_money(json.loads(json.dumps(money_document(money)))) == money


def test_a_probe_stands_in_the_document_with_its_evidence(report: CanaryReport) -> None:
    probe = canary_document(report)["probes"][1]

    assert (probe["id"], probe["status"], probe["severity"], probe["owner"]) == (
        "webhooks.replay",
        "fail",
        "critical",
        "@billing",
    )
    assert probe["evidence"][1] == {
        "claim": "A copy changes nothing",
        "expected": "0.29 RUB",
        "observed": "0.58 RUB",
        "held": False,
        "source": "read_wallet",
        "reveals": ["F01", "F99"],
    }


def test_only_the_titles_of_revealed_faults_are_recorded(report: CanaryReport) -> None:
    titles = canary_document(report)["fault_titles"]

    assert titles == {"F01": "Same event credited twice", "F99": ""}


def test_caps_and_entries_of_the_spend_are_recorded(report: CanaryReport) -> None:
    spend = canary_document(report)["spend"]

    assert [money["text"] for money in spend["caps"]["per_run"]] == ["10.00 RUB", "500 JPY"]
    assert [money["text"] for money in spend["caps"]["per_call"]] == ["1.00 RUB"]
    assert spend["entries"][0]["idempotency_key"] == "run-top-up-1"
    assert spend["entries"][0]["total"]["minor"] == 29


def test_an_excuse_and_an_uncounted_step_come_back(report: CanaryReport, excused: ProbeResult) -> None:
    entry = replace(report.run.spend.entries[0], counted=False)
    run = replace(report.run, probes=(excused,), spend=replace(report.run.spend, entries=(entry,)))
    document = json.loads(json.dumps(canary_document(replace(report, run=run))))
    schema.validate(document, "canary-report")
    (probe,) = document["probes"]
    assert probe["not_applicable"] == {"reason": "this product sells no quota", "owner": "@billing"}
    assert document["spend"]["entries"][0]["counted"] is False
    assert read_canary_report(document).run == run


def test_a_report_from_before_these_fields_is_read_as_if_they_said_nothing(report: CanaryReport) -> None:
    document = json.loads(json.dumps(canary_document(report)))
    for probe in document["probes"]:
        del probe["not_applicable"]
    for entry in document["spend"]["entries"]:
        del entry["counted"]
    assert read_canary_report(document).run == report.run


@pytest.mark.parametrize(
    "excuse",
    [{}, {"reason": "x"}, {"owner": "x"}, {"reason": "", "owner": "x"}, {"reason": "x", "owner": ""}, "no"],
)
def test_an_excuse_that_is_none_is_refused(report: CanaryReport, excuse: object) -> None:
    document = canary_document(report)
    document["probes"][0]["not_applicable"] = excuse
    with pytest.raises(EvidenceError, match="not_applicable"):
        read_canary_report(document)


def test_a_report_comes_back_as_it_was(report: CanaryReport) -> None:
    before = PreviousRun(
        run_id="r0",
        overall_status="pass",
        commit=None,
        started_at="2026-11-21T10:07:16.123Z",
        changes=("wallet.top_up: pass before, fail now",),
    )
    whole = replace(report, previous=before, fault_titles={"F01": "Same event credited twice", "F99": ""})

    assert read_canary_report(json.loads(json.dumps(canary_document(whole)))) == whole


def test_a_faults_report_comes_back_as_it_was(faults_report: FaultsReport) -> None:
    assert read_faults_report(json.loads(json.dumps(faults_document(faults_report)))) == faults_report


def test_an_unknown_currency_is_refused(report: CanaryReport) -> None:
    document = canary_document(report)
    document["spend"]["moved"][0]["currency"] = "XXQ"

    with pytest.raises(EvidenceError, match="unknown currency 'XXQ'"):
        read_canary_report(document)
