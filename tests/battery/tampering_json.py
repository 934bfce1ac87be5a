"""Attempts with JSON that two readers take differently, sealed so that every hash fits."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.battery import forgery
from tests.battery.released import CANARY, DEFECTS, TIER, Release, final_of
from tests.battery.tampering import Act, Case, case

_DEEP = "[" * 100_000 + "]" * 100_000
_DIGITS = "9" * 5_000

_IN_FINALS = {
    "nan": ('"missing_count": 0', '"missing_count": NaN'),
    "infinity": ('"missing_count": 0', '"missing_count": -Infinity'),
    "huge-float": ('"missing_count": 0', '"missing_count": 0e999'),
    "beyond-float": ('"missing_count": 0', '"missing_count": 1e999'),
    "float-for-count": ('"missing_count": 0', '"missing_count": 0.0'),
    "bool-for-count": ('"missing_count": 0', '"missing_count": false'),
    "text-for-count": ('"missing_count": 0', '"missing_count": "0"'),
    "null-for-count": ('"missing_count": 0', '"missing_count": null'),
    "5000-digits": ('"missing_count": 0', f'"missing_count": 0, "more": {_DIGITS}'),
    "5000-digits-count": ('"missing_count": 0', f'"missing_count": {_DIGITS}'),
    "above-2-to-53": ('"duration_ms": ', '"duration_ms": 9007199254740993'),
    "negative-duration": ('"duration_ms": ', '"duration_ms": -'),
    "int-for-dirty": ('"dirty": false', '"dirty": 0'),
    "text-for-dirty": ('"dirty": false', '"dirty": "false"'),
    "dirty-twice": ('"dirty": false', '"dirty": true, "dirty": false'),
    "status-twice": ('"overall_status": "pass"', '"overall_status": "fail", "overall_status": "pass"'),
    "status-twice-escaped": (
        '"overall_status": "pass"',
        '"overall_st\\u0061tus": "fail", "overall_status": "pass"',
    ),
    "status-in-capitals": ('"overall_status": "pass"', '"overall_status": "PASS"'),
    "status-bool": ('"overall_status": "pass"', '"overall_status": true'),
    "status-list": ('"overall_status": "pass"', '"overall_status": ["pass"]'),
    "commit-twice": ('"commit": "', '"commit": "aaaa", "commit": "'),
    "lone-surrogate": ('"reasons": [', '"reasons": ["\\ud800", '),
    "lone-surrogate-key": ('"reasons": [', '"\\udfff": 1, "reasons": ['),
    "raw-surrogate": ('"reasons": [', '"reasons": ["\ud800", '),
    "control-character": ('"reasons": [', '"reasons": ["\x01", '),
    "deep": ('"reasons": [', f'"more": {_DEEP}, "reasons": ['),
    "101-deep": ('"reasons": [', f'"more": {"[" * 101}{"]" * 101}, "reasons": ['),
    "comment": ('"reasons": [', '/* fine */ "reasons": ['),
    "single-quotes": ('"reasons": [', "'more': 1, \"reasons\": ["),
    "trailing-comma": ('"reasons": [', '"reasons": [,'),
    "seal-twice": ('"schema_version"', f'"document_sha256": "{"0" * 64}", "schema_version"'),
    "other-version": ('"schema_version": "1"', '"schema_version": "2"'),
    "version-int": ('"schema_version": "1"', '"schema_version": 1'),
}
"""Name to what is replaced in a final file, and by what."""

_ALSO_IN_CANARY = (
    "nan",
    "bool-for-count",
    "5000-digits",
    "int-for-dirty",
    "status-twice",
    "lone-surrogate",
    "deep",
)


def _in_final(kind: str, old: str, new: str) -> Act:
    return lambda release: forgery.write_final_text(release.bundle(kind), old, new)


def _around(kind: str, before: bytes, after: bytes) -> Act:
    def act(release: Release) -> None:
        folder = release.bundle(kind)
        forgery.seal_bytes(folder, before + final_of(folder).read_bytes() + after)

    return act


def _utf16(release: Release) -> None:
    file = final_of(release.tier)
    file.write_bytes(file.read_text(encoding="utf-8").encode("utf-16"))


def _not_an_object(release: Release) -> None:
    final_of(release.tier).write_text(json.dumps([forgery.document_of(release.tier)]))


def _in_run_file(old: str, new: str) -> Act:
    """In `run.json`, its row and the seal recomputed."""

    def act(release: Release) -> None:
        data = (release.tier / "run.json").read_bytes()
        assert old.encode() in data
        forgery.replace_file(release.tier, "run.json", data.replace(old.encode(), new.encode(), 1))

    return act


def _defects(text: str | bytes) -> Act:
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return lambda release: (release.home / DEFECTS).write_bytes(data)


def _row(**changes: str) -> str:
    row = {"id": '"B-1"', "title": '"Paid twice"', "billing": "true", "open": "false"} | changes
    return '{"defects": [{' + ", ".join(f'"{key}": {value}' for key, value in row.items()) + "}]}"


_DEFECT_FILES: dict[str, str | bytes] = {
    "an-open-one": _row(open="true"),
    "open-twice": _row(open='true, "open": false'),
    "open-as-text": _row(open='"false"'),
    "open-as-number": _row(open="0"),
    "open-as-null": _row(open="null"),
    "billing-as-number": _row(open="true", billing="0"),
    "no-title": _row(title="null"),
    "same-id-twice": '{"defects": [' + ", ".join(_row()[len('{"defects": [') : -2] for _ in range(2)) + "]}",
    "defects-twice": '{"defects": [' + _row(open="true")[len('{"defects": [') : -2] + '], "defects": []}',
    "other-key": '{"Defects": []}',
    "a-list": "[]",
    "nothing": "",
    "null": "null",
    "nan": '{"defects": NaN}',
    "bom": b"\xef\xbb\xbf" + _row().encode(),
    "no-utf-8": _row().encode().replace(b"Paid", b"\xff"),
    "cut": _row()[:-1],
    "deep": '{"defects": ' + _DEEP + "}",
    "digits": _row(more=_DIGITS),
    "surrogate": _row(title='"\\ud800"'),
}


def _cases() -> Iterator[Case]:
    for kind, names in ((TIER, tuple(_IN_FINALS)), (CANARY, _ALSO_IN_CANARY)):
        for name in names:
            old, new = _IN_FINALS[name]
            yield case(f"json-{kind}-{name}", _in_final(kind, old, new), "is damaged")
        yield case(f"json-{kind}-bom", _around(kind, b"\xef\xbb\xbf", b""), "byte order mark")
        yield case(f"json-{kind}-more-behind", _around(kind, b"", b"{}"), "is damaged")
        yield case(f"json-{kind}-nul-behind", _around(kind, b"", b"\x00"), "is damaged")
        yield case(f"json-{kind}-latin-1", _around(kind, b"", b"\xff"), "is not UTF-8")
    yield case("json-utf-16", _utf16, "is damaged")
    yield case("json-no-object", _not_an_object, "not an object")
    for name, (old, new) in {
        "state-twice": ('"state": "finished"', '"state": "running", "state": "finished"'),
        "state-in-capitals": ('"state": "finished"', '"state": "Finished"'),
        "pid-bool": ('"pid": ', '"pid": true, "was": '),
        "pid-nan": ('"pid": ', '"pid": NaN, "was": '),
        "pid-digits": ('"pid": ', f'"pid": {_DIGITS}'),
        "deep": ('"pid": ', f'"more": {_DEEP}, "pid": '),
        "start-without-zone": ('"started_at": "2', '"started_at": "'),
        "tier-twice": ('"tier": "quick"', '"tier": "x", "tier": "quick"'),
    }.items():
        yield case(f"json-run-file-{name}", _in_run_file(old, new), "is damaged")
    for name, text in _DEFECT_FILES.items():
        yield case(f"defects-{name}", _defects(text), "defects: ")


CASES = tuple(_cases())
