"""Project files that are wrong: every problem at once, with file, key and fix; nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Outcome

MONEY, TARGETS = "gates/money.toml", "probes/targets.toml"
ALLOW = 'allow = ["api.stripe.com"]'
# (file, what stands there, what takes its place, the key that is named)
EDITS = [
    (MONEY, 'RUB = "20.00"', "RUB = 10.00", "caps.per_run.RUB"),
    (MONEY, 'RUB = "20.00"', 'RUB = "-1"', "caps.per_run.RUB"),
    (MONEY, 'RUB = "20.00"', 'RUB = "10.001"', "caps.per_run.RUB"),
    (MONEY, 'RUB = "20.00"', 'RUB = "lots"', "caps.per_run.RUB"),
    (MONEY, 'RUB = "20.00"', 'ROUBLES = "10"', "caps.per_run.ROUBLES"),
    (MONEY, "[caps.per_call]", "[caps.per_cal]", "caps.per_call"),
    (MONEY, ALLOW, 'allow = "localhost"', "hosts.allow"),
    (MONEY, ALLOW, 'allow = ["https://x.example"]', "hosts.allow"),
    (MONEY, ALLOW, "allow = [1]", "hosts.allow"),
    (MONEY, ALLOW, "alow = []", "hosts.alow"),
    (MONEY, 'currency = "currency"', "", "provider.writes[0].currency"),
    (MONEY, 'path = "/v1/refunds"', "path = 7", "provider.writes[6].path"),
    (TARGETS, 'backend = "reference"', 'backend = "refrence"', "mock.backend"),
    (TARGETS, 'backend = "reference"', "", "mock.backend"),
    (TARGETS, 'currency = "RUB"', 'currency = "ROUBLE"', "mock.currency"),
    (TARGETS, 'currency = "RUB"', "currency = true", "mock.currency"),
    (TARGETS, "RUB = 29", "RUB = 0.29", "mock.amounts.RUB"),
    (TARGETS, "RUB = 29", "RUB = -29", "mock.amounts.RUB"),
    (TARGETS, "RUB = 29, ", "", "mock.amounts.RUB"),
    (TARGETS, "unit_price = 1 ", "unit_price = 0 ", "mock.unit_price"),
    (TARGETS, "poll_ms = ", "poll_ms = -", "mock.patience.poll_ms"),
    (TARGETS, "poll_ms = ", "poll_ms = 0.", "mock.patience.poll_ms"),
    (TARGETS, "poll_ms = ", "pol_ms = ", "mock.patience.pol_ms"),
    (TARGETS, '{ env = "BILLING_CANARY_MOCK_BACKEND_URL" }', '"ftp://x"', "mock.base_url"),
    (TARGETS, '{ env = "BILLING_CANARY_MOCK_BACKEND_URL" }', '{ env = "NOT_SET_ANYWHERE" }', "mock.base_url"),
    (TARGETS, "operations.read_wallet]", "operations.raed_wallet]", "operations.raed_wallet"),
    (TARGETS, 'path = "/accounts/{account}/wallet"', 'path = "/accounts/{acount}/wallet"', "read_wallet"),
    (TARGETS, 'path = "sum(entries[].amount)"', 'path = "sum(entries["', "read_ledger"),
    (TARGETS, "[mock]", "[mocks]", "mock"),
]  # fmt: skip
WHOLE_FILES = {
    "no TOML": b"= = =",
    "not UTF-8": b"\xff\xfe[caps]",
    "empty": b"",
    "huge": b"#" * 2_000_000,
    "null bytes": b"x = 1\0",
    "deep": b"x = " + b"[" * 5_000 + b"]" * 5_000,
}


def _refused(canary: Canary, file: str) -> Outcome:
    done = canary("probe")
    assert (done.code, done.stdout) == (2, ""), done.stderr
    assert "nothing was run:" in done.stderr
    assert f"{file}: " in done.stderr
    assert "    fix: " in done.stderr
    assert not canary.artifacts.exists()
    return done


@pytest.mark.parametrize(("file", "old", "new", "key"), EDITS)
def test_a_wrong_key_is_named_with_its_fix(quick: Canary, file: str, old: str, new: str, key: str) -> None:
    quick.edit(file, old, new)
    done = _refused(quick, file)
    named = [line for line in done.stderr.splitlines() if line.startswith(f"{file}: ")]
    assert any(key in line for line in named), done.stderr


@pytest.mark.parametrize("file", [MONEY, TARGETS])
@pytest.mark.parametrize("case", WHOLE_FILES)
def test_a_file_that_is_no_project_file_is_refused(quick: Canary, file: str, case: str) -> None:
    (quick.home / file).write_bytes(WHOLE_FILES[case])
    _refused(quick, file)


@pytest.mark.parametrize("file", [MONEY, TARGETS])
def test_a_missing_file_is_refused(quick: Canary, file: str) -> None:
    (quick.home / file).unlink()
    assert "billing-canary init" in _refused(quick, file).stderr


@pytest.mark.parametrize("file", [MONEY, TARGETS])
def test_a_folder_in_the_place_of_a_file_is_refused(quick: Canary, file: str) -> None:
    (quick.home / file).unlink()
    (quick.home / file).mkdir()
    _refused(quick, file)


def test_all_problems_of_a_file_are_said_at_once(quick: Canary) -> None:
    wrong = [edit for edit in EDITS if edit[0] == TARGETS and edit[3].startswith("mock.")]
    done: dict[str, str] = {}
    for file, old, new, key in wrong:
        if key not in done.values():
            quick.edit(file, old, new)
            done[old] = key
    stderr = _refused(quick, TARGETS).stderr
    assert len(done) >= 6
    assert all(key in stderr for key in done.values()), stderr
    assert stderr.count("    fix: ") >= len(done)


def test_doctor_says_the_problems_of_all_files_at_once(quick: Canary) -> None:
    quick.edit(MONEY, 'RUB = "20.00"', 'RUB = "lots"')
    quick.edit(TARGETS, "unit_price = 1 ", "unit_price = 0 ")
    (quick.home / "probes" / "bad.py").write_text("1 +", encoding="utf-8")
    done = quick("doctor")
    assert done.code == 2
    for named in (
        "gates/money.toml: caps.per_run.RUB",
        "probes/targets.toml: mock.unit_price",
        "probes/bad.py:1",
    ):
        assert f"FAIL {named}: " in done.stdout
    assert not quick.artifacts.exists()


def test_a_project_without_probes_runs_nothing(canary: Canary) -> None:
    canary.project()
    assert "holds no probe" in _refused(canary, "probes").stderr


def test_the_faults_command_refuses_a_broken_project_too(quick: Canary) -> None:
    quick.edit(MONEY, 'RUB = "20.00"', 'RUB = "lots"')
    done = quick("faults", "--only", "F85", "--healthy-runs", "1")
    assert (done.code, done.stdout) == (2, ""), "a fault that was not tried is not caught, and not missed"
    assert "caps.per_run.RUB" in done.stderr
