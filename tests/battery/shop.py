"""The backend under test as a sink: what the reference table's operations need, over a bank."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any

from tests.battery.bank import Bank
from tests.fakes.server import Call, Reply, answer_json

_ACCOUNT = re.compile(r"/accounts/(\w+)(?:/(\w+))?(?:/.*)?")


class Shop:
    """Answers the shipped table. `charges` counts what it charged saved cards, which no key keeps it from."""

    def __init__(self, bank: Bank, *, honours_keys: bool = True) -> None:
        self._bank = bank
        self._honours_keys = honours_keys
        self._numbers = count(1)
        self._top_ups: dict[tuple[str, str], str] = {}
        self.currencies: dict[str, str] = {}

    def answer(self, call: Call) -> Reply:
        if call.path == "/accounts" and call.method == "POST":
            return self._open(call.json)
        found = _ACCOUNT.fullmatch(call.path)
        if found and found[2] == "topups" and call.path.endswith("topups"):
            return self._top_up(found[1], call)
        if found and found[2] in {"wallet", "ledger"}:
            plain = {
                "balance": 0,
                "available": 0,
                "currency": self.currencies.get(found[1], "RUB"),
                "entries": [],
            }
            return answer_json(plain)
        if call.path == "/version":
            return answer_json({"build_id": "build-7"})
        return answer_json({"ok": True, "livemode": False, "now": 1.0, "state": "done"})

    def _open(self, asked: dict[str, Any]) -> Reply:
        number = next(self._numbers)
        customer = self._bank.put("customer")["id"]
        self.currencies[f"acc{number}"] = asked.get("currency", "RUB")
        return answer_json({"id": f"acc{number}", "api_key": f"key-{number}", "customer": customer}, 201)

    def _top_up(self, account: str, call: Call) -> Reply:
        key = (account, call.headers.get("Idempotency-Key", ""))
        if key in self._top_ups and self._honours_keys:
            return answer_json({"id": "t", "payment_intent": self._top_ups[key], "status": "open"})
        asked = json.loads(call.body)
        if type(asked["amount"]) is not int or not 0 < asked["amount"] < 10**8:
            return answer_json({"code": "bad_amount"}, 400)
        fields = {"amount": str(asked["amount"]), "currency": asked["currency"]}
        fields |= {"confirm": "true"} if asked.get("confirm") else {}
        status, made = self._bank.write("/v1/payment_intents", fields, "")
        self._top_ups[key] = made["id"]
        return answer_json({"id": "t", "payment_intent": made["id"], "status": made["status"]}, status)
