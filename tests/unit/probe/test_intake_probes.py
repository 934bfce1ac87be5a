"""The intake probes against a webhook endpoint of our own, right and in each way in which it can be wrong."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path

import pytest
import stripe
from tests.fakes.project_folder import make_project
from tests.fakes.server import Call, FakeServer, Reply, answer_json

from billing_canary.model import ProbeResult, Status
from billing_canary.probe.canary import CanaryPlan, run_canary
from billing_canary.probe.loader import load_probes
from billing_canary.project import Project
from billing_canary.redact import Redactor
from billing_canary.target.connect import Wishes, connect_mock

ROOT = Path(__file__).parents[3]
SECRET = "whsec_hooks"
TARGET = """
[mock]
backend = "hooks"
base_url = {{ env = "HOOKS_URL" }}
currency = "RUB"
amounts = {{ RUB = 29 }}
webhook_secret = {{ env = "HOOKS_SECRET" }}
patience = {{ eventually_ms = 60, holds_ms = 20, poll_ms = 10 }}
[backends.hooks.paid_event]
type = "payment_intent.succeeded"
[backends.hooks.paid_event.body]
id = "{{event}}"
type = "payment_intent.succeeded"
livemode = "{{livemode}}"
data = {{ object = {{ id = "{{payment}}", status = "succeeded", who = "{{account}}" }} }}
[backends.hooks.operations.deliver_event]
method = "POST"
path = "/hook"
headers = {{ Stripe-Signature = "{{signature}}" }}
{read_event}
"""
READ_EVENT = """
[backends.hooks.operations.read_event]
method = "GET"
path = "/events/{{event}}"
extract = {{ state = "state", reason = "reason", effects = "effects" }}
"""


class Hooks:
    """A webhook endpoint that keeps a log of events; `wrong` names what it does wrong."""

    def __init__(self, wrong: str = "", *, reasons: bool = True) -> None:
        self.wrong, self.reasons = wrong, reasons
        self.effects: Counter[str] = Counter()
        self.stories: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def answer(self, call: Call) -> Reply:
        if call.method == "GET":
            event = call.path.rpartition("/")[2]
            return answer_json(self.stories[event] | {"effects": self.effects[event]})
        if not self._is_genuine(call):
            return answer_json({}, status=400)
        return self._take(json.loads(call.body))

    def _is_genuine(self, call: Call) -> bool:
        if self.wrong == "forged":
            return True
        tolerance = None if self.wrong == "stale" else 300
        body = json.dumps(json.loads(call.body)) if self.wrong == "reserialised" else call.body.decode()
        try:
            header = call.headers.get("Stripe-Signature", "")
            if self.wrong == "first signature":
                header = ",".join(header.split(",")[:2])
            return bool(stripe.WebhookSignature.verify_header(body, header, SECRET, tolerance=tolerance))
        except stripe.SignatureVerificationError:
            return False

    def _take(self, event: dict[str, object]) -> Reply:
        with self._lock:
            known = str(event["id"]) in self.stories
            live = event["livemode"] is True
            if live and self.wrong == "live rejected":  # nothing is wrong with that
                return answer_json({}, status=400)
            if known and self.wrong == "replay rejected":
                return answer_json({}, status=409)
            if not known or self.wrong == "each copy":
                self.effects[str(event["id"])] += 1
            state = "ignored" if live and self.wrong not in {"live", "same reason"} else "processed"
            if self.wrong in {"stuck", "same reason"}:
                state = {"stuck": "pending", "same reason": "ignored"}[self.wrong]
            reason = "unknown_payment" if self.wrong == "same reason" else "wrong_mode"
            story = {"state": state, "reason": reason if state == "ignored" and self.reasons else ""}
            self.stories[str(event["id"])] = story
        return answer_json({})


def results(tmp_path: Path, hooks: Hooks, *, read_event: str = READ_EVENT) -> dict[str, ProbeResult]:
    text = TARGET.format(read_event=read_event.replace("{{", "{").replace("}}", "}"))
    folder = make_project(tmp_path, targets=text)
    probes = [each for each in load_probes(Project(ROOT, "tests")) if each.surface == "intake"]
    with FakeServer(hooks.answer) as server:
        environ = {"HOOKS_URL": server.url, "HOOKS_SECRET": SECRET}
        target = connect_mock(folder, environ, "run-1", Wishes())
        try:
            plan = CanaryPlan(mode="mock", probes=probes, redact=Redactor(target.settings.all_secrets))
            return {result.id.removeprefix("intake."): result for result in run_canary(target, plan).probes}
        finally:
            target.close()


@pytest.mark.parametrize(
    "hooks",
    [Hooks(), Hooks(reasons=False), Hooks("live rejected")],
    ids=["right", "no reasons", "rejects live"],
)
def test_a_right_endpoint_passes(tmp_path: Path, hooks: Hooks) -> None:
    found = results(tmp_path, hooks)
    assert {name: result.status for name, result in found.items()} == dict.fromkeys(found, Status.PASS)
    assert len(found) == 6


def test_without_an_event_log_only_live_events_cannot_be_judged(tmp_path: Path) -> None:
    found = results(tmp_path, Hooks("each copy"), read_event="")
    assert found.pop("live_event_set_apart").status is Status.SKIP
    assert {result.status for result in found.values()} == {Status.PASS}


@pytest.mark.parametrize(
    ("wrong", "probe", "fault"),
    [
        ("forged", "forged_event_refused", "F10"),
        ("stale", "old_signature_refused", "F09"),
        ("first signature", "genuine_event_acknowledged", "F11"),
        ("reserialised", "genuine_event_acknowledged", "F12"),
        ("each copy", "replay_taken_in_once", "F01"),
        ("each copy", "parallel_copies_taken_in_once", "F02"),
        ("replay rejected", "replay_taken_in_once", "F06"),
        ("stuck", "replay_taken_in_once", "F20"),
        ("live", "live_event_set_apart", "F17"),
        ("same reason", "live_event_set_apart", "F17"),
    ],
)
def test_a_wrong_endpoint_is_caught(tmp_path: Path, wrong: str, probe: str, fault: str) -> None:
    found = results(tmp_path, Hooks(wrong))[probe]
    assert found.status is Status.FAIL
    assert fault in {name for row in found.failed_claims for name in row.reveals}
