"""A log as a billing service's suite writes it: one request after the other, now and then a secret."""

from __future__ import annotations

import hashlib
import random

_LINES = (
    "{day}T{time} INFO [w-{small}] shop.topups request={uuid} account=acct_{id} {money} RUB, pi_{id}",
    '{day} {time} DEBUG urllib3.connectionpool 127.0.0.1:4{small} "POST /v1/payments HTTP/1.1" 200 {small}',
    '127.0.0.1 - - [{day} {time}] "GET /api/wallets/{uuid} HTTP/1.1" 200 {small} {micros}us',
    '{{"ts": {epoch}, "level": "info", "event": "webhook.accepted", "id": "evt_{id}", "sha256": "{digest}"}}',
    "suites/billing/test_topup.py::test_credit[{small}-RUB] PASSED                           [ {percent}%]",
    "    at shop.ledger.post(ledger.py:{small}) balance={money} version={epoch}{small}",
)
_SECRETS = (
    "{day}T{time} WARNING shop.client retry with Authorization: Bearer {secret}",
    "{day}T{time} DEBUG stripe.api_key=sk_test_{id}{id} mode=test",
    "{day}T{time} DEBUG card 4242 4242 4242 4242 accepted, signed with whsec_{id}{id}",
)
_SECRET_EVERY = 1_000
"""Lines; most suites that show a secret show it once, in a header."""


def log_text(size: int, secret: str, seed: int = 1) -> str:
    """At least `size` characters of log, the same for the same `seed`.

    Args:
        size: characters.
        secret: a value that stands in some of the lines.
        seed: of what is drawn at random.
    """
    draw = random.Random(seed)  # noqa: S311 - numbers of a log, not of a cipher
    lines: list[str] = []
    written = 0
    while written < size:
        kinds = _LINES if len(lines) % _SECRET_EVERY else _SECRETS
        lines.append(draw.choice(kinds).format(secret=secret, **_words(draw)))
        written += len(lines[-1]) + 1
    return "\n".join(lines) + "\n"


def _words(draw: random.Random) -> dict[str, object]:
    digest = hashlib.sha256(draw.randbytes(8)).hexdigest()
    return {
        "day": f"2026-11-{draw.randint(10, 28)}",
        "time": f"{draw.randint(10, 23)}:{draw.randint(10, 59)}:41,{draw.randint(100, 999)}",
        "uuid": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
        "id": digest[:24],
        "digest": digest,
        "money": f"{draw.randint(1, 9_999)}.{draw.randint(10, 99)}",
        "epoch": 1_793_000_000_000 + draw.randint(0, 10**9),
        "micros": draw.randint(100, 99_999),
        "small": draw.randint(100, 999),
        "percent": draw.randint(10, 99),
    }
