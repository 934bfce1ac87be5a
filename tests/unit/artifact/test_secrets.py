"""No secret reaches any file of a bundle, in whatever encoding a probe happens to show it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.complete import complete_canary
from billing_canary.artifact.verify import BundleState, verify_bundle
from billing_canary.errors import EvidenceError
from billing_canary.model import Evidence, HealthCheck, SafetyCheck, Status
from billing_canary.redact import Redactor

SECRET = "p@ss/word+of=the backend"
KEY = "rk_test_51Hx0qLmNoPq"
FORMS = {
    "as it is": SECRET,
    "upper case": SECRET.upper(),
    "in a URL": quote(SECRET, safe=""),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "basic auth": base64.b64encode(f"{SECRET}:".encode()).decode(),
    "hex": SECRET.encode().hex(),
    "provider key": KEY,
    "webhook secret": "whsec_abcdef0123456789",
    "bearer": "Bearer abcdefghijklmnop",
    "card": "4242 4242 4242 4242",
}


def leak(report: CanaryReport, text: str) -> CanaryReport:
    """The report with `text` in every field that comes from outside."""
    row = Evidence(claim=f"c {text}", expected=text, observed=f"x {text}", held=False, source=text)
    probe = replace(report.run.probes[1], title=text, reason=text, owner=text, evidence=(row,))
    run = replace(
        report.run,
        target=text,
        notes=(text,),
        probes=(probe,),
        health_check=HealthCheck(status=Status.PASS, detail=text),
        safety_checks=(SafetyCheck(id="x", status=Status.PASS, claim=text, detail=text),),
    )
    return replace(
        report,
        run=run,
        head=replace(report.head, argv=("probe", text), versions={text: text}),
        verdict=replace(report.verdict, reasons=(text,)),
    )


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_no_file_of_the_bundle_holds_the_secret(
    form: str, claim: Callable[..., BundleWriter], report: CanaryReport
) -> None:
    writer = claim(redact=Redactor([SECRET]))
    writer.open_log().write(f"GET /x?key={form} HTTP/1.1\n")
    writer.write_text("logs/more.log", f"{form}\n", kind="log")
    writer.write_json("runner.json", {"tools": {form: [form]}}, kind="runner")

    complete_canary(writer, leak(report, form))

    bare = form.removeprefix("Bearer ").encode()
    holders = [file for file in writer.folder.rglob("*") if file.is_file() and bare in file.read_bytes()]
    assert holders == []
    assert verify_bundle(writer.folder).state is BundleState.VERIFIED


def test_a_secret_in_a_file_name_is_refused_and_not_repeated(claim: Callable[..., BundleWriter]) -> None:
    with pytest.raises(EvidenceError, match="looks like a secret") as caught:
        claim().write_text(f"{KEY}.txt", "x", kind="other")

    assert KEY not in str(caught.value)


def test_bytes_are_masked_and_otherwise_kept(claim: Callable[..., BundleWriter]) -> None:
    writer = claim(redact=Redactor([SECRET]))

    file = writer.write_bytes("dump.bin", b"\xff\x00" + SECRET.encode() + b"\xfe", kind="other")

    assert file.read_bytes() == b"\xff\x00[redacted]\xfe"


def test_the_reason_of_an_interruption_is_masked(claim: Callable[..., BundleWriter]) -> None:
    writer = claim(redact=Redactor([SECRET]))

    writer.interrupt(f"cannot log in with {SECRET}")

    text = (Path(writer.folder) / "run.json").read_text()
    assert SECRET not in text
    assert "cannot log in with [redacted]" in text
