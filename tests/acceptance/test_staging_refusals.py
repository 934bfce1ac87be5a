"""What stops a staging run before the first connection: nobody hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.fakes import staging as names
from tests.fakes.server import FakeServer, answer_json
from tests.fakes.staging import Staging

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Outcome

LIVE = "sk_live_51H8abcdefghijklmnop"
HIDDEN = "51H8abcdefghijklmnop"


@pytest.fixture
def sinks(canary: Canary) -> Iterator[tuple[FakeServer, FakeServer]]:
    """A backend and a provider that would answer, and a project that may connect to both."""
    with (
        FakeServer(lambda _: answer_json({})) as backend,
        FakeServer(lambda _: answer_json({"object": "balance", "livemode": False})) as provider,
    ):
        assert canary("init", ".").code == 0
        known(canary, backend, provider).know()
        yield backend, provider


def known(canary: Canary, backend: FakeServer, provider: FakeServer) -> Staging:
    told = {
        "backend_url": backend.url,
        "provider_url": provider.url,
        "admin_key": "admin_0123456789",
        "webhook_secret": "whsec_0123456789",
        "provider_key": "sk_test_0123456789",
    }
    return Staging(told=told, home=canary.home)


def refused_unheard(canary: Canary, sinks: tuple[FakeServer, FakeServer], *words: str, **env: str) -> Outcome:
    """Run it; nobody was connected to, and the key is nowhere."""
    done = canary("probe", "--mode", "staging", *words, env=known(canary, *sinks).env | env)
    assert [server.connections for server in sinks] == [0, 0]
    files = [path for path in canary.artifacts.rglob("*") if path.is_file()]
    assert not [path for path in files if HIDDEN in path.read_text(encoding="utf-8")]
    assert HIDDEN not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize(
    "value", [LIVE, f"sk_test_0123456789,{LIVE}", f"  {LIVE}", "rk_live_51H8abcdefghijklmnop"]
)
@pytest.mark.parametrize("name", [*names.REQUIRED[1:], names.BUILD_ID])
def test_a_live_key_in_a_variable_that_is_used(
    canary: Canary, sinks: tuple[FakeServer, FakeServer], name: str, value: str
) -> None:
    done = refused_unheard(canary, sinks, **{name: value})
    report = canary.bundle.report
    assert (done.code, report["overall_status"], report["probes"]) == (4, "refused", [])
    assert f"{name} holds a live key" in " ".join(report["reasons"])
    (keys,) = (check for check in report["safety_checks"] if check["id"] == "keys")
    assert keys["status"] == "refused"
    assert canary("runs", "verify", "--all").code == 0


def test_a_live_key_in_the_address(canary: Canary, sinks: tuple[FakeServer, FakeServer]) -> None:
    done = refused_unheard(canary, sinks, **{names.URL: f"{sinks[0].url}/{LIVE}"})
    assert (done.code, canary.bundle.report["overall_status"]) == (4, "refused")


def test_a_live_key_where_the_address_should_be(canary: Canary, sinks: tuple[FakeServer, FakeServer]) -> None:
    done = refused_unheard(canary, sinks, **{names.URL: LIVE})
    assert (done.code, done.stderr) == (4, f"keys: {names.URL} holds a live key\n")


def test_a_key_of_no_known_kind_is_no_test_key(canary: Canary, sinks: tuple[FakeServer, FakeServer]) -> None:
    done = refused_unheard(canary, sinks, **{names.PROVIDER_KEY: "0123456789abcdef"})
    assert (done.code, canary.bundle.report["overall_status"]) == (4, "refused")
    assert "no test key" in " ".join(canary.bundle.report["reasons"])


@pytest.mark.parametrize(
    "words",
    [
        ["probe", "--max-amount", LIVE],
        ["probe", "--mode", LIVE],
        ["probe", f"--api-key={LIVE}"],
        ["probe", "--only", f"wallet.*,{LIVE}"],
        ["probe", LIVE],
        [LIVE],
        ["runs", "show", LIVE],
        ["doctor", "--project", f"/x/{LIVE}"],
        ["init", "x", "--json", "--help", LIVE],
    ],
)
def test_a_live_key_on_the_command_line_is_refused_before_the_line_is_read(
    canary: Canary, words: list[str]
) -> None:
    done = canary(*words)
    number = next(place for place, word in enumerate(words, start=1) if LIVE in word)
    assert (done.code, done.stdout) == (4, "")
    assert f"argument {number} of the command line holds a live key" in done.stderr
    assert HIDDEN not in done.stderr
    assert not canary.artifacts.exists()


@pytest.mark.parametrize("kept", [0, 1])
def test_a_host_that_is_not_allowed(canary: Canary, sinks: tuple[FakeServer, FakeServer], kept: int) -> None:
    known(canary, *sinks).allow(sinks[kept].host)
    done = refused_unheard(canary, sinks)
    reasons = " ".join(canary.bundle.report["reasons"])
    assert (done.code, canary.bundle.report["overall_status"]) == (4, "refused")
    assert f"gates/money.toml: [hosts] allow does not name {sinks[1 - kept].host}" in reasons
    line = ", ".join(f'"{name}"' for name in sorted(server.host for server in sinks))
    assert f"write allow = [{line}]" in reasons


def test_the_project_as_init_writes_it_allows_no_staging_host(
    canary: Canary, sinks: tuple[FakeServer, FakeServer]
) -> None:
    known(canary, *sinks).allow()
    assert refused_unheard(canary, sinks).code == 4


@pytest.mark.parametrize("cap", ["0", "0.50"])
def test_a_plan_over_the_cap(canary: Canary, sinks: tuple[FakeServer, FakeServer], cap: str) -> None:
    done = refused_unheard(canary, sinks, "--max-amount-rub", cap)
    report = canary.bundle.report
    assert (done.code, report["overall_status"]) == (4, "refused")
    assert "over the cap of" in " ".join(report["reasons"])


def test_the_bundled_project(canary: Canary) -> None:
    done = canary("probe", "--mode", "staging")
    assert (done.code, done.stdout) == (2, "")
    assert "the bundled default project runs in mock mode only" in done.stderr
    assert "billing-canary init" in done.stderr
    assert not canary.artifacts.exists()


def test_variables_that_are_not_set_are_all_listed(
    canary: Canary, sinks: tuple[FakeServer, FakeServer]
) -> None:
    done = refused_unheard(canary, sinks, **dict.fromkeys(names.REQUIRED, ""))
    assert done.code == 2
    assert done.stderr.startswith(f"{len(names.REQUIRED)} problems; nothing was run:\n")
    assert all(f"needs the environment variable {name}" in done.stderr for name in names.REQUIRED)
    assert not canary.artifacts.exists()


def test_problems_of_every_file_are_listed_together(
    canary: Canary, sinks: tuple[FakeServer, FakeServer]
) -> None:
    canary.edit("gates/money.toml", 'RUB = "20.00"', "RUB = 10")
    (canary.home / "probes" / "broken.py").write_text("def", encoding="utf-8")
    done = refused_unheard(canary, sinks, **{names.ADMIN_KEY: ""})
    assert done.code == 2
    for named in ("probes/broken.py:1", "caps.per_run.RUB", names.ADMIN_KEY):
        assert named in done.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--fault", "F01"], ["--fault"]),
        (["--schedule", "prompt"], ["--schedule"]),
        (["--schedule", ""], ["--schedule"]),
        (["--fault", "F01", "--schedule", "twice"], ["--fault", "--schedule"]),
    ],
)
def test_what_belongs_to_mock_mode(
    canary: Canary, sinks: tuple[FakeServer, FakeServer], words: list[str], named: list[str]
) -> None:
    done = refused_unheard(canary, sinks, *words)
    assert done.code == 2
    assert all(f"{option}: belongs to mock mode" in done.stderr for option in named)


def test_a_secret_in_the_file_is_an_error_and_not_shown(
    canary: Canary, sinks: tuple[FakeServer, FakeServer]
) -> None:
    canary.edit(
        "probes/targets.toml", '{ env = "BILLING_CANARY_STAGING_WEBHOOK_SECRET" }', f'"whsec_{HIDDEN}"'
    )
    done = refused_unheard(canary, sinks)
    assert done.code == 2
    assert "staging.webhook_secret: holds a secret (not shown)" in done.stderr
