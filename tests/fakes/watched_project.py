"""A project whose triggers read files that a test writes, and the canary runs that it records."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_canary.artifact.seal import FIELD, sealed
from billing_canary.clock import utc_text

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Outcome

KIND = "billing-triggers"
WINDOW_S = 60
LONG_AGO = "2020-01-01T00:00:00.000Z"

POLICY = """
title = "Test"

[source.canary]
kind = "bundles"

[source.topups]
kind = "file"
path = "data/topups.json"
format = "json"

[source.webhooks]
kind = "file"
path = "data/webhooks.csv"
format = "csv"

[source.backlog]
kind = "file"
path = "data/backlog.json"
format = "json"

[source.blocks]
kind = "file"
path = "data/blocks.csv"
format = "csv"

[source.incidents]
kind = "audit-log"

[[trigger]]
id = "canary-failed"
title = "The canary did not fail"
rule = "canary-failed"
source = "canary"

[[trigger]]
id = "canary-stale"
title = "The canary still runs"
rule = "canary-stale"
source = "canary"
interval_s = 3600

[[trigger]]
id = "topups"
title = "Top-ups succeed"
rule = "success-rate"
source = "topups"
baseline = "0.97"
window_s = 60
delay_s = 0
why = "Customers cannot pay."

[[trigger]]
id = "webhooks"
title = "Webhooks succeed"
rule = "failure-ratio"
source = "webhooks"
threshold = "0.05"
window_s = 60
delay_s = 0

[[trigger]]
id = "backlog"
title = "Webhooks are processed"
rule = "backlog"
source = "backlog"
limit = "100"
unit = "events"

[[trigger]]
id = "blocks"
title = "No solvent wallet is blocked"
rule = "repeated"
source = "blocks"
times = 3

[[trigger]]
id = "incidents"
title = "No severe incident"
rule = "incident"
source = "incidents"
"""

NOBODY = "at,value,labels\n"


def window_rows(good: int, total: int) -> list[dict[str, object]]:
    """The same counts in every minute of the last quarter of an hour, the present one included."""
    newest = int(time.time()) // WINDOW_S * WINDOW_S
    return [
        {
            "start": utc_text(newest + minute * WINDOW_S),
            "end": utc_text(newest + (minute + 1) * WINDOW_S),
            "good": good,
            "total": total,
        }
        for minute in range(-15, 1)
    ]


def csv_of(rows: list[dict[str, object]]) -> str:
    lines = [",".join(map(str, row.values())) for row in rows]
    return "\n".join([",".join(rows[0]), *lines]) + "\n"


def level(value: str, labels: str = "", *, age_s: float = 0) -> list[dict[str, object]]:
    return [{"at": utc_text(time.time() - age_s), "value": value, "labels": labels}]


def healthy() -> dict[str, str]:
    """The content of every file while all is well."""
    return {
        "data/topups.json": json.dumps(window_rows(98, 100)),
        "data/webhooks.csv": csv_of(window_rows(100, 100)),
        "data/backlog.json": json.dumps(level("5")),
        "data/blocks.csv": csv_of(level("1", "wallet=w1")),
    }


def write_files(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def aged(final: Path, finished_at: str = LONG_AGO) -> None:
    """Make a recorded run one that ended long ago, sealed as if it had."""
    document = json.loads(final.read_text(encoding="utf-8"))
    del document[FIELD]
    final.write_bytes(sealed({**document, "finished_at": finished_at}))


def evaluated(canary: Canary, *words: str) -> Any:
    """What `triggers --json` said, with the exit code that its verdict asks for."""
    done = canary("triggers", "--json", *words)
    assert done.code == {"hold": 0, "rollback": 1, "unknown": 3}[done.document["verdict"]], done.stderr
    return done.document


def states_of(document: Any) -> dict[str, str]:
    """The state of each trigger in an evaluation."""
    return {trigger["id"]: trigger["state"] for trigger in document["triggers"]}


def cleared(canary: Canary, trigger: str) -> Outcome:
    """Clear a trigger by hand."""
    done = canary("triggers", "--clear", trigger, "--by", "Kim Sample", "--reason", "rolled back to v1.2")
    assert done.code == 0, done.stderr
    return done
