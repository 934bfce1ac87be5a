from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.render.junit import junit
from billing_canary.model import ProbeResult, Status


def parsed(report: CanaryReport) -> ET.Element:
    return ET.fromstring(junit(report))  # noqa: S314 - our own document


def outcomes(report: CanaryReport) -> dict[str, list[tuple[str, str]]]:
    """Probe id to (element, type) of what stands in its test case."""
    return {
        case.attrib["name"].partition(":")[0]: [(child.tag, child.attrib["type"]) for child in case]
        for case in parsed(report).iter("testcase")
    }


def test_each_probe_is_a_test_case_with_its_outcome(report: CanaryReport) -> None:
    assert outcomes(report) == {
        "wallet.top_up": [],
        "webhooks.replay": [("failure", "fail")],
        "quota.blocked": [("skipped", "skipped")],
        "ladder.suspends": [("error", "flaky")],
    }


def test_a_status_that_is_no_failure_is_an_error_of_its_own_type(report: CanaryReport) -> None:
    first = report.run.probes[0]
    for status in (Status.ERROR, Status.REFUSED, Status.INCONCLUSIVE):
        one = replace(report, run=replace(report.run, probes=(replace(first, status=status),)))

        assert outcomes(one) == {"wallet.top_up": [("error", str(status))]}


def test_the_counts_are_those_of_the_cases(report: CanaryReport) -> None:
    suite = parsed(report).find("testsuite")

    assert suite is not None
    counts = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    assert suite.attrib["time"] == "0.492"


def test_an_excuse_stands_in_the_message_of_its_skip(report: CanaryReport, excused: ProbeResult) -> None:
    skipped = parsed(replace(report, run=replace(report.run, probes=(excused,)))).find(".//skipped")

    assert skipped is not None
    assert skipped.attrib["message"] == (
        "the target has no operation use_quota; not applicable here: this product sells no quota "
        "(says @billing)"
    )


def test_a_failure_says_what_was_expected_and_observed(report: CanaryReport) -> None:
    failure = parsed(report).find(".//failure")

    assert failure is not None
    assert failure.attrib["message"] == "1 of 2 claims did not hold"
    assert failure.text is not None
    assert failure.text.split("\n") == [
        "not so: A copy changes nothing",
        "expected: 0.29 RUB",
        "observed: 0.58 RUB",
    ]


def test_a_failure_without_a_reason_is_still_a_failure(report: CanaryReport) -> None:
    silent = replace(report.run.probes[1], reason="", evidence=())
    for status in set(Status) - {Status.PASS}:
        one = replace(report, run=replace(report.run, probes=(replace(silent, status=status),)))

        assert len(outcomes(one)["webhooks.replay"]) == 1


def test_hostile_text_leaves_the_document_well_formed(nasty: CanaryReport) -> None:
    root = parsed(nasty)

    assert len(list(root.iter("testcase"))) == 4
    assert root.find(".//script") is None
