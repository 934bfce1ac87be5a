"""Attempts on single files of the cited bundles: flipped, cut, removed, swapped, linked, replaced."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.battery import forgery
from tests.battery.released import CANARY, TIER, Release, final_of
from tests.battery.tampering import Act, Case, case

FILES = {
    TIER: (
        "summary.json",
        "run.json",
        "runner.json",
        "summary.md",
        "junit.xml",
        "junit/topup.xml",
        "logs/run.log",
        "logs/topup.log",
        "coverage/coverage.db",
        "coverage/backend_billing_coverage.json",
    ),
    CANARY: (
        "billing-canary-report.json",
        "run.json",
        "runner.json",
        "billing-canary-report.md",
        "junit.xml",
        "logs/run.log",
        "logs/created.jsonl",
    ),
}
"""Every file of the two bundles; a test compares this with what is there."""

EMPTY = frozenset({"logs/created.jsonl"})
"""Nothing was created, so there is nothing to flip or cut."""

_FINALS = ("summary.json", "billing-canary-report.json")
_SUN_PATH_LIMIT = 100


def _linked(file: Path) -> None:
    """The very same content, but by a link that leads out of the bundle."""
    away = file.parents[3] / f"away-{file.name}"
    shutil.move(file, away)
    file.symlink_to(away)


def _fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _grown(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b" ")


def _endless(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


_DEEDS: dict[str, Callable[[Path], object]] = {
    "first-bit-flipped": lambda file: forgery.flip(file, 0),
    "middle-bit-flipped": lambda file: forgery.flip(file, 0.5, bit=3),
    "last-bit-flipped": lambda file: forgery.flip(file, 1, bit=6),
    "emptied": lambda file: forgery.cut(file, 0.0),
    "cut-in-half": lambda file: forgery.cut(file, 0.5),
    "cut-by-a-byte": lambda file: forgery.cut(file, -1),
    "grown": _grown,
    "removed": Path.unlink,
    "linked": _linked,
    "fifo": _fifo,
}
_NEED_CONTENT = frozenset(name for name in _DEEDS if "flipped" in name or "cut" in name or name == "emptied")


def _on_each_file() -> Iterator[Case]:
    for kind, paths in FILES.items():
        for path in paths:
            for name, deed in _DEEDS.items():
                if path in EMPTY and name in _NEED_CONTENT:
                    continue
                because = "was interrupted" if path in _FINALS and name == "removed" else "is damaged"
                yield case(f"{kind}-{path}-{name}", _on(kind, path, deed), because)


def _on(kind: str, path: str, deed: Callable[[Path], object]) -> Act:
    return lambda release: deed(release.bundle(kind) / path)


def _swap(one: Path, other: Path) -> None:
    between = one.with_name("between")
    one.rename(between)
    other.rename(one)
    between.rename(other)


def _swap_inside(kind: str, one: str, other: str) -> Act:
    return lambda release: _swap(release.bundle(kind) / one, release.bundle(kind) / other)


def _swap_across(path: str) -> Act:
    return lambda release: _swap(release.tier / path, release.canary / path)


def _swap_finals(release: Release) -> None:
    """Each bundle gets the other's report, under the name that its kind has."""
    _swap(final_of(release.tier), final_of(release.canary))


def _final_of_stashed(name: str, kind: str) -> Act:
    def act(release: Release) -> None:
        (folder,) = (release.stash / name / kind).iterdir()
        shutil.copy(final_of(folder), final_of(release.bundle(kind)))

    return act


def _case_twin(release: Release) -> None:
    shutil.copy(release.tier / "junit.xml", release.tier / "JUnit.xml")


def _extra_socket(release: Release) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(release.tier)  # socket names are short
        try:
            listener.bind("s")
        finally:
            os.chdir(here)


def _linked_folder(release: Release) -> None:
    shutil.move(release.tier / "logs", release.home / "logs")
    (release.tier / "logs").symlink_to(release.home / "logs")


def _sparse(release: Release) -> None:
    os.truncate(final_of(release.tier), 17 * 1024 * 1024)


CASES = (
    *_on_each_file(),
    case("tier-junit-and-log-swapped", _swap_inside(TIER, "junit.xml", "logs/run.log"), "is damaged"),
    case("tier-run-and-runner-swapped", _swap_inside(TIER, "run.json", "runner.json"), "is damaged"),
    case("tier-two-logs-swapped", _swap_inside(TIER, "logs/run.log", "logs/topup.log"), "is damaged"),
    case("tier-two-junits-swapped", _swap_inside(TIER, "junit.xml", "junit/topup.xml"), "is damaged"),
    case("tier-run-and-final-swapped", _swap_inside(TIER, "run.json", "summary.json"), "is damaged"),
    case("canary-run-and-runner-swapped", _swap_inside(CANARY, "run.json", "runner.json"), "is damaged"),
    case(
        "canary-final-and-report-swapped",
        _swap_inside(CANARY, "billing-canary-report.json", "billing-canary-report.md"),
        "is damaged",
    ),
    case("run-files-of-two-bundles-swapped", _swap_across("run.json"), "is damaged"),
    case("logs-of-two-bundles-swapped", _swap_across("logs/run.log"), "is damaged"),
    case("junits-of-two-bundles-swapped", _swap_across("junit.xml"), "is damaged"),
    case("finals-of-two-bundles-swapped", _swap_finals, "is damaged"),
    case("final-of-a-failed-run", _final_of_stashed("failing", TIER), "is damaged"),
    case("final-of-another-commit", _final_of_stashed("other", TIER), "is damaged"),
    case("final-of-a-dirty-run", _final_of_stashed("dirty", TIER), "is damaged"),
    case("canary-final-of-a-failed-run", _final_of_stashed("failing-canary", CANARY), "is damaged"),
    case("twin-in-other-case", _case_twin, "is not in the index"),
    case("socket-beside-the-files", _extra_socket, "is not in the index"),
    case("link-beside-the-files", lambda r: (r.tier / "more").symlink_to("junit.xml"), "is not in the index"),
    case("link-to-nowhere", lambda r: (r.tier / "more").symlink_to("nowhere"), "is not in the index"),
    case("fifo-beside-the-files", lambda r: os.mkfifo(r.tier / "more"), "is not in the index"),
    case("file-name-of-control-characters", lambda r: (r.tier / "a\x1b[2J\n").touch(), "is not in the index"),
    case("folder-of-logs-is-a-link", _linked_folder, "is damaged"),
    case("final-is-a-folder", _on(TIER, "summary.json", _folder), "is damaged"),
    case("run-file-is-a-folder", _on(TIER, "run.json", _folder), "is damaged"),
    case("log-is-a-folder", _on(CANARY, "logs/run.log", _folder), "is damaged"),
    case("final-is-endless", _on(TIER, "summary.json", _endless), "is damaged"),
    case("run-file-is-endless", _on(CANARY, "run.json", _endless), "is damaged"),
    case("log-is-endless", _on(CANARY, "logs/run.log", _endless), "is damaged"),
    case("final-is-huge", _sparse, "is larger than"),
)
