"""Attempts with forged reports and indexes, with and without recomputing their hashes."""

from __future__ import annotations

from tests.battery import run_deeds as do
from tests.battery.forgery import put
from tests.battery.released import CANARY, TIER
from tests.battery.tampering import case

_SEAL = "not the ones that were sealed"
_GONE = "is gone, though nobody pruned it"
_EVIDENCE = "but its evidence says"
_ABOVE = "/".join([".."] * 12)

_FORGED_CASES = (
    *(
        case(f"forged-{name}-of-{run}", do.new(run, do.unsealed(change)), _SEAL)
        for run in ("failing", "dirty", "failing-canary")
        for name, change in {
            "overall-status": put(overall_status="pass", duration_ms=1),
            "commit": put(commit="a" * 40),
            "dirty": put(dirty=False, duration_ms=1),
            "mode": put(mode="staging"),
        }.items()
    ),
    case("forged-tier", do.new("failing", do.unsealed(put(tier="other"))), _SEAL),
    case("forged-missing-count", do.to(TIER, do.unsealed(put(missing_count=0, duration_ms=1))), _SEAL),
    case("forged-finish", do.to(TIER, do.unsealed(do.later(1, "finished_at"))), _SEAL),
    case("forged-seal", do.to(TIER, do.unsealed(put(document_sha256="0" * 64))), _SEAL),
    case("recomputed-overall-status", do.new("failing", do.sealed(do.GREEN)), _EVIDENCE),
    case("recomputed-suites", do.new("failing", do.sealed(do.GREEN_SUITES)), _EVIDENCE),
    case(
        "recomputed-exit-codes",
        do.new("failing", do.sealed(do.both(do.GREEN_SUITES, do.attempts(exit_code=0)))),
        _EVIDENCE,
    ),
    case(
        "recomputed-junit",
        do.new("failing", do.sealed(do.both(do.GREEN_SUITES, do.junit(failures=0)))),
        _EVIDENCE,
    ),
    case("recomputed-no-suites", do.to(TIER, do.sealed(put(suites=[]))), _EVIDENCE),
    case("recomputed-timed-out", do.to(TIER, do.sealed(do.attempts(timed_out=True))), _EVIDENCE),
    case("recomputed-without-junit", do.to(TIER, do.sealed(do.attempts(junit=None))), _EVIDENCE),
    case("recomputed-no-tests", do.to(TIER, do.sealed(do.junit(tests=0))), _EVIDENCE),
    case("recomputed-all-skipped", do.to(TIER, do.sealed(do.junit(skipped=1))), _EVIDENCE),
    case("recomputed-flaky", do.to(TIER, do.sealed(do.junit(flaky=1))), _EVIDENCE),
    case("recomputed-few-tests", do.to(TIER, do.sealed(do.each("suites", min_tests=9))), _EVIDENCE),
    case("recomputed-line-coverage", do.to(TIER, do.sealed(do.counts("line", covered=1))), _EVIDENCE),
    case("recomputed-branch-coverage", do.to(TIER, do.sealed(do.counts("branch", covered=0))), _EVIDENCE),
    case("recomputed-floor", do.to(TIER, do.sealed(do.counts("line", covered=2, minimum="99"))), _EVIDENCE),
    case("recomputed-no-coverage", do.to(TIER, do.sealed(put(coverage=[]))), _EVIDENCE),
    case(
        "recomputed-no-gate",
        do.to(TIER, do.sealed(put(coverage=[], coverage_gate=False))),
        "no coverage gate",
    ),
    case("recomputed-note", do.to(TIER, do.sealed(put(notes=["stopped early"]))), _EVIDENCE),
    case("recomputed-harness", do.to(TIER, do.sealed(put(checks_harness=True))), "checks the harness"),
    case("recomputed-shard", do.to(TIER, do.sealed(put(shard={"index": 1, "of": 2}))), "damaged"),
    case("recomputed-missing-count", do.to(TIER, do.sealed(put(missing_count=1))), "missing_count is 1"),
    case("recomputed-dirty", do.to(TIER, do.sealed(put(dirty=True))), "uncommitted changes"),
    case("recomputed-no-commit", do.to(TIER, do.sealed(put(commit=None, dirty=None))), "outside of a Git"),
    case("recomputed-tier", do.to(TIER, do.sealed(put(tier="other"))), "disagree"),
    case("recomputed-mode", do.to(CANARY, do.sealed(put(mode="staging"))), "disagree"),
    case("recomputed-target", do.to(CANARY, do.sealed(put(target="shop"))), "disagree"),
    case("recomputed-limits", do.new("limited-canary", do.sealed(put(argv=["probe"]))), "disagree"),
    case("recomputed-other-kind", do.to(TIER, do.run_changed(kind=CANARY)), "kind is"),
    case("recomputed-other-run", do.to(TIER, do.run_changed(run_id="other")), "run_id is"),
    case("recomputed-running", do.to(TIER, do.run_changed(state="running")), "state is"),
    case("recomputed-interrupted", do.to(CANARY, do.run_changed(state="interrupted")), "state is"),
    case(
        "recomputed-canary-status", do.new("failing-canary", do.sealed(put(overall_status="pass"))), _EVIDENCE
    ),
    case("recomputed-probe-status", do.new("failing-canary", do.sealed(do.GREEN_PROBES)), _EVIDENCE),
    case("recomputed-no-probes", do.to(CANARY, do.sealed(put(probes=[]))), _EVIDENCE),
    case("recomputed-no-claims", do.to(CANARY, do.sealed(do.each("probes", evidence=[]))), _EVIDENCE),
    case("recomputed-broken-claim", do.to(CANARY, do.sealed(do.claims(held=False))), _EVIDENCE),
    case("recomputed-skipped-probe", do.to(CANARY, do.sealed(do.each("probes", status="skip"))), _EVIDENCE),
    case("recomputed-flaky-probe", do.to(CANARY, do.sealed(do.each("probes", flaky=True))), _EVIDENCE),
    case("recomputed-minor-probe", do.to(CANARY, do.sealed(do.each("probes", severity="minor"))), "damaged"),
    case(
        "recomputed-refusal", do.to(CANARY, do.sealed(do.each("safety_checks", status="refused"))), _EVIDENCE
    ),
    case("recomputed-not-run", do.to(CANARY, do.sealed(put(notes=["ended by the caps"]))), _EVIDENCE),
)

_INDEX_CASES = (
    *(
        case(f"index-path-{name}", do.to(TIER, do.path(path)), "is damaged")
        for name, path in {
            "above": "../junit.xml",
            "far-above": f"{_ABOVE}/etc/passwd",
            "above-inside": "logs/../junit.xml",
            "absolute": "/etc/passwd",
            "nul": "junit.xml\x00",
            "newline": "junit.xml\n",
            "backslash": "logs\\run.log",
            "drive": "C:junit.xml",
            "empty": "",
            "dot": ".",
            "dotted": "./junit.xml",
            "doubled-slash": "logs//run.log",
            "folder": "logs",
            "trailing-slash": "junit.xml/",
            "other-case": "JUNIT.XML",
            "4-kB": "x" * 4096,
            "deep": "x/" * 400 + "x",
            "surrogate-like": "junit\u202e.xml",
            "elsewhere": "nowhere.xml",
        }.items()
    ),
    *(
        case(f"index-also-{name}", do.to(TIER, do.more_rows(path)), "is damaged")
        for name, path in {
            "twice": "junit.xml",
            "case-clash": "Junit.xml",
            "above": "../../index.jsonl",
            "absolute": "/dev/zero",
        }.items()
    ),
    case("index-path-is-no-text", do.to(TIER, do.row(path=1)), "is damaged"),
    case("index-says-absent", do.to(TIER, do.row(present=False)), "is damaged"),
    case("index-bytes-bool", do.to(TIER, do.row(bytes=True)), "is damaged"),
    case("index-bytes-negative", do.to(TIER, do.row(bytes=-1)), "is damaged"),
    case("index-hash-of-nothing", do.to(TIER, do.row(sha256="")), "is damaged"),
    case("index-hash-null", do.to(TIER, do.row(sha256=None, bytes=None)), "is damaged"),
    case("index-empty", do.to(TIER, do.sealed(put(artifact_index=[]))), "is damaged"),
    case("index-null", do.to(CANARY, do.sealed(put(artifact_index=None))), "is damaged"),
    case("index-without-run-file", do.to(TIER, do.sealed(lambda d: d["artifact_index"].pop())), "is damaged"),
    case("required-file-missing", do.to(TIER, do.lacking("junit.xml")), "is damaged"),
    case("required-file-made-optional", do.to(TIER, do.lacking("junit.xml", required=False)), "is damaged"),
    case("log-made-optional", do.to(CANARY, do.lacking("logs/run.log", required=False)), "is damaged"),
    *(
        case(f"dropped-with-its-row-{path}", do.to(TIER, do.dropped(path)), "is damaged")
        for path in ("junit.xml", "summary.md", "runner.json", "logs/run.log", "run.json")
    ),
    case("canary-junit-dropped-with-its-row", do.to(CANARY, do.dropped("junit.xml")), "is damaged"),
)

CASES = (*_FORGED_CASES, *_INDEX_CASES)
