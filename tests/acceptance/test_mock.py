"""`billing-canary mock`: a billing system to try by hand, as it tells people to."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

KEYS = {
    "backend_url",
    "provider_url",
    "build_id",
    "faults",
    "schedule",
    "admin_key",
    "provider_key",
    "webhook_secret",
}


def _addresses(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The one line that `mock --json` prints once it serves."""
    assert process.stdout is not None
    document: dict[str, Any] = json.loads(process.stdout.readline())
    return document


def _curl(line: str) -> Any:
    """Run one curl line in a shell, exactly as a reader would paste it."""
    done = subprocess.run(["/bin/bash", "-c", line], capture_output=True, text=True, check=True, timeout=20)
    return json.loads(done.stdout)


def _ended(canary: Canary, process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> str:
    process.send_signal(number)
    done = canary.ended(process)
    assert (done.code, done.stderr) == (0, "stopped\n")
    return done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_printed_lines_work_as_they_are(canary: Canary, until: Callable[..., None]) -> None:
    process = canary.start("mock")
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or "Ctrl-C ends it" not in lines[-1]:
        lines.append(process.stdout.readline())
    text = "".join(lines).replace("\\\n", " ")
    exports = "; ".join(line.strip() for line in text.splitlines() if line.strip().startswith("export "))
    opening, topping_up, paying, looking = (
        f"{exports}; {line.strip()}" for line in text.splitlines() if line.strip().startswith("curl ")
    )
    account = _curl(opening)["id"]
    intent = _curl(topping_up.replace("ACCOUNT", account))["payment_intent"]
    assert _curl(paying.replace("INTENT", intent))["status"] == "succeeded"
    look = looking.replace("/accounts/ACCOUNT/", f"/accounts/{account}/")
    until(lambda: _curl(look)["balance"] == 500)
    for path in re.findall(r"(/\w+)", next(line for line in lines if line.startswith("Also: "))):
        status = f"{exports}; curl -s -o /dev/null -w '%{{http_code}}' $BACKEND{path}"
        assert _curl(status) == 200, path
    _ended(canary, process)


def test_json_tells_addresses_and_keys_in_one_document(canary: Canary) -> None:
    process = canary.start("mock", "--json", "--fault", "F01", "--fault", "F85", "--schedule", "duplicated")
    told = _addresses(process)
    assert set(told) == KEYS
    assert (told["faults"], told["schedule"]) == (["F01", "F85"], "duplicated")
    assert all(told[key].startswith("http://127.0.0.1:") for key in ("backend_url", "provider_url"))
    assert _ended(canary, process) == "", "nothing but the one document"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_good_order_and_closes_its_ports(canary: Canary, number: signal.Signals) -> None:
    process = canary.start("mock", "--json")
    told = _addresses(process)
    ports = [int(told[key].rpartition(":")[2]) for key in ("backend_url", "provider_url")]
    for port in ports:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    _ended(canary, process, number)
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_keys_are_made_up_for_each_start(canary: Canary) -> None:
    told = []
    for _ in range(2):
        process = canary.start("mock", "--json")
        told.append(_addresses(process))
        _ended(canary, process)
    for key in ("admin_key", "provider_key", "webhook_secret"):
        assert told[0][key] != told[1][key]


def test_it_listens_on_loopback_alone(canary: Canary) -> None:
    process = canary.start("mock", "--json")
    port = int(_addresses(process)["backend_url"].rpartition(":")[2])
    with open("/proc/net/tcp") as table:  # noqa: PTH123 - no file, the kernel's view
        rows = [line.split() for line in table]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")]
    assert listening == [f"0100007F:{port:04X}"]
    _ended(canary, process)


@pytest.mark.parametrize(
    "words", ["--fault F999", "--fault f01", "--schedule never", "--database /no/such/folder/x"]
)
def test_a_choice_that_does_not_exist_is_a_wrong_call(canary: Canary, words: str) -> None:
    done = canary("mock", *shlex.split(words))
    assert (done.code, done.stdout) == (2, "")
    assert "fix: " in done.stderr


@pytest.mark.parametrize("option", ["--port", "--provider-port"])
def test_a_taken_port_is_a_wrong_call(canary: Canary, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = canary("mock", option, str(taken.getsockname()[1]))
    assert (done.code, done.stdout) == (2, "")
    assert "cannot start: " in done.stderr
    assert "fix: choose another --port" in done.stderr


def test_the_catalogue_lists_every_fault_and_schedule(canary: Canary) -> None:
    listed = canary("mock", "--list-faults", "--json").document
    shown = canary("mock", "--list-faults").stdout
    assert len(listed["faults"]) >= 34
    assert all(f"  {fault['id']}  {fault['title']}\n" in shown for fault in listed["faults"])
    assert all(each["name"] in shown for each in listed["schedules"])


def test_a_database_keeps_the_store_between_starts(canary: Canary) -> None:
    accounts: list[str] = []
    for _ in range(2):
        process = canary.start("mock", "--json", "--database", str(canary.home / "store.sqlite"))
        told = _addresses(process)
        base = f"curl -s -H 'X-Admin-Key: {told['admin_key']}' {told['backend_url']}/accounts"
        if not accounts:
            body = """-X POST -H 'Content-Type: application/json' -d '{"currency": "RUB"}'"""
            accounts.append(_curl(f"{base} {body}")["id"])
        assert _curl(f"{base}/{accounts[0]}/wallet")["balance"] == 0
        _ended(canary, process)
