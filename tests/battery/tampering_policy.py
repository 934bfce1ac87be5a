"""Attempts on the files that say what is asked for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.battery.checklist import RELEASE
from tests.battery.released import DEFECTS, POLICY, Release
from tests.battery.tampering import Act, Case, case

RISKS = "gates/risk.toml"


def _text(path: str, text: str | bytes) -> Act:
    data = text.encode() if isinstance(text, str) else text
    return lambda release: (release.home / path).write_bytes(data)


def _edit(old: str, new: str, path: str = POLICY) -> Act:
    return lambda release: release.edit(path, old, new)


def _place(path: str, make: object) -> Act:
    def act(release: Release) -> None:
        (release.home / path).unlink()
        make(release.home / path)  # type: ignore[operator]  # a callable on the path

    return act


def _none_required(release: Release) -> None:
    release.edit(POLICY, "kind = ", "required = false\nkind = ")


def _linked_defects(release: Release) -> None:
    shutil.move(release.home / DEFECTS, release.home / "defects.json")
    (release.home / DEFECTS).symlink_to(release.home / "defects.json")


_EDITS = {
    "unknown-key": ('title = "Small', 'titel = "x"\ntitle = "Small', "titel"),
    "unknown-key-of-an-item": ('tier = "quick"\nmax', 'tier = "quick"\nmin = 1\nmax', "min"),
    "unknown-kind": ('kind = "approvals"', 'kind = "applause"', "applause"),
    "unknown-tier": ('tier = "quick"', 'tier = "quicker"', "quicker"),
    "unknown-suite": ('suites = ["topup"]', 'suites = ["refunds"]', "refunds"),
    "unknown-mode": ('mode = "mock"', 'mode = "live"', "live"),
    "other-mode": ('mode = "mock"', 'mode = "staging"', "no canary run in staging mode"),
    "other-target": ('mode = "mock"', 'mode = "mock"\ntarget = "shop"', "no canary run in mock mode"),
    "required-as-text": ('kind = "approvals"', 'kind = "approvals"\nrequired = "no"', "required"),
    "required-as-number": ('kind = "approvals"', 'kind = "approvals"\nrequired = 0', "required"),
    "age-of-nothing": ("max_age_h = 24", "max_age_h = 0", "max_age_h"),
    "age-negative": ("max_age_h = 24", "max_age_h = -24", "max_age_h"),
    "age-bool": ("max_age_h = 24", "max_age_h = true", "max_age_h"),
    "age-nan": ("max_age_h = 24", "max_age_h = nan", "max_age_h"),
    "age-infinite": ("max_age_h = 24", "max_age_h = inf", "max_age_h"),
    "age-float": ("max_age_h = 24", "max_age_h = 24.0", "max_age_h"),
    "age-of-5000-digits": ("max_age_h = 24", f"max_age_h = {'9' * 5000}", "gates/release.toml"),
    "age-beyond-calendars": ("max_age_h = 24", "max_age_h = 99999999999999", "max_age_h"),
    "age-missing": ("max_age_h = 24\n", "", "max_age_h"),
    "rehearsal-age-negative": ("max_age_days = 90", "max_age_days = -1", "max_age_days"),
    "rehearsal-age-beyond": ("max_age_days = 90", "max_age_days = 99999999999", "max_age_days"),
    "unknown-state": ('states = ["verified"]', 'states = ["fine"]', "states"),
    "no-states": ('states = ["verified"]', "states = []", "states"),
    "other-states": ('states = ["verified"]', 'states = ["none"]', "is attested as verified"),
    "unknown-owner": ('release_owner = "robin"', 'release_owner = "nobody"', "release_owner"),
    "no-owner": ('release_owner = "robin"\n', "", "nobody answers for this release"),
    "approver-is-owner": ('release_owner = "robin"', 'release_owner = "taylor"', "release owner"),
    "two-of-one-name": ('names = ["Sam Probe"]', 'names = ["Taylor Example"]', "cannot be told apart"),
    "two-of-one-address": ('"sam@example.com"', '"taylor+x@example.com"', "cannot be told apart"),
    "person-without-names": ('names = ["Sam Probe"]', "names = []", "names"),
    "person-without-roles": ('roles = ["qa"]', "roles = []", "roles"),
    "person-in-other-role": ('roles = ["qa"]', 'roles = ["QA"]', "does not have the role"),
    "same-id-twice": ('id = "risks"', 'id = "finance"', "twice"),
    "empty-id": ('id = "risks"', 'id = ""', "id"),
    "key-twice": ('release_owner = "robin"', 'release_owner = "robin"\nrelease_owner = "sam"', "is no TOML"),
    "sign-off-renamed": ('id = "finance"', 'id = "finances"', "nobody attested it"),
    "more-roles": ('roles = ["lead", "qa"]', 'roles = ["lead", "qa", "owner"]', "no approval by owner"),
    "people-as-list": ("[people.sam]", "[[people.sam]]", "people"),
    "defects-above": ('file = "gates/defects.json"', 'file = "../defects.json"', "defects"),
    "defects-absolute": ('file = "gates/defects.json"', 'file = "/dev/zero"', "leads out of the project"),
    "defects-elsewhere": ('file = "gates/defects.json"', 'file = "gates/none.json"', "defects"),
    "defects-attested": ('file = "gates/defects.json"\n', "", "nobody attests no-open-defects"),
}
"""Name to what is replaced in the checklist, by what, and what must be said."""

_TEXTS: dict[str, str | bytes] = {
    "empty": "",
    "only-a-title": 'title = "x"\n',
    "no-items": RELEASE.partition("[[item]]")[0],
    "items-empty": "item = []\n" + RELEASE.partition("[[item]]")[0],
    "item-no-table": "item = [1]\n" + RELEASE.partition("[[item]]")[0],
    "no-toml": RELEASE + "\n]]\n",
    "json": "{}",
    "no-utf-8": RELEASE.encode() + b"# \xff\n",
    "utf-16": RELEASE.encode("utf-16"),
    "nul": RELEASE.encode() + b"\x00",
    "deep": f"more = {'[' * 100_000}{']' * 100_000}\n" + RELEASE,
    "huge": RELEASE + "#" * 20_000_000,
}


def _cases() -> Iterator[Case]:
    yield case("policy-nothing-required", _none_required, "none is required")
    for name, (old, new, because) in _EDITS.items():
        yield case(f"policy-{name}", _edit(old, new), because)
    for name, text in _TEXTS.items():
        yield case(f"policy-{name}", _text(POLICY, text), "gates/release.toml")
    for path in (POLICY, RISKS):
        yield case(f"{path}-removed", _place(path, lambda _: None), path)
        yield case(f"{path}-is-a-folder", _place(path, Path.mkdir), path)
        yield case(f"{path}-is-a-loop", _place(path, lambda file: file.symlink_to(file.name)), path)
        yield case(f"{path}-is-a-fifo", _place(path, os.mkfifo), path)
        yield case(f"{path}-is-endless", _place(path, lambda file: file.symlink_to("/dev/zero")), path)
    yield case("risk-policy-empty", _text(RISKS, ""), RISKS)
    yield case("risk-policy-unknown-key", _edit("[weights]", "[wheights]", RISKS), "wheights")
    yield case("defects-removed", _place(DEFECTS, lambda _: None), "cannot be read")
    yield case("defects-are-a-fifo", _place(DEFECTS, os.mkfifo), "is no regular file")
    yield case("defects-are-a-folder", _place(DEFECTS, Path.mkdir), "is no regular file")
    yield case("defects-are-a-link", _linked_defects, "cannot be read")
    yield case("defects-are-endless", _place(DEFECTS, lambda f: f.symlink_to("/dev/zero")), "cannot be read")
    fifo = "gates/fifo.toml"
    yield case(
        "another-policy-is-a-fifo", lambda r: os.mkfifo(r.home / fifo), "is not there", "--policy", fifo
    )
    yield case("another-policy-is-a-device", lambda _: None, "is not there", "--policy", "/dev/zero")
    yield case("another-policy-is-not-there", lambda _: None, "is not there", "--policy", "gates/x.toml")
    for name in ("nonsense", "--all", "", "HEAD:gates", "a" * 40, "v1.0^{tree}", "HEAD\x00", "@{upstream}"):
        yield case(f"commit-{name!a}", lambda _: None, "commit", "--commit", name)
    yield case("commit-before", lambda _: None, "no run of tier quick", "--commit", "v1.0")
    yield case("commit-after", lambda _: None, "no run of tier quick", "--commit", "HEAD")


CASES = tuple(_cases())
