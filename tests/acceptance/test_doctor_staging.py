"""`billing-canary doctor --mode staging`: whether a run could start, without spending."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes import staging as names
from tests.fakes.server import Call, FakeServer, Reply, answer_json, unused_port
from tests.fakes.staging import Staging, host

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

HEALTHY = answer_json({"build_id": "b7"})
TEST_MODE = answer_json({"object": "balance", "livemode": False})


def doctor(canary: Canary, staging: Staging, **env: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code, and findings by what they are about; "fix" tells what is not well."""
    done = canary("doctor", "--mode", "staging", "--json", env=staging.env | env)
    assert done.document["ready"] is (done.code == 0)
    found = done.document["findings"]
    assert len({(finding["what"], finding["detail"]) for finding in found}) == len(found), "told once each"
    assert all(bool(finding["fix"]) is (finding["status"] != "pass") for finding in found)
    assert not [finding for finding in found for each in staging.secrets if each in str(finding)]
    assert not canary.artifacts.exists(), "looking leaves nothing"
    return done.code, {finding["what"]: finding for finding in found}


@pytest.fixture
def servers(canary: Canary) -> Iterator[tuple[FakeServer, FakeServer]]:
    """A backend that is healthy and a provider in test mode, and a project that knows both."""
    with FakeServer(lambda _: HEALTHY) as backend, FakeServer(lambda _: TEST_MODE) as provider:
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


def test_all_is_well(canary: Canary, staging: Staging) -> None:
    done = canary("doctor", "--mode", "staging", env=staging.env)
    assert (done.code, done.stderr) == (0, "")
    assert "FAIL" not in done.stdout
    assert "warn" not in done.stdout
    assert done.stdout.rstrip().endswith("ready: billing-canary probe --mode staging")


def test_it_looks_at_everything_and_changes_nothing(
    canary: Canary, servers: tuple[FakeServer, FakeServer]
) -> None:
    code, found = doctor(canary, known(canary, *servers))
    assert code == 0
    expected = {"staging target", "keys and hosts", "network", "health", "build", "sandbox", "planned spend"}
    assert expected <= found.keys()
    assert "of at most 20.00 RUB" in found["planned spend"]["detail"]
    calls = [call for server in servers for call in server.calls]
    assert {call.method for call in calls} == {"GET"}
    assert [call.path for call in calls] == ["/healthz", "/version", "/", "/v1/balance"]


def test_variables_that_are_not_set(canary: Canary, servers: tuple[FakeServer, FakeServer]) -> None:
    code, found = doctor(canary, known(canary, *servers), **dict.fromkeys(names.REQUIRED, ""))
    told = {finding["fix"] for finding in found.values() if finding["status"] == "fail"}
    assert (code, told) == (2, {f"set {name}" for name in names.REQUIRED})


def test_a_live_key_that_is_used_and_one_that_is_not(
    canary: Canary, servers: tuple[FakeServer, FakeServer]
) -> None:
    live = {names.PROVIDER_KEY: "sk_live_51H8abcdefghijkl", "DEPLOY": "rk_live_51H8abcdefghijkl"}
    code, found = doctor(canary, known(canary, *servers), **live)
    assert code == 2
    assert found["keys and hosts"]["detail"] == f"{names.PROVIDER_KEY} holds a live key"
    assert [server.connections for server in servers] == [0, 0]
    done = canary("doctor", "--mode", "staging", env=known(canary, *servers).env | live)
    assert "warn environment: DEPLOY holds a live key" in done.stdout
    assert "51H8" not in done.stdout + done.stderr


def test_a_host_that_is_not_allowed(canary: Canary, servers: tuple[FakeServer, FakeServer]) -> None:
    known(canary, *servers).allow(servers[1].host)
    code, found = doctor(canary, known(canary, *servers))
    assert code == 2
    assert f"does not name {servers[0].host}" in found["keys and hosts"]["detail"]
    assert [server.connections for server in servers] == [0, 0]


def test_a_machine_without_network(canary: Canary, servers: tuple[FakeServer, FakeServer]) -> None:
    known(canary, *servers).know(provider_url=f"http://127.0.0.1:{unused_port()}")
    code, found = doctor(canary, known(canary, *servers))
    assert (code, found["network"]["status"]) == (2, "fail")
    assert "health" not in found
    assert servers[0].connections == 0


def test_a_target_that_does_not_answer(canary: Canary, servers: tuple[FakeServer, FakeServer]) -> None:
    nobody = f"http://127.0.0.1:{unused_port()}"
    known(canary, *servers).allow(host(nobody), servers[1].host)
    code, found = doctor(canary, known(canary, *servers), **{names.URL: nobody})
    assert (code, found["network"]["status"], found["health"]["status"]) == (2, "pass", "fail")
    assert "sandbox" not in found


def test_without_anything_to_ask_the_network_is_a_warning(
    canary: Canary, servers: tuple[FakeServer, FakeServer]
) -> None:
    known(canary, *servers).add("connectivity = []")
    code, found = doctor(canary, known(canary, *servers))
    assert (code, found["network"]["status"]) == (0, "skip")


def _live(call: Call) -> Reply:
    return answer_json({"object": "balance", "livemode": True}) if "balance" in call.path else Reply()


@pytest.mark.parametrize("answer", [_live, lambda _: Reply(status=401, body=b"{}")], ids=["live", "locked"])
def test_a_provider_that_does_not_prove_its_test_mode(
    canary: Canary, servers: tuple[FakeServer, FakeServer], answer: Any
) -> None:
    servers[1].script = answer
    code, found = doctor(canary, known(canary, *servers))
    failed = [what for what, finding in found.items() if finding["status"] == "fail"]
    assert (code, len(failed)) == (2, 1)
    assert failed[0] in {"sandbox", "never-live"}


@pytest.mark.parametrize(("expected", "status"), [("b7", "pass"), ("b8", "skip"), ("", "pass")])
def test_the_build_that_runs(
    canary: Canary, servers: tuple[FakeServer, FakeServer], expected: str, status: str
) -> None:
    code, found = doctor(canary, known(canary, *servers), **{names.BUILD_ID: expected})
    assert (code, found["build"]["status"]) == (0, status)
    assert "b7" in found["build"]["detail"]


def test_a_plan_over_the_cap(canary: Canary, servers: tuple[FakeServer, FakeServer]) -> None:
    canary.edit("gates/money.toml", 'RUB = "20.00"', 'RUB = "2.00"')
    code, found = doctor(canary, known(canary, *servers))
    assert (code, found["planned spend"]["status"]) == (2, "fail")
    assert "over the cap of 2.00 RUB" in found["planned spend"]["detail"]


def test_probes_that_would_be_skipped(canary: Canary, servers: tuple[FakeServer, FakeServer]) -> None:
    start = "[backends.reference.operations.read_ledger]"
    canary.edit("probes/targets.toml", start, "[spare]\n" + start.replace("read_ledger", "read_metrics_"))
    text = (canary.home / "probes/targets.toml").read_text(encoding="utf-8")
    begin = text.index("[spare]")
    end = text.index("[backends.reference.operations.create_top_up]")
    (canary.home / "probes/targets.toml").write_text(text[:begin] + text[end:], encoding="utf-8")
    code, found = doctor(canary, known(canary, *servers))
    skipped = found["probe wallet.ledger_equals_balance"]
    assert (code, skipped["status"]) == (0, "skip")
    assert skipped["detail"] == (
        "would be skipped, so the run could not pass: the target maps no read_ledger"
    )
    idle = '"operations.build*" = { reason = "idle", owner = "me" }'
    used = '"wallet.ledger*" = { reason = "no ledger", owner = "shop team" }'
    known(canary, *servers).add(f"not_applicable = {{ {idle}, {used} }}")
    code, found = doctor(canary, known(canary, *servers))
    excused = found["probe wallet.ledger_equals_balance"]
    assert (code, excused["status"]) == (0, "pass")
    assert "excused: no ledger (says shop team)" in excused["detail"]
    assert found["not_applicable"]["status"] == "skip"
    assert "'operations.build*' excuses no probe" in found["not_applicable"]["detail"]


def test_an_excuse_that_fits_no_probe(canary: Canary, servers: tuple[FakeServer, FakeServer]) -> None:
    known(canary, *servers).add('not_applicable = { "qouta.*" = { reason = "x", owner = "y" } }')
    code, found = doctor(canary, known(canary, *servers))
    (wrong,) = (finding for what, finding in found.items() if what.endswith("not_applicable.qouta.*"))
    assert (code, wrong["status"], wrong["detail"]) == (2, "fail", "matches no probe")


def test_problems_of_several_files_are_each_told_once(
    canary: Canary, servers: tuple[FakeServer, FakeServer]
) -> None:
    canary.edit("gates/money.toml", 'RUB = "20.00"', "RUB = 10")
    (canary.home / "probes" / "bad.py").write_text("raise RuntimeError", encoding="utf-8")
    code, found = doctor(canary, known(canary, *servers), **{names.ADMIN_KEY: ""})
    failed = {what for what, finding in found.items() if finding["status"] == "fail"}
    assert code == 2
    assert failed == {
        "gates/money.toml: caps.per_run.RUB",
        "probes/bad.py:1",
        "probes/targets.toml: staging.secrets.admin_key",
    }


def test_the_bundled_project_has_no_staging(canary: Canary) -> None:
    done = canary("doctor", "--mode", "staging")
    assert done.code == 2
    assert "FAIL --mode staging: the bundled default project runs in mock mode only" in done.stdout
