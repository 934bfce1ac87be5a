"""The whole battery: every attempt and every legitimate flow."""

from __future__ import annotations

from tests.battery import (
    attempts_answers,
    attempts_cli,
    attempts_endpoints,
    attempts_files,
    attempts_hosts,
    attempts_keys,
    attempts_money,
    attempts_orders,
    attempts_target,
)
from tests.battery.flows import FLOWS

FAMILIES = {
    "keys": attempts_keys.ATTEMPTS,
    "hosts": attempts_hosts.ATTEMPTS,
    "money": attempts_money.ATTEMPTS,
    "orders": attempts_orders.ATTEMPTS,
    "endpoints": attempts_endpoints.ATTEMPTS,
    "answers": attempts_answers.ATTEMPTS,
    "target": attempts_target.ATTEMPTS,
    "files": attempts_files.ATTEMPTS,
    "command line": attempts_cli.ATTEMPTS,
}
ATTEMPTS = tuple(attempt for family in FAMILIES.values() for attempt in family)
__all__ = ["ATTEMPTS", "FAMILIES", "FLOWS"]
