"""Secrets: whatever a probe does with them, no byte of the bundle and of the output holds one."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Outcome

LEAKS = """
import base64, json, logging, os, sys, warnings
from pathlib import Path
from urllib.parse import quote
from billing_canary import Operation, ProbeContext, Severity, billing_probe

LOG = logging.getLogger("leaky")


def secrets(run):
    named = [value for name, value in os.environ.items() if name.startswith("LEAK_")]
    found = [*named, *run.target.settings.all_secrets]
    Path(os.environ["OUTSIDE"]).write_text(json.dumps(found))
    return found


@billing_probe(title="It leaks", severity=Severity.CRITICAL, owner="tests", needs=(Operation.OPEN_ACCOUNT,))
def leaks(run: ProbeContext) -> None:
    found = secrets(run)
    for secret in found:
        encoded = [secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()]
        for text in encoded:
            print("plain", text, "and more")
            print(text, file=sys.stderr)
            LOG.warning("logged %s", text)
            half = len(text) // 2
            print(text[:half], end="")
            print(text[half:])
            sys.stdout.write(f"unfinished {text}")
            run.expect(f"The claim names {text}", f"observed {text}", equals=f"expected {text}", source=text)
    try:
        raise ValueError(found)
    except ValueError:
        LOG.exception("with a traceback %r", {"key": found})


@billing_probe(title="It leaks as it breaks", severity=Severity.CRITICAL, owner="tests")
def breaks(run: ProbeContext) -> None:
    run.expect("It began", True)
    raise RuntimeError(" ".join(secrets(run)))
"""
# Known by the names of their variables: masked in every encoding.
NAMED = {
    "LEAK_DEPLOY_TOKEN": "tok/en+with=odd&chars %41",
    "LEAK_DB_PASSWORD": 'p"a\\ss<wörd>',
    "LEAK_API_KEY": "AKIA0123456789EXAMPLE",
    "LEAK_CLIENT_SECRET": "short!",
}
# Known by their shape alone, so only as they are.
SHAPED = {
    "LEAK_LIVE": "sk_live_51H8abcdefghijklmnop",
    "LEAK_CARD": "4242 4242 4242 4242",
    "LEAK_HEADER": "Bearer abcdef0123456789",
    "LEAK_NUMERIC_HEADER": "Bearer 0123456789abcdef0123456789abcdef",
    "LEAK_BASIC_HEADER": "Basic 0J/QsNGA0L7Qu9GM",
}


def _forms(secret: str) -> set[bytes]:
    raw = secret.encode()
    if secret in SHAPED.values():
        return {raw}
    forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    return {form.encode() for form in forms} | {base64.b64encode(raw).rstrip(b"=")}


def _found(secrets: list[str], canary: Canary, done: Outcome) -> list[str]:
    """Each place that holds a secret, with the secret."""
    files = {path: path.read_bytes() for path in canary.artifacts.rglob("*") if path.is_file()}
    places = {str(path): data for path, data in files.items()}
    places |= {"stdout": done.stdout.encode(), "stderr": done.stderr.encode()}
    return [
        f"{place}: {form!r}"
        for place, data in places.items()
        for secret in secrets
        for form in _forms(secret)
        if form in data
    ]


@pytest.fixture
def leaky(canary: Canary) -> Canary:
    canary.project(leaky=LEAKS)
    return canary


@pytest.mark.parametrize("words", ["", "--json", "--quiet"])
def test_no_secret_reaches_the_bundle_or_the_terminal(leaky: Canary, tmp_path: Path, words: str) -> None:
    outside = tmp_path / "outside.json"
    env = {**NAMED, **SHAPED, "OUTSIDE": str(outside), "BILLING_CANARY_DEBUG": "1"}
    done = leaky("probe", *words.split(), "--expect-build", NAMED["LEAK_API_KEY"], env=env)
    secrets = json.loads(outside.read_text(encoding="utf-8"))
    assert len(secrets) >= len(NAMED) + len(SHAPED) + 3, "the environment's, and the mock's three"
    assert done.code == 1
    assert "[redacted]" in leaky.bundle.text("logs/run.log")
    assert "[redacted]" in leaky.bundle.text("billing-canary-report.json")
    assert not _found(secrets, leaky, done)
    assert leaky("runs", "verify", "--all").code == 0


def test_the_search_finds_what_is_no_secret(canary: Canary, tmp_path: Path) -> None:
    """Without secret names the same texts are there to be found, so the search above can find them."""
    canary.project(leaky=LEAKS)
    env = {"LEAK_WORD": "tomato/sauce", "OUTSIDE": str(tmp_path / "outside.json")}
    done = canary("probe", env=env)
    places = " ".join(_found(["tomato/sauce"], canary, done))
    assert all(place in places for place in ("run.log", "report.json", "report.md", "junit.xml", "stderr"))
    assert all(form in places for form in ("tomato/sauce", "tomato%2Fsauce", "dG9tYXRvL3NhdWNl"))


@pytest.mark.parametrize(
    "words", ["doctor", "probe --only nothing", "probe --max-amount sk_live_0123456789abcdef"]
)
def test_an_error_shows_no_secret(leaky: Canary, words: str) -> None:
    done = leaky(*words.split(), env=NAMED | SHAPED)
    assert not _found([*NAMED.values(), *SHAPED.values(), "sk_live_0123456789abcdef"], leaky, done)


@pytest.mark.parametrize(
    "line",
    ['api_key = "sk_live_51H8abcdefghijklmnop"', 'api_key = "rk_test_51H8abcdefghijklmnop"'],
)
def test_a_secret_in_a_project_file_is_an_error_and_not_shown(leaky: Canary, line: str) -> None:
    leaky.edit("probes/targets.toml", 'api_key = { env = "BILLING_CANARY_MOCK_PROVIDER_KEY" }', line)
    for command in ("probe", "doctor"):
        done = leaky(command)
        assert done.code == 2
        assert "mock.provider.api_key: holds a secret (not shown)" in done.stdout + done.stderr
        assert "51H8abcdefghijklmnop" not in done.stdout + done.stderr


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def test_a_digest_that_looks_like_a_card_number_is_kept(quick: Canary) -> None:
    """One digest in a few hundred holds such digits; masking them would spoil the bundle."""
    file = quick.home / "probes" / "quick.py"
    text = file.read_text(encoding="utf-8")
    candidates = (f"{text}# {number}\n" for number in range(1_000_000))
    for candidate in candidates:
        digest = hashlib.sha256(candidate.encode()).hexdigest()
        if any(_luhn(run) for run in re.findall(r"(?<!\d)[3-6]\d{12,18}(?!\d)", digest)):
            break
    file.write_text(candidate, encoding="utf-8")
    assert quick("probe").code == 0
    assert quick.bundle.report["project"]["sha256"]["probes/quick.py"] == digest
    assert quick("runs", "verify", "--all").code == 0


def test_the_report_shows_no_keys_of_the_mock(canary: Canary, tmp_path: Path) -> None:
    """A probe of the default project, unmodified, with the keys of its run read from outside."""
    outside = tmp_path / "outside.json"
    canary.project(
        quota=(Path(__file__).parents[2] / "probes" / "quota.py").read_text(encoding="utf-8"),
        zz_tell="""
import json, os
from pathlib import Path
from billing_canary import ProbeContext, Severity, billing_probe

@billing_probe(title="It tells the keys outside", severity=Severity.CRITICAL, owner="tests")
def tell(run: ProbeContext) -> None:
    Path(os.environ["OUTSIDE"]).write_text(json.dumps(run.target.settings.all_secrets))
    run.expect("It told", True)
""",
    )
    done = canary("probe", "--fault", "F49", env={"OUTSIDE": str(outside)})
    secrets = json.loads(outside.read_text(encoding="utf-8"))
    assert (done.code, len(secrets)) == (1, 3)
    assert not _found(secrets, canary, done)
