"""From what a probe recorded, and how it ended, to its result. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billing_canary.errors import RefusedError
from billing_canary.model import Evidence, Status
from billing_canary.probe.recorder import ClaimFailedError
from billing_canary.redact import Redactor
from billing_canary.target.operations import UnexpectedAnswerError
from billing_canary.target.stripe_provider import ProviderError

_NOTHING_SHOWN = "it recorded no evidence, so it showed nothing"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a probe ended: status, one sentence why, its evidence, and whether it contradicted itself."""

    status: Status
    reason: str
    evidence: tuple[Evidence, ...]
    flaky: bool = False


def conclude(rows: tuple[Evidence, ...], error: BaseException | None, redact: Redactor) -> Ending:
    """The ending of a probe that recorded `rows` and ended by `error` (None: by itself)."""
    if isinstance(error, UnexpectedAnswerError | ProviderError):
        rows = (*rows, _unanswered(error, redact))
        error = None
    if isinstance(error, RefusedError):
        return Ending(status=Status.REFUSED, reason=redact(str(error)), evidence=rows)
    broke = _how_it_broke(error, redact)
    failed = [row for row in rows if not row.held]
    if failed:  # a claim that did not hold stays a finding, whatever became of the probe after it
        reason = f"{failed[0].claim}: expected {failed[0].expected}, observed {failed[0].observed}"
        reason += f"; then {broke}" if broke else ""
        return Ending(status=Status.FAIL, reason=reason, evidence=rows, flaky=_contradicts_itself(rows))
    if broke or error is not None or not rows:
        reason = broke or (redact(str(error)) if error is not None else _NOTHING_SHOWN)
        return Ending(status=Status.ERROR, reason=reason, evidence=rows)
    return Ending(status=Status.PASS, reason=f"{len(rows)} claims held", evidence=rows)


def _how_it_broke(error: BaseException | None, redact: Redactor) -> str:
    if error is None or isinstance(error, ClaimFailedError):
        return ""
    try:
        said = redact(str(error))
    except Exception:  # noqa: BLE001 - a probe's own exception class may be broken too
        said = "(it cannot say what)"
    return f"the probe broke: {type(error).__name__}: {said}"


def _unanswered(error: UnexpectedAnswerError | ProviderError, redact: Redactor) -> Evidence:
    """A step that a working system answers: its failing is a finding about the product."""
    if isinstance(error, UnexpectedAnswerError):
        claim, observed, source = (
            f"{error.operation.value} is answered",
            error.observed,
            error.operation.value,
        )
    else:
        claim, observed, source = "The payment provider answers this step", str(error), "provider"
    return Evidence(claim=claim, expected="ok", observed=redact(observed), held=False, source=source)


def _contradicts_itself(rows: Sequence[Evidence]) -> bool:
    """Whether one claim failed first and held later."""
    failed: set[str] = set()
    for row in rows:
        if row.held and row.claim in failed:
            return True
        if not row.held:
            failed.add(row.claim)
    return False
