"""A backend and its provider in one server, with what runs left there."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.policies import make_policy
from tests.fakes.project_folder import make_project
from tests.fakes.server import Call, FakeServer, Reply, answer_json

from billing_canary.clock import SystemClock
from billing_canary.guard.guard import Guard
from billing_canary.target.load import load_target
from billing_canary.target.target import Target

RUN = "run-0001"
FIND = """
[backends.plain.operations.find_accounts]
method = "GET"
path = "/accounts?run_id={run_id}"
extract = { accounts = "accounts" }
"""
CLOSE = """
[backends.plain.operations.close_account]
method = "DELETE"
path = "/accounts/{account}"
"""
_TARGET = """
[staging]
backend = "plain"
base_url = { env = "BACKEND" }
currency = "RUB"
amounts = { RUB = 29 }
patience = { answer_ms = 2000 }
provider = { base_url = { env = "PROVIDER" }, api_key = { env = "KEY" } }
[backends.plain.operations.read_health]
method = "GET"
path = "/health"
"""


class LeftBehind:
    """State and answers; `replies` takes the place of what one method and path would answer."""

    def __init__(self) -> None:
        self.accounts: list[dict[str, Any]] = []
        self.payments: list[dict[str, Any]] = []
        self.customers: list[dict[str, Any]] = []
        self.livemode: object = False
        self.portion = 1_000
        self.page = 100
        self.replies: dict[str, Reply] = {}
        self.server = FakeServer(self._answer)

    def add(self, run_id: Any = RUN, count: int = 1, status: str = "requires_capture", **more: Any) -> None:
        """`count` accounts, payments and customers of a run."""
        for _ in range(count):
            number = len(self.payments)
            self.accounts.append({"account": f"acct_{number}", "run_id": run_id})
            shared = {"metadata": {"run_id": run_id}, "livemode": False, "created": 1_000 + number, **more}
            self.payments.insert(0, {"id": f"pi_{number}", "status": status, **shared})
            self.customers.insert(0, {"id": f"cus_{number}", **shared})

    def target(self, root: Path, *operations: str) -> Target:
        """The target of the run, which maps these operations (FIND and CLOSE unless told otherwise)."""
        text = _TARGET + "".join(operations or (FIND, CLOSE))
        environ = {
            "BACKEND": self.server.url,
            "PROVIDER": self.server.url + "/provider",
            "KEY": "sk_test_abcdef",
        }
        settings = load_target(make_project(root, targets=text), "staging", environ)
        guard = Guard(
            make_policy(self.server.host), provider_url=environ["PROVIDER"], backend_url=environ["BACKEND"]
        )
        return Target(settings, guard, RUN, SystemClock())

    @property
    def writes(self) -> list[str]:
        """What was asked that changes something, in order."""
        return [f"{call.method} {_path(call)}" for call in self.server.calls if call.method != "GET"]

    @property
    def asked(self) -> list[str]:
        """Every path that was asked for, in order."""
        return [_path(call) for call in self.server.calls]

    def _answer(self, call: Call) -> Reply:
        said = self.replies.get(f"{call.method} {_path(call)}")
        if said is not None:
            return said
        if call.method == "GET":
            return self._read(call)
        kind, number = _path(call).removesuffix("/cancel").split("/")[-2:]
        if kind == "payment_intents":
            payment = next(each for each in self.payments if each["id"] == number)
            payment["status"] = "canceled"
            return answer_json(payment)
        return self._remove(self.accounts if kind == "accounts" else self.customers, number)

    def _remove(self, things: list[dict[str, Any]], number: str) -> Reply:
        for thing in things:
            if number in {thing.get("account"), thing.get("id")}:
                things.remove(thing)
                return answer_json({"id": number, "deleted": True})
        error = {"type": "invalid_request_error", "code": "resource_missing", "message": "No such thing"}
        return answer_json({"error": error}, 404)

    def _read(self, call: Call) -> Reply:
        lists = {"/v1/payment_intents": self.payments, "/v1/customers": self.customers}
        if _path(call) == "/v1/balance":
            return answer_json({"object": "balance", "livemode": self.livemode})
        if _path(call) in lists:
            return answer_json(self._page(lists[_path(call)], parse_qs(call.query)))
        asked = parse_qs(call.query)["run_id"]
        mine = [each for each in self.accounts if each.get("run_id") in asked]
        return answer_json({"accounts": mine[: self.portion]})

    def _page(self, listed: list[dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
        after = query.get("starting_after", [""])[0]
        start = [each["id"] for each in listed].index(after) + 1 if after else 0
        end = start + min(int(query["limit"][0]), self.page)
        return {"object": "list", "data": listed[start:end], "has_more": end < len(listed), "url": "/"}


def _path(call: Call) -> str:
    return call.path.removeprefix("/provider")
