"""The coverage gate as annotations of a GitHub Actions job: shown beside the lines that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from billing_canary.artifact.render.coverage_gaps import gaps
from billing_canary.module_coverage import CoverageStatus, ModuleCoverage

_MOST = 10
"""GitHub shows ten annotations of each kind in a step, and drops the others without a word."""


def coverage_annotations(
    modules: Sequence[ModuleCoverage], root: Path, environ: Mapping[str, str]
) -> list[str]:
    """Workflow commands: an error for each failing module, a warning for each of its gaps, else a notice.

    Args:
        modules: what was gated.
        root: the project's folder; paths of annotations are relative to the checkout.
        environ: says where the checkout is; without GITHUB_ACTIONS=true there is nothing to annotate.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return []
    prefix = _prefix(root, environ.get("GITHUB_WORKSPACE", ""))
    return [
        *islice(_errors(modules, prefix), _MOST),
        *islice(_gaps(modules, prefix, failing=True), _MOST),
        *islice(_gaps(modules, prefix, failing=False), _MOST),
    ]


def _prefix(root: Path, workspace: str) -> str:
    checkout = Path(workspace).resolve() if workspace else root.resolve()
    if not root.resolve().is_relative_to(checkout):
        return ""
    inside = root.resolve().relative_to(checkout).as_posix()
    return "" if inside == "." else f"{inside}/"


def _errors(modules: Iterable[ModuleCoverage], prefix: str) -> Iterator[str]:
    for module in modules:
        if module.status is not CoverageStatus.PASS:
            title = f"Coverage gate: {module.status}"
            yield _command(
                "error", prefix + module.module, 1, 1, title, f"{module.reason}. Fix: {module.fix}"
            )


def _gaps(modules: Sequence[ModuleCoverage], prefix: str, *, failing: bool) -> Iterator[str]:
    kind, title = ("warning", "Not covered") if failing else ("notice", "Not covered, the floor is reached")
    for gap in gaps(modules):
        if gap.failing is failing:
            yield _command(kind, prefix + gap.module, gap.first, gap.last, title, gap.told)


def _command(kind: str, file: str, first: int, last: int, title: str, message: str) -> str:  # noqa: PLR0913, PLR0917 - the parts of one command
    place = f"file={_property(file)},line={first},endLine={last},title={_property(title)}"
    return f"::{kind} {place}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
