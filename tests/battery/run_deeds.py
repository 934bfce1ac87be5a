"""What can be done to whole runs: removed, hidden, replayed, forged, moved, linked."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.battery import forgery
from tests.battery.forgery import Change, put
from tests.battery.released import CANARY, TIER, Release, final_of
from tests.battery.tampering import Act

from billing_canary.artifact.index_file import INDEX_FILE
from billing_canary.clock import utc_text

LATE = "20990101T000000.000Z-0000"
EARLY = "20010101T000000.000Z-0000"


def removed(kind: str, *, forgotten: bool) -> Act:
    def act(release: Release) -> None:
        folder = release.bundle(kind)
        shutil.rmtree(folder)
        if forgotten:
            forgery.forget_run(release.artifacts, folder.name)

    return act


def new(name: str, *deeds: Any) -> Act:
    """Add the stashed run `name`, then do these to its folder, one after the other."""

    def act(release: Release) -> None:
        folder = release.add_run(name)
        for deed in deeds:
            deed(folder)

    return act


def to(kind: str, *deeds: Any) -> Act:
    """Do these to the cited bundle of this kind."""

    def act(release: Release) -> None:
        for deed in deeds:
            deed(release.bundle(kind))

    return act


def sealed(change: Change) -> Any:
    return lambda folder: forgery.change_final(folder, change)


def unsealed(change: Change) -> Any:
    return lambda folder: forgery.change_final(folder, change, reseal=False)


def each(key: str, **values: Any) -> Change:
    """Set these in every element of the list under `key`."""
    return lambda document: [row.update(values) for row in document[key]]


def attempts(**values: Any) -> Change:
    return lambda document: [row.update(values) for suite in document["suites"] for row in suite["attempts"]]


def junit(**values: Any) -> Change:
    return lambda document: [
        row["junit"].update(values) for suite in document["suites"] for row in suite["attempts"]
    ]


def counts(kind: str, **values: Any) -> Change:
    return lambda document: [module[kind].update(values) for module in document["coverage"]]


def claims(**values: Any) -> Change:
    return lambda document: [row.update(values) for probe in document["probes"] for row in probe["evidence"]]


def both(*changes: Change) -> Change:
    def change(document: dict[str, Any]) -> None:
        for each in changes:
            each(document)

    return change


GREEN = both(put(overall_status="pass", reasons=["all is well"], suites_passed=1))
GREEN_SUITES = both(
    GREEN, each("suites", status="pass", reason="passed", failures=0, as_expected=True, failed_tests=[])
)
GREEN_PROBES = both(put(overall_status="pass", reasons=["all is well"]), each("probes", status="pass"))


def moved(target: str) -> Any:
    """Rename the folder of a run, relative to the artifacts."""

    def deed(folder: Path) -> None:
        place = folder.parents[1] / target
        place.parent.mkdir(exist_ok=True)
        folder.rename(place)

    return deed


def shifted(days: int, *, run: bool) -> Any:
    """Move every time of a run by so many days, and its name with them, where `run` says so."""

    def deed(folder: Path) -> None:
        forgery.change_final(folder, later(days, "started_at", "finished_at"))
        if run:
            forgery.change_run(folder, later(days, "started_at"))
            forgery.forget_run(folder.parents[1], folder.name)
            at = (
                json.loads((folder / "run.json").read_bytes())["started_at"].replace("-", "").replace(":", "")
            )
            forgery.rename(folder, f"{at}-beef")

    return deed


def later(days: int, *keys: str) -> Change:
    def change(document: dict[str, Any]) -> None:
        for key in keys:
            moment = datetime.fromisoformat(document[key]) + timedelta(days=days)
            document[key] = utc_text(moment.timestamp())

    return change


def copied(name: str, *, recomputed: bool) -> Any:
    """A copy of a run under another id."""

    def deed(folder: Path) -> None:
        shutil.copytree(folder, folder.parent / "between")
        if recomputed:
            forgery.rename(folder.parent / "between", name)
        else:
            (folder.parent / "between").rename(folder.parent / name)

    return deed


def replayed_over_failure(release: Release) -> None:
    """A failed run, and after it a copy of the old pass that claims another id."""
    passed = release.tier
    release.add_run("failing")
    copied("release-candidate-9", recomputed=True)(passed)


def from_elsewhere(*deeds: Any) -> Act:
    """The candidate's own runs are gone for good; the ones of an earlier commit stand there instead."""

    def act(release: Release) -> None:
        for kind in (TIER, CANARY):
            removed(kind, forgotten=True)(release)
        folder = release.add_run("other")
        release.add_run("other-canary")
        for deed in deeds:
            deed(folder)

    return act


def cited(deed: Any) -> Act:
    """A failed run that an earlier decision cites is hidden, and the index of runs with it."""

    def act(release: Release) -> None:
        folder = release.add_run("failing")
        assert release.decide().code == 1
        forgery.forget_run(release.artifacts, folder.name)
        deed(folder)

    return act


def replaced(make: Any) -> Any:
    def deed(folder: Path) -> None:
        shutil.rmtree(folder)
        make(folder)

    return deed


def linked_to_the_good_one(release: Release) -> None:
    folder = release.add_run("failing")
    shutil.rmtree(folder)
    folder.symlink_to(release.tier.name)


def folder_of_kind(make: Any, kind: str = TIER) -> Act:
    def act(release: Release) -> None:
        shutil.rmtree(release.artifacts / kind)
        make(release.artifacts / kind)

    return act


def link_of_kind(release: Release) -> None:
    shutil.move(release.artifacts / TIER, release.home / "elsewhere")
    (release.artifacts / TIER).symlink_to(release.home / "elsewhere")


def link_of_bundle(release: Release) -> None:
    shutil.move(release.tier, release.home / "elsewhere")
    release.tier.symlink_to(release.home / "elsewhere")


def link_of_artifacts(release: Release) -> None:
    """The root may be a link; what it leads to is verified all the same."""
    forgery.flip(release.tier / "junit.xml", 0.5)
    shutil.move(release.artifacts, release.home / "elsewhere")
    release.artifacts.symlink_to(release.home / "elsewhere")


def artifacts(make: Any) -> Act:
    def act(release: Release) -> None:
        shutil.rmtree(release.artifacts)
        make(release.artifacts)

    return act


def path(path: str) -> Any:
    """A row of the index names this path instead of its own."""
    return lambda folder: forgery.change_row(folder, "junit.xml", put(path=path))


def row(**values: Any) -> Any:
    return lambda folder: forgery.change_row(folder, "junit.xml", put(**values))


def more_rows(*paths: str) -> Any:
    """Rows beside the true ones, each with the content of an existing file."""

    def change(document: dict[str, Any]) -> None:
        (row,) = (row for row in document["artifact_index"] if row["path"] == "junit.xml")
        document["artifact_index"] += [{**row, "path": path} for path in paths]

    return sealed(change)


def lacking(path: str, **values: Any) -> Any:
    """A required file is gone, and its row says that this is all right."""

    def deed(folder: Path) -> None:
        (folder / path).unlink()
        forgery.change_row(folder, path, put(present=False, bytes=None, sha256=None, **values))

    return deed


def dropped(path: str) -> Any:
    return lambda folder: forgery.drop_file(folder, path)


def final_removed(folder: Path) -> None:
    final_of(folder).unlink()


def run_state(state: str) -> Any:
    def deed(folder: Path) -> None:
        forgery.change_run(folder, put(state=state))
        final_removed(folder)

    return deed


def forgotten(folder: Path) -> None:
    forgery.forget_run(folder.parents[1], folder.name)


def run_changed(**values: Any) -> Any:
    return lambda folder: forgery.change_run(folder, put(**values))


def voided(release: Release) -> None:
    words = ("runs", "invalidate", release.canary.name, "--by", "Kim Sample", "--reason", "wrong host")
    release.succeed(*words)


def decided_then(deed: Any) -> Act:
    def act(release: Release) -> None:
        folder = release.add_run("failing")
        assert release.decide().code == 1
        deed(release, folder)

    return act


def no_index(release: Release, failing: Path) -> None:
    (release.artifacts / INDEX_FILE).unlink()
    shutil.rmtree(failing)
