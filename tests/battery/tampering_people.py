"""Attempts to approve one's own release under another spelling, and to hide who wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.battery import forgery
from tests.battery.forgery import entry
from tests.battery.released import AUTHOR, COMMITTER, DEVELOPER, HELPER, POLICY, Release
from tests.battery.tampering import Act, Case, case

_OWN = "nobody approves their own work"

AUTHOR_NAMES = {
    "capitals": "ZOË MÜLLER",
    "small": "zoë müller",
    "no-accents": "Zoe Muller",
    "other-accents": "Zoé Mùller",
    "decomposed": "Zoe\u0308 Mu\u0308ller",
    "zero-width-space": "Zoë\u200b Müller",
    "zero-width-joiner": "Z\u200doë Müller",
    "soft-hyphen": "Zoë Mül\u00adler",
    "bom-inside": "Zoë \ufeffMüller",
    "right-to-left-mark": "\u200fZoë Müller",
    "variation-selector": "Zoë\ufe0f Müller",
    "no-break-space": "Zoë\u00a0Müller",
    "many-spaces": "Zoë    Müller",
    "no-space": "ZoëMüller",
    "full-width": "\uff3a\uff4fë \uff2dü\uff4c\uff4ce\uff52",
    "mathematical": "\U0001d419\U0001d428ë \U0001d40cü\U0001d425\U0001d425\U0001d41e\U0001d42b",
    "cyrillic-o": "Z\u043eë Müller",
    "cyrillic-m": "Zoë \u041cüller",
    "cyrillic-e": "Zo\u0451 Müller",
    "cyrillic-all": "Z\u043e\u0451 \u041cüll\u0435r",
    "greek-omicron": "Z\u03bfë Müller",
    "greek-capitals": "\u0396\u039fE \u039cULLER",
    "digit-zero": "Z0ë Müller",
    "digit-one": "Zoë Mü1ler",
    "dotted": "Zoë.Müller",
    "underscore": "zoë_müller",
    "hyphen": "Zoë-Müller",
    "swapped": "Müller Zoë",
    "swapped-with-comma": "Müller, Zoë",
    "swapped-no-accents": "MULLER, ZOE",
    "trailing-full-stop": "Zoë Müller.",
    "quoted": "'Zoë Müller'",
    "with-own-address": "Zoë Müller <other@example.com>",
    "combining-grapheme-joiner": "Zo\u034fë Müller",
    "hangul-filler": "Zoë\u3164Müller",
    "tag-character": "Zoë Müller\U000e0041",
}
"""How somebody could list the person who wrote the change, beside a new address."""

_NOT_IN_A_LOG = frozenset(
    {"zero-width-space", "soft-hyphen", "bom-inside", "right-to-left-mark", "tag-character"}
)
"""No entry can be signed so; whoever is listed so signs with the address."""

_ELSEWHERE = "zoe@elsewhere.example"

AUTHOR_ADDRESSES = {
    "as-it-is": "zoe.mueller@example.com",
    "capitals": "ZOE.MUELLER@EXAMPLE.COM",
    "plus": "zoe.mueller+approver@example.com",
    "no-dot": "zoemueller@example.com",
    "more-dots": "z.o.e.mueller@example.com",
    "underscore": "zoe_mueller@example.com",
    "full-width": "\uff5aoe.mueller@example.com",
    "cyrillic": "z\u043ee.mueller@example.com",
    "zero-width": "zoe.mueller\u200b@example.com",
    "cyrillic-domain": "zoe.mueller@ex\u0430mple.com",
    "in-brackets": "Somebody Else <zoe.mueller@example.com>",
}


def listed(release: Release, name: str, address: str) -> None:
    """Put a lead with these spellings into the policy, in place of Taylor's role."""
    release.edit(POLICY, "[people.sam]", f"{_person('extra', name, address)}\n\n[people.sam]")


def _person(key: str, name: str, address: str) -> str:
    names, emails = json.dumps([name], ensure_ascii=False), json.dumps([address], ensure_ascii=False)
    return f'[people.{key}]\nnames = {names}\nemails = {emails}\nroles = ["lead"]'


def approve_as(release: Release, by: str) -> None:
    """Replace the lead's approval by one of this person, the chain recomputed; it is not committed yet."""
    entries = forgery.entries_of(release.log)
    lead = entries[3]
    entries[3] = entry("approval", by, lead.at, lead.fields)
    forgery.chain(release.log, entries)


def as_listed(name: str, address: str, by: str = "") -> Act:
    """Somebody is listed as `name` and `address`, and approves as `by` (the name, when it is left out)."""

    def act(release: Release) -> None:
        listed(release, name, address)
        approve_as(release, by or name)

    return act


def _only_by(by: str) -> Act:
    return lambda release: approve_as(release, by)


def _hidden(hide: Act) -> Act:
    """The author approves, and does something to the repository so that nobody sees who wrote what."""

    def act(release: Release) -> None:
        as_listed("Zoë Müller", "zoe@elsewhere.example")(release)
        hide(release)

    return act


def _mailmap_file(release: Release) -> None:
    (release.home / ".mailmap").write_text(f"Some Body <some@example.com> <{AUTHOR[1]}>\n")


def _mailmap_setting(release: Release) -> None:
    _mailmap_file(release)
    release.git("config", "log.mailmap", "true")
    release.git("config", "mailmap.file", ".mailmap")


def _replaced_commit(release: Release) -> None:
    """`git replace` shows another author for the commit."""
    text = release.git("cat-file", "commit", f"{release.candidate}~1")
    lines = [
        line.replace(f"{AUTHOR[0]} <{AUTHOR[1]}>", "Some Body <some@example.com>")
        for line in text.split("\n")
    ]
    (release.home / "forged").write_text("\n".join(lines) + "\n")
    forged = release.git("hash-object", "-t", "commit", "-w", "forged")
    release.git("replace", f"{release.candidate}~1", forged)
    assert "Some Body" in release.git("log", release.candidate)


def _grafted(release: Release) -> None:
    """A graft leaves the author's commit out of the history."""
    old = release.git("rev-parse", "v1.0")
    (release.home / ".git/info").mkdir(exist_ok=True)
    (release.home / ".git/info/grafts").write_text(f"{release.candidate} {old}\n")
    assert AUTHOR[0] not in release.git("log", release.candidate)


def _shallow(release: Release) -> None:
    (release.home / ".git/shallow").write_text(f"{release.candidate}\n")


def _setting(key: str, value: str) -> Act:
    return lambda release: release.git("config", key, value)


def _no_repository(release: Release) -> None:
    (release.home / ".git").rename(release.home / "git")


def _lost_commit(release: Release) -> None:
    """The objects of the repository are gone."""
    for pack in (release.home / ".git/objects/pack").iterdir():
        pack.unlink()


def _tag_on_candidate(release: Release) -> None:
    """A release tag on the candidate itself would make the change empty."""
    release.git("tag", "v9.0", release.candidate)


def _tag_after(release: Release) -> None:
    release.git("tag", "v9.0", "HEAD")


def _cases() -> Iterator[Case]:
    for name, spelling in AUTHOR_NAMES.items():
        by = _ELSEWHERE if name in _NOT_IN_A_LOG else spelling
        yield case(f"author-approves-as-{name}", as_listed(spelling, _ELSEWHERE, by), _OWN)
    for name, address in AUTHOR_ADDRESSES.items():
        act = as_listed("Somebody Else", address)
        yield case(f"author-approves-with-address-{name}", act, _OWN)
    yield case("committer-approves", as_listed(COMMITTER[0], "oleg@elsewhere.example"), _OWN)
    yield case("committer-approves-in-cyrillic", as_listed("\u041eleg Petr\u043ev", "o@x.example"), _OWN)
    yield case("committer-approves-by-address", as_listed("Somebody", COMMITTER[1].upper()), _OWN)
    yield case("helper-approves", as_listed(HELPER[0], "ana@elsewhere.example"), _OWN)
    yield case("helper-approves-swapped", as_listed("Costa Ana", "ana@elsewhere.example"), _OWN)
    yield case("helper-approves-without-plus", as_listed("Somebody", "anacosta@example.com"), _OWN)
    yield case("helper-approves-with-other-plus", as_listed("Somebody", "ana.costa+x@example.com"), _OWN)
    yield case("developer-approves", _only_by(DEVELOPER[0]), _OWN)
    yield case("developer-approves-by-address", _only_by(DEVELOPER[1]), _OWN)
    yield case("developer-approves-in-full", _only_by(f"{DEVELOPER[0]} <{DEVELOPER[1]}>"), _OWN)
    yield case(
        "developer-approves-as-taylor", _only_by(f"Taylor Example <{DEVELOPER[1]}>"), "nobody of that name"
    )
    yield case("developer-approves-in-capitals", _only_by("DEV EXAMPLE"), _OWN)
    yield case("developer-approves-in-greek", _only_by("D\u03b5v Ex\u03b1mple"), "approvals: ")
    yield case("owner-approves-in-cyrillic", _only_by("R\u043ebin Ex\u0430mple"), "release owner")
    yield case("owner-approves-by-address", _only_by("robin+x@example.com"), "release owner")
    twin = as_listed("T\u0430ylor Example", "t@elsewhere.example")
    yield case("twin-of-taylor", twin, "cannot be told apart")
    nobody = as_listed("\u200b\u200d", "n@elsewhere.example")
    yield case("name-of-nothing", nobody, "has no letters or digits")


def _hiding() -> Iterator[Case]:
    yield case("hidden-by-mailmap", _hidden(_mailmap_file), _OWN)
    yield case("hidden-by-mailmap-and-settings", _hidden(_mailmap_setting), _OWN)
    yield case("hidden-by-replacing", _hidden(_replaced_commit), _OWN)
    yield case("hidden-by-a-graft", _hidden(_grafted), _OWN)
    yield case("hidden-by-a-shallow-clone", _hidden(_shallow), "the clone is shallow")
    yield case("hidden-by-a-tag-on-the-candidate", _hidden(_tag_on_candidate), _OWN)
    yield case("hidden-by-a-later-tag", _hidden(_tag_after), _OWN)
    yield case("hidden-by-an-encoding", _hidden(_setting("i18n.logOutputEncoding", "UTF-16")), _OWN)
    yield case("hidden-by-a-format", _hidden(_setting("format.pretty", "oneline")), _OWN)
    yield case("hidden-without-a-repository", _hidden(_no_repository), "approvals: ")
    yield case("hidden-by-losing-objects", _hidden(_lost_commit), "is no commit here")
    for name, key, value in (
        ("fixed-strings", "grep.patternType", "fixed"),
        ("perl", "grep.patternType", "perl"),
        ("basic", "grep.extendedRegexp", "false"),
    ):

        def helper(release: Release, key: str = key, value: str = value) -> None:
            as_listed(HELPER[0], "ana@elsewhere.example")(release)
            release.git("config", key, value)

        yield case(f"helper-hidden-by-{name}", helper, _OWN)


CASES = (*_cases(), *_hiding())

CONTROL = as_listed("Tilda Stranger", "tilda@elsewhere.example")
"""The same steps by somebody who wrote nothing: that is a GO."""
