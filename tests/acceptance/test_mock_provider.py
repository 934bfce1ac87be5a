"""`billing-canary mock --provider-url`: the reference service with a provider that is not its own."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

KEY, SECRET = "BILLING_CANARY_MOCK_PROVIDER_KEY", "BILLING_CANARY_MOCK_WEBHOOK_SECRET"
TEST_KEY, WEBHOOK = "sk_test_outer0123", "whsec_outer0123"
LIVE_KEY = "sk_" + "live_outer0123"
URL = "http://127.0.0.1:9"


def test_key_and_secret_are_taken_from_the_environment_and_not_shown(canary: Canary) -> None:
    process = canary.start("mock", "--json", "--provider-url", URL, env={KEY: TEST_KEY, SECRET: WEBHOOK})
    assert process.stdout is not None
    line = process.stdout.readline()
    told = json.loads(line)
    process.send_signal(signal.SIGTERM)
    done = canary.ended(process)
    assert told["provider_url"] == URL
    assert told["admin_key"]
    assert not {"provider_key", "webhook_secret"} & set(told)
    assert done.code == 0
    assert TEST_KEY not in line + done.stdout + done.stderr
    assert WEBHOOK not in line + done.stdout + done.stderr


def test_the_text_says_where_events_must_be_sent(canary: Canary) -> None:
    process = canary.start("mock", "--provider-url", URL, env={KEY: TEST_KEY, SECRET: WEBHOOK})
    assert process.stdout is not None
    text = ""
    while "Ctrl-C ends it" not in text:
        text += process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    canary.ended(process)
    assert "/webhooks/stripe" in text
    assert f"export PROVIDER_KEY=${KEY}" in text
    assert TEST_KEY not in text
    assert WEBHOOK not in text


def test_both_variables_are_asked_for_at_once(canary: Canary) -> None:
    done = canary("mock", "--provider-url", URL)
    assert (done.code, done.stdout) == (2, "")
    assert KEY in done.stderr
    assert SECRET in done.stderr


@pytest.mark.parametrize("key", [LIVE_KEY, f" {TEST_KEY},{LIVE_KEY}", "pk_test_outer0123", "anything"])
def test_only_a_test_key_is_used(canary: Canary, key: str) -> None:
    done = canary("mock", "--provider-url", URL, env={KEY: key, SECRET: WEBHOOK})
    assert (done.code, done.stdout) == (4, "")
    assert key.strip() not in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:9",
        "ftp://127.0.0.1",
        "http://provider.test",
        "https://me:word@provider.test",
        "http://[::1",
        "https://provider.test/?key=x",
        "https://",
        "http://127.0.0.1:99999",
    ],
)
def test_an_address_that_no_key_may_be_sent_to_is_a_wrong_call(canary: Canary, url: str) -> None:
    done = canary("mock", "--provider-url", url, env={KEY: TEST_KEY, SECRET: WEBHOOK})
    assert (done.code, done.stdout) == (2, "")
    assert "--provider-url" in done.stderr
    assert "fix: " in done.stderr


@pytest.mark.parametrize("more", [("--provider-port", "8081"), ("--schedule", "duplicated")])
def test_options_of_the_built_in_provider_do_not_fit(canary: Canary, more: tuple[str, str]) -> None:
    done = canary("mock", "--provider-url", URL, *more, env={KEY: TEST_KEY, SECRET: WEBHOOK})
    assert (done.code, done.stdout) == (2, "")
    assert more[0] in done.stderr
