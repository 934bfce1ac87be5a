"""Incidents that people recorded in the project's own audit log."""

from __future__ import annotations

from billing_canary.audit.log import AUDIT_LOG as LOG_PATH
from billing_canary.config import Table
from billing_canary.errors import EvidenceError
from billing_canary.reading import Outcome
from billing_canary.telemetry.kind import Answer, Asking, SourceKind, UnanswerableError
from billing_canary.telemetry.question import Form
from billing_canary.telemetry.settings import AuditLogSource

_MOST_SHOWN = 3


def _load(_table: Table, name: str) -> AuditLogSource:
    return AuditLogSource(name=name, kind="audit-log")


def _shown(_source: AuditLogSource, _asking: Asking) -> str:
    return LOG_PATH


def _read(_source: AuditLogSource, asking: Asking) -> Answer:
    """Every incident of the log. A log without any says that there is none, so that is no empty answer."""
    # Only a trigger that asks pays for the chain.
    from billing_canary.audit.log_file import load_log  # noqa: PLC0415
    from billing_canary.audit.views import incidents  # noqa: PLC0415

    try:
        log = load_log(asking.root)
    except EvidenceError as error:
        raise UnanswerableError(f"{error}; restore {LOG_PATH}, e.g. from Git") from error
    if log.problems:
        shown = "; ".join(log.problems[:_MOST_SHOWN])
        more = len(log.problems) - _MOST_SHOWN
        shown += f"; and {more} more" if more > 0 else ""
        raise UnanswerableError(f"{LOG_PATH} is broken: {shown}; restore it, e.g. from Git")
    return Answer(outcome=Outcome.ANSWERED, incidents=incidents(log))


AUDIT_LOG = SourceKind(name="audit-log", load=_load, forms={Form.INCIDENTS: ((),)}, shown=_shown, read=_read)
