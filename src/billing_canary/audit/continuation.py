"""Whether an audit log goes on from what was committed, and from what earlier decisions cite.

The chain alone shows that a log fits together, not that it is the old one: whoever can write the file can
write another chain. Git and the recorded decisions each remember a part of the old one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from billing_canary.audit.chain import NO_HEAD, log_bytes
from billing_canary.audit.log import AUDIT_LOG, AuditLog
from billing_canary.git_command import ask_git, in_repository

_REGULAR = ("100644 blob ", "100755 blob ")


def continuation_problem(root: Path, log: AuditLog, heads: Iterable[str]) -> str:
    """Why `log`, read from the project at `root`, does not go on from what was there before, or "".

    `heads` are those that decision bundles cite. Without a repository only they are compared; a log that
    is not committed yet goes on from nothing. When Git cannot tell, that is a problem.
    """
    if log.problems:
        return f"{AUDIT_LOG} is broken: {log.problems[0]}"
    return _against_git(root, log) or _against_heads(log, heads)


def _against_heads(log: AuditLog, heads: Iterable[str]) -> str:
    known = {NO_HEAD, *(entry.digest for entry in log.entries)}
    lost = sorted(set(heads) - known)
    if not lost:
        return ""
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    return f"an earlier decision cites the entry {lost[0][:12]}{more}, which {AUDIT_LOG} no longer holds"


def _against_git(root: Path, log: AuditLog) -> str:
    if not in_repository(root):
        return ""
    head = ask_git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.code == 1:
        return ""  # no commit yet
    if head.code != 0:
        return f"Git cannot tell what is committed of {AUDIT_LOG}: {head.problem}"
    listed = ask_git(root, "ls-tree", "-z", head.text, AUDIT_LOG)
    if listed.code != 0:
        return f"Git cannot tell what is committed of {AUDIT_LOG}: {listed.problem}"
    if not listed.output:
        return ""
    return _against_blob(root, log, listed.text)


def _against_blob(root: Path, log: AuditLog, listed: str) -> str:
    """`listed` is the line of `ls-tree`: mode, type, object id, path."""
    if not listed.startswith(_REGULAR):
        return f"the committed {AUDIT_LOG} is no regular file"
    blob = ask_git(root, "cat-file", "blob", listed.split()[2])
    if blob.code != 0:
        return f"Git cannot tell what is committed of {AUDIT_LOG}: {blob.problem}"
    if log_bytes(log).startswith(blob.output):
        return ""
    return f"{AUDIT_LOG} does not begin with what is committed: an entry was changed or removed since"
