"""`runs invalidate`: an entry in the project's audit log that a run counts for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.pins import find_pins
from billing_canary.artifact.run_id import check_run_id
from billing_canary.artifact.run_index import RunIndex
from billing_canary.audit.log import EntryKind
from billing_canary.cli.log_entry import open_desk, write_entry
from billing_canary.cli.void_runs import read_log, void_in
from billing_canary.errors import wrong_call


@dataclass(frozen=True, kw_only=True)
class Invalidation:
    """What was said about which run."""

    run_id: str
    kind: str | None
    by: str | None
    reason: str
    project: str | None


def invalidate_recorded(root: Path, said: Invalidation, *, as_json: bool, quiet: bool) -> int:
    """Write the entry; 0.

    A run whose folder is gone may be declared void, too, if the index remembers it or a decision cites it.

    Raises:
        ProjectError: there is no such run, more than one, it is void already, or the content is wrong.
        EvidenceError: the log cannot be written.
    """
    kind = _kind(root, said.run_id, said.kind)
    desk = open_desk(said.project, as_json=as_json, quiet=quiet)
    known = void_in(read_log(desk.root)).get(f"{kind}/{said.run_id}")
    if known is not None:
        message = f"{kind}/{said.run_id} is void already: {known.by} on {known.at[:10]}: {known.reason}"
        raise wrong_call("RUN_ID", message, "nothing is left to do")
    fields = {"kind": kind, "run_id": said.run_id, "reason": said.reason}
    told = f"invalidated as entry {{n}}: {kind}/{said.run_id}; its bundle stays, and proves nothing"
    return write_entry(desk, EntryKind.RUN_INVALIDATED, said.by, fields, told)


def _kind(root: Path, run_id: str, wanted: str | None) -> str:
    check_run_id(run_id)
    index = RunIndex.of(root)
    found = [
        kind
        for kind in KINDS
        if wanted in {None, kind} and ((root / kind / run_id).is_dir() or index.row(kind, run_id))
    ]
    if not found:
        cited = find_pins(root, None).runs
        found = [kind for kind in KINDS if wanted in {None, kind} and f"{kind}/{run_id}" in cited]
    if len(found) == 1:
        return found[0]
    if not found:
        fix = "see 'billing-canary runs list', or name another folder with --artifacts"
        raise wrong_call("RUN_ID", f"no run {run_id!r} below {root}", fix)
    raise wrong_call("RUN_ID", f"{run_id!r} names runs of {', '.join(found)}", "say which one with --kind")
