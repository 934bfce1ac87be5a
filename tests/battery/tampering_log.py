"""Attempts on the audit log: edited, shortened, forged, chained anew, replaced; and what it says truly."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.battery import forgery
from tests.battery import log_deeds as do
from tests.battery.forgery import entry, with_fields
from tests.battery.released import final_of
from tests.battery.tampering import Case, case

from billing_canary.audit.chain import line_of

_DAMAGED, _REWRITTEN = "the audit log is damaged", "rewritten: "
_NOBODY = "approvals: no approval by"

_LINE_CASES = (
    case("log-commit-edited", do.text(do.LEAD, b'"commit":"', b'"commit":"0'), _DAMAGED),
    case("log-role-edited", do.text(do.QA, b'"role":"qa"', b'"role":"lead"'), _DAMAGED),
    case("log-person-edited", do.text(do.LEAD, b"Taylor Example", b"Sam Probe"), _DAMAGED),
    case("log-time-edited", do.text(do.LEAD, b'"at":"2026', b'"at":"2025'), _DAMAGED),
    case("log-expiry-edited", do.text(do.RISK, b'"expires":"2026', b'"expires":"2027'), _DAMAGED),
    case("log-digest-edited", do.text(do.QA, b'"digest":"', b'"digest":"0'), _DAMAGED),
    case("log-previous-edited", do.text(do.RISK, b'"previous":"0', b'"previous":"1'), _DAMAGED),
    case("log-number-edited", do.text(do.QA, b'"sequence":5', b'"sequence":6'), _DAMAGED),
    case("log-kind-edited", do.text(do.QA, b'"kind":"approval"', b'"kind":"applause"'), _DAMAGED),
    case("log-kind-twice", do.text(do.QA, b'"kind":', b'"kind":"approval","kind":'), _DAMAGED),
    case("log-key-unknown", do.text(do.QA, b'"kind":', b'"extra":1,"kind":'), _DAMAGED),
    case("log-number-bool", do.text(do.RISK, b'"sequence":1', b'"sequence":true'), _DAMAGED),
    case("log-number-float", do.text(do.RISK, b'"sequence":1', b'"sequence":1.0'), _DAMAGED),
    case("log-number-digits", do.text(do.RISK, b'"sequence":1', b'"sequence":' + b"1" * 5000), _DAMAGED),
    case("log-surrogate", do.text(do.QA, b"Sam Probe", b"Sam Probe\\ud800"), _DAMAGED),
    case("log-no-utf-8", do.text(do.QA, b"Sam Probe", b"Sam Probe\xff"), _DAMAGED),
    case("log-escaped", do.text(do.QA, b"Sam Probe", b"S\\u0061m Probe"), _DAMAGED),
    case("log-spaced", do.text(do.QA, b'"kind":', b'"kind": '), _DAMAGED),
    case(
        "log-deep",
        do.text(do.QA, b'"fields":{', b'"fields":{"x":' + b"[" * 9000 + b"]" * 9000 + b","),
        _DAMAGED,
    ),
    case("log-line-of-a-megabyte", do.text(do.QA, b"Sam Probe", b"S" * 1_000_000), _DAMAGED),
    case("log-bom", do.text(do.RISK, b"{", b"\xef\xbb\xbf{"), _DAMAGED),
    case(
        "log-with-carriage-returns",
        do.lines(lambda x: x.__setitem__(slice(None), [y[:-1] + b"\r\n" for y in x])),
        _DAMAGED,
    ),
    case(
        "log-with-one-carriage-return", do.lines(lambda x: x.__setitem__(-1, x[-1][:-1] + b"\r\n")), _DAMAGED
    ),
    case("log-line-deleted", do.lines(lambda x: x.pop(do.FINANCE)), _DAMAGED),
    case("log-first-line-deleted", do.lines(lambda x: x.pop(do.RISK)), _DAMAGED),
    case("log-lines-swapped", do.lines(lambda x: x.append(x.pop(do.LEAD))), _DAMAGED),
    case("log-line-doubled", do.lines(lambda x: x.append(x[-1])), _DAMAGED),
    case("log-line-doubled-inside", do.lines(lambda x: x.insert(1, x[1])), _DAMAGED),
    case("log-last-line-cut", lambda r: forgery.cut(r.log, -20), _DAMAGED),
    case("log-end-cut", lambda r: forgery.cut(r.log, -1), _DAMAGED),
    case("log-halved", lambda r: forgery.cut(r.log, 0.5), _DAMAGED),
    case("log-empty-line", do.lines(lambda x: x.insert(2, b"\n")), _DAMAGED),
    case("log-bit-flipped", lambda r: forgery.flip(r.log, 0.4), _DAMAGED),
    case("log-nul-behind", do.lines(lambda x: x.append(b"\x00")), _DAMAGED),
    case("log-text-behind", do.lines(lambda x: x.append(b"approved\n")), _DAMAGED),
    case(
        "log-forged-line-unchained",
        lambda r: r.log.write_bytes(
            r.log.read_bytes()
            + line_of(entry("approval", "Sam Probe", do.LATER, {"commit": r.candidate, "role": "qa"}))
        ),
        _DAMAGED,
    ),
    case("log-entry-fixed-role", do.fixed(do.LEAD, lambda e: with_fields(e, role="qa")), _DAMAGED),
    case("log-entry-fixed-commit", do.fixed(do.FINANCE, lambda e: with_fields(e, commit="a" * 40)), _DAMAGED),
    case("log-entry-fixed-time", do.fixed(do.LEAD, lambda e: replace(e, at=do.LONG_AGO)), _DAMAGED),
)

_CHAIN_CASES = (
    case("log-last-entry-removed", do.lines(lambda x: x.pop()), "no approval by qa"),
    case("log-empty", lambda r: r.log.write_bytes(b""), _REWRITTEN),
    case("log-removed", lambda r: r.log.unlink(), _REWRITTEN),
    case("chained-anew-without-a-committed-entry", do.anew(do.drop(do.RISK)), _REWRITTEN),
    case(
        "chained-anew-with-another-owner",
        do.anew(do.put(do.RISK, lambda e: with_fields(e, owner="Bo"))),
        _REWRITTEN,
    ),
    case(
        "chained-anew-with-another-expiry",
        do.anew(do.put(do.FINANCE, lambda e: with_fields(e, expires="2027-01-01T00:00:00.000Z"))),
        _REWRITTEN,
    ),
    case(
        "chained-anew-with-another-state",
        do.anew(do.put(do.PLAN, lambda e: with_fields(e, state="partial"))),
        _REWRITTEN,
    ),
    case(
        "chained-anew-with-an-entry-before",
        do.anew(lambda x, _: x.insert(0, replace(x[do.QA], at=x[0].at))),
        _REWRITTEN,
    ),
    case(
        "chained-anew-in-another-order",
        do.anew(lambda x, _: x.insert(0, replace(x.pop(do.FINANCE), at=x[0].at))),
        _REWRITTEN,
    ),
    case(
        "chained-anew-after-a-decision",
        do.anew(do.put(do.QA, lambda e: replace(e, by="sam@example.com")), decided=True),
        _REWRITTEN,
    ),
    case(
        "chained-anew-with-a-forged-approval",
        do.anew(do.instead(do.LEAD, do.approve("Taylor Example", "lead")), decided=True),
        _REWRITTEN,
    ),
    case(
        "last-entry-removed-after-a-decision",
        do.anew(lambda x, _: x.__setitem__(-1, replace(x[-1], at=x[-1].at[:-4] + "999Z")), decided=True),
        _REWRITTEN,
    ),
    case("chained-anew-and-committed-after-a-decision", do.decided_and_committed, _REWRITTEN),
    case("withdrawal-taken-out-after-a-decision", do.withdrawal_taken_back, _REWRITTEN),
    case(
        "decision-that-knew-more-altered",
        do.decision_hidden(lambda f: forgery.flip(final_of(f), 0.5)),
        _REWRITTEN,
    ),
    case("decision-that-knew-more-removed", do.decision_hidden(shutil.rmtree), _REWRITTEN),
    case(
        "decision-that-knew-more-without-report",
        do.decision_hidden(lambda f: final_of(f).unlink()),
        _REWRITTEN,
    ),
    case(
        "decision-that-knew-more-moved",
        do.decision_hidden(lambda f: f.rename(f.parents[2] / "x")),
        _REWRITTEN,
    ),
    case(
        "decision-that-knew-more-renamed",
        do.decision_hidden(lambda f: f.rename(f.with_name("x"))),
        _REWRITTEN,
    ),
    case(
        "decision-that-knew-more-linked",
        do.decision_hidden(lambda f: f.with_name("y").symlink_to(f.rename(f.parents[2] / "x"))),
        _REWRITTEN,
    ),
    case("decision-that-knew-more-buried", do.buried, _REWRITTEN),
)

_PLACE_CASES = (
    case("log-is-a-fifo", do.place(os.mkfifo), _DAMAGED),
    case("audit-log-is-a-folder", do.place(Path.mkdir), _DAMAGED),
    case("audit-log-is-endless", do.place(lambda file: file.symlink_to("/dev/zero")), _DAMAGED),
    case("log-is-a-link", do.linked, _DAMAGED),
    case("log-is-a-link-to-nowhere", do.place(lambda file: file.symlink_to("nowhere")), _DAMAGED),
    case("log-is-a-loop", do.place(lambda file: file.symlink_to(file.name)), _DAMAGED),
    case("log-is-huge", lambda r: os.truncate(r.log, 1 << 40), _DAMAGED),
    case("folder-of-the-log-is-a-link", do.linked_folder, _DAMAGED),
    case("log-committed-as-a-link", do.committed_as_link, _REWRITTEN),
)

_TRUE_CASES = (
    case(
        "approval-for-another-commit",
        do.anew(do.instead(do.LEAD, do.approve("Taylor Example", "lead", "a" * 40))),
        _NOBODY,
    ),
    case(
        "approval-withdrawn",
        do.said("approve", "--withdraw", "4", "--by", "Taylor Example", "--reason", "no"),
        _NOBODY,
    ),
    case(
        "approval-in-another-role", do.anew(do.instead(do.LEAD, do.approve("Taylor Example", "qa"))), _NOBODY
    ),
    case(
        "approval-in-a-role-in-capitals",
        do.anew(do.instead(do.LEAD, do.approve("Taylor Example", "Lead"))),
        _NOBODY,
    ),
    case(
        "approval-without-the-role",
        do.anew(do.instead(do.LEAD, do.approve("Sam Probe", "lead"))),
        "does not have the role",
    ),
    case(
        "approval-by-a-stranger",
        do.anew(do.instead(do.LEAD, do.approve("Mallory", "lead"))),
        "nobody of that name",
    ),
    case(
        "approval-by-the-release-owner",
        do.anew(do.instead(do.LEAD, do.approve("Robin Example", "lead"))),
        "release owner",
    ),
    case(
        "approval-of-the-future",
        do.anew(do.put(do.QA, lambda e: replace(e, at=do.LATER))),
        "after this decision",
    ),
    case("sign-off-by-the-wrong-person", do.other_attester, "has the role finance"),
    case("one-person-twice", do.anew(do.instead(do.QA, do.approve("taylor@example.com", "qa"))), _NOBODY),
    case(
        "one-person-thrice",
        do.anew(do.instead(do.QA, do.approve("Example, Taylor", "qa"), do.approve("TAYLOR EXAMPLE", "lead"))),
        _NOBODY,
    ),
    case(
        "risk-closed",
        do.said("risk", "close", "1", "--by", "Kim Sample", "--reason", "mended"),
        "nobody attests known-risks",
    ),
    case(
        "attestation-withdrawn",
        do.said("attest", "--withdraw", "2", "--by", "Kim Sample", "--reason", "no"),
        "nobody attested it",
    ),
    case(
        "plan-withdrawn",
        do.said("attest", "--withdraw", "3", "--by", "Kim Sample", "--reason", "no"),
        "rollback: nobody attested",
    ),
    case(
        "plan-now-none",
        do.said(
            "attest",
            "rollback",
            "--commit",
            "{commit}",
            "--state",
            "none",
            "--by",
            "Kim Sample",
            "--reason",
            "it failed",
            "--expires",
            "2d",
        ),
        "is attested as none",
    ),
    case(
        "plan-never-rehearsed",
        do.said(
            "attest",
            "rollback",
            "--commit",
            "{commit}",
            "--state",
            "verified",
            "--by",
            "Kim Sample",
            "--reason",
            "on paper",
            "--expires",
            "2d",
        ),
        "does not tell when",
    ),
    case(
        "plan-rehearsed-long-ago",
        do.said(
            "attest",
            "rollback",
            "--commit",
            "{commit}",
            "--state",
            "verified",
            "--rehearsed-on",
            "2020-02-02",
            "--by",
            "Kim Sample",
            "--reason",
            "x",
            "--expires",
            "2d",
        ),
        "over 90 days ago",
    ),
    case("incident-open", do.INCIDENT, "an open incident touches billing"),
    case("incident-edited-to-be-harmless", do.closed_incident_forged, _DAMAGED),
)


def _expired_cases() -> Iterator[Case]:
    yield case("risk-expired", do.expired(do.RISK, "risk"), "was accepted until 2026-01-02")
    yield case(
        "attestation-expired",
        do.expired(do.FINANCE, "attestation"),
        "finance: attestation 2 by Kim Sample held",
    )
    yield case(
        "plan-expired", do.expired(do.PLAN, "attestation"), "rollback: attestation 3 by Kim Sample held"
    )


CASES = (*_LINE_CASES, *_CHAIN_CASES, *_PLACE_CASES, *_TRUE_CASES, *_expired_cases())
