"""A billing backend unlike the reference service: forms, credits, decimal strings, its own statuses."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.fakes.server import Call, Reply, answer_json

PARTNER = "partner-secret-é"
CREDIT_MINOR = 10

TARGET = """
[shop]
backend = "credits"
base_url = { env = "SHOP_URL" }
currency = "USD"
amounts = { USD = 500 }
unit_price = 10
secrets = { partner = { env = "SHOP_PARTNER" } }
patience = { answer_ms = 2000, eventually_ms = 300, holds_ms = 60, poll_ms = 20, probe_ms = 3000 }

[backends.credits]
credit_minor = 10

[backends.credits.operations.open_account]
method = "POST"
path = "/v1/tenants"
headers = { X-Partner = "id={secrets.partner}" }
form = { label = "{name}", ccy = "{currency.lower}", quota = "{quota_units}", run = "{{{run_id}}}" }
outcomes = { ok = [202] }
extract = { account = "data.tenant.uid", token = "data.tenant.token", customer = "data.customer" }

[backends.credits.operations.close_account]
method = "DELETE"
path = "/v1/tenants/{account}"
headers = { Authorization = "Token {account.token}" }
outcomes = { ok = [404, 410] }

[backends.credits.operations.read_wallet]
method = "GET"
path = "/v1/tenants/{account}/purse"
headers = { Authorization = "Token {account.token}" }
[backends.credits.operations.read_wallet.extract]
balance = { path = "purse.amount", amount = "decimal", currency = "purse.ccy" }
available = { path = "purse.free", amount = "credits" }

[backends.credits.operations.read_ledger]
method = "GET"
path = "/v1/tenants/{account}/rows"
headers = { Authorization = "Token {account.token}" }
extract = { total = { path = "sum(rows[].credits)", amount = "credits" } }

[backends.credits.operations.create_top_up]
method = "PUT"
path = "/v1/tenants/{account}/orders/{attempt}"
headers = { Authorization = "Token {account.token}", X-Trace = "{trace}" }
form = { credits = "{amount.credits}", price = "{amount.decimal}", ccy = "{currency}" }
outcomes = { blocked = [409], rejected = [500] }
extract = { payment = "order.pi", top_up = "order.no" }

[backends.credits.operations.consume]
method = "POST"
path = "/v1/use?tenant={account}"
headers = { Authorization = "Token {account.token}" }
form = { units = "{units}", id = "{usage}" }
outcomes = { blocked = [429], unavailable = [418], failed = [404] }
extract = { reason = "error.code" }

[backends.credits.operations.read_health]
method = "GET"
path = "/health"
"""


@dataclass
class Tenant:
    """One account of the shop."""

    uid: str
    token: str
    ccy: str
    rows: list[int] = field(default_factory=list)
    orders: dict[str, int] = field(default_factory=dict)


class CreditShop:
    """The shop's state and its answers; hand `answer` to a `FakeServer`.

    `uids` are the ids that it gives out, hostile ones if a test likes.
    """

    def __init__(self, *uids: str) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.use_answer: Reply = answer_json({"ok": True})
        self._uids = itertools.chain(uids, (f"t{number}" for number in itertools.count(1)))

    def answer(self, call: Call) -> Reply:
        parts = [unquote(part) for part in call.path.split("/")[1:]]
        if parts == ["v1", "tenants"]:
            return self._open(call)
        if parts == ["health"]:
            return Reply(body=b"fine")
        if parts == ["v1", "use"]:
            return self.use_answer
        tenant = self.tenants.get(parts[2]) if parts[:2] == ["v1", "tenants"] else None
        if tenant is None:
            return answer_json({"error": {"code": "no_such_tenant"}}, 404)
        if call.headers.get("Authorization") != f"Token {tenant.token}":
            return answer_json({"error": {"code": "bad_token"}}, 403)
        return self._of(tenant, call, parts[3:])

    def _open(self, call: Call) -> Reply:
        if call.headers.get("X-Partner") != f"id={PARTNER}":
            return answer_json({"error": {"code": "bad_partner"}}, 403)
        tenant = Tenant(
            uid=next(self._uids), token=f"tok-{len(self.tenants)}", ccy=call.form["ccy"][0].upper()
        )
        self.tenants[tenant.uid] = tenant
        data = {"tenant": {"uid": tenant.uid, "token": tenant.token}, "customer": f"cus_{tenant.uid}"}
        return answer_json({"data": data}, 202)

    def _of(self, tenant: Tenant, call: Call, rest: list[str]) -> Reply:
        if call.method == "DELETE":
            del self.tenants[tenant.uid]
            return Reply(status=410)
        if rest == ["rows"]:
            return answer_json({"rows": [{"credits": entry} for entry in tenant.rows]})
        if rest == ["purse"]:
            return answer_json({"purse": self._purse(tenant)})
        return self._order(tenant, call, rest[1])

    def _purse(self, tenant: Tenant) -> dict[str, Any]:
        total = sum(tenant.rows)
        minor = total * CREDIT_MINOR
        return {"amount": f"{minor // 100}.{minor % 100:02}", "ccy": tenant.ccy.lower(), "free": total}

    def _order(self, tenant: Tenant, call: Call, attempt: str) -> Reply:
        asked = int(call.form["credits"][0])
        if tenant.orders.setdefault(attempt, asked) != asked:
            return answer_json({}, 409)
        tenant.rows.append(asked)
        number = len(tenant.orders)
        return answer_json({"order": {"pi": f"pi_{number}", "no": number}}, 201)
