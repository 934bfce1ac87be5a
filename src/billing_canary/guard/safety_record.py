"""What the guard proved and refused in one run, rule by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from threading import Lock

from billing_canary.errors import RefusedError
from billing_canary.model import SafetyCheck, Status

_SHOWN = 5
"""Refusals of one rule that are quoted; the rest is counted."""


class SafetyRecord:
    """Counts, proofs, warnings and refusals by rule. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._passed: Counter[tuple[str, ...]] = Counter()
        self._refused: dict[str, list[str]] = {}
        self._said: dict[str, dict[str, None]] = {}
        self.ended: RefusedError | None = None

    def passed(self, *rules: str) -> None:
        """One request or answer satisfied `rules`."""
        with self._lock:
            self._passed[rules] += 1

    def say(self, rule: str, sentence: str) -> None:
        """Add a proof or a warning to the check of `rule`; the same sentence is kept once."""
        with self._lock:
            self._said.setdefault(rule, {})[sentence] = None

    def refuse(self, refusal: RefusedError) -> RefusedError:
        """Remember `refusal`, and the end of the run if it is one."""
        with self._lock:
            self._refused.setdefault(refusal.rule, []).append(refusal.reason)
            if refusal.ends_run and self.ended is None:
                self.ended = refusal
        return refusal

    def check(self, rule: str, claim: str, proofs: Mapping[str, str]) -> SafetyCheck:
        """The safety check of `rule`, with the sentence of `proofs` that says how it was proved."""
        with self._lock:
            refused = list(dict.fromkeys(self._refused.get(rule, [])))
            count = sum(number for rules, number in self._passed.items() if rule in rules)
            times = len(self._refused.get(rule, []))
            said = [*filter(None, [proofs.get(rule, "")]), *self._said.get(rule, {})]
        if refused:
            more = f"; and {len(refused) - _SHOWN} other reasons" if len(refused) > _SHOWN else ""
            detail = f"{times} refused: " + "; ".join(refused[:_SHOWN]) + more
            return SafetyCheck(id=rule, status=Status.REFUSED, claim=claim, detail=detail)
        detail = "; ".join([f"{count} checked, none refused", *said])
        return SafetyCheck(id=rule, status=Status.PASS if count else Status.SKIP, claim=claim, detail=detail)
