from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.fakes.audit import entry_after, instant, make_bytes, make_log

from billing_canary.audit.chain import (
    LINE_LIMIT,
    LOG_LIMIT,
    canonical,
    content_problems,
    digest,
    line_of,
    log_bytes,
    open_entries,
    read_log,
)
from billing_canary.audit.log import AuditEntry, AuditLog, EntryKind

K = EntryKind
FOUR = make_bytes(K.APPROVAL, K.RISK, K.INCIDENT_OPENED, K.BASELINE)


def _lines() -> list[bytes]:
    return FOUR.splitlines(keepends=True)


def _again(entry: AuditEntry) -> bytes:
    """A line with a digest that fits, whatever the entry says."""
    return line_of(replace(entry, digest=digest(entry)))


def test_no_text_is_an_empty_log() -> None:
    assert read_log(b"") == read_log("") == AuditLog()


def test_every_kind_reads_back() -> None:
    log = make_log(
        K.APPROVAL,
        K.RISK,
        K.ATTESTATION,
        K.INCIDENT_OPENED,
        (K.APPROVAL_WITHDRAWN, {"of": 1}),
        (K.RISK_CLOSED, {"of": 2}),
        (K.ATTESTATION_WITHDRAWN, {"of": 3}),
        (K.INCIDENT_UPDATED, {"of": 4}),
        (K.INCIDENT_CLOSED, {"of": 4}),
        K.BASELINE,
        K.TRIGGER_CLEARED,
        K.RUN_INVALIDATED,
    )
    assert {entry.kind for entry in log.entries} == set(K)
    assert [entry.sequence for entry in log.entries] == list(range(1, 13))
    assert log.head == log.entries[-1].digest


def test_text_and_bytes_are_one() -> None:
    assert read_log(FOUR.decode()) == read_log(FOUR)
    assert log_bytes(read_log(FOUR)) == FOUR


def test_the_digest_can_be_recomputed_with_other_tools() -> None:
    document = json.loads(_lines()[1])
    told = document.pop("digest")
    form = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    assert hashlib.sha256(form).hexdigest() == told
    assert canonical(read_log(FOUR).entries[1]) == form
    assert document["previous"] == json.loads(_lines()[0])["digest"]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_one_changed_word_breaks_its_own_line_only(number: int) -> None:
    lines = _lines()
    lines[number - 1] = lines[number - 1].replace(b"Ada Byron", b"Eve Byron")

    assert read_log(b"".join(lines)).problems == (
        f"line {number}: its digest is not that of its content: it was changed after it was written",
    )


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_changed_line_with_a_new_digest_breaks_the_next(number: int) -> None:
    entries = read_log(FOUR).entries
    lines = _lines()
    lines[number - 1] = _again(replace(entries[number - 1], by="Eve"))

    (problem,) = read_log(b"".join(lines)).problems
    assert problem.startswith(f"line {number + 1}: does not follow on the line before")


EDITS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "first deleted": lambda lines: lines[1:],
    "second deleted": lambda lines: [lines[0], *lines[2:]],
    "two swapped": lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    "reversed": lambda lines: lines[::-1],
    "one twice": lambda lines: [lines[0], lines[1], *lines[1:]],
    "all twice": lambda lines: lines * 2,
    "empty line within": lambda lines: [lines[0], b"\n", *lines[1:]],
    "empty line at the end": lambda lines: [*lines, b"\n"],
    "spaces at the end": lambda lines: [*lines, b"  "],
    "last cut": lambda lines: [*lines[:-1], lines[-1][:-20]],
    "last without its end": lambda lines: [*lines[:-1], lines[-1][:-1]],
    "two in one": lambda lines: [lines[0][:-1], *lines[1:]],
    "carriage returns": lambda lines: [line[:-1] + b"\r\n" for line in lines],
    "byte order mark": lambda lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]],
    "no JSON": lambda lines: [*lines, b"approved!\n"],
    "NUL": lambda lines: [*lines, b"\0\n"],
    "not UTF-8": lambda lines: [lines[0].replace(b"Ada", b"Ad\xff"), *lines[1:]],
    "UTF-16": lambda lines: [b"".join(lines).decode().encode("utf-16")],
    "conflict marks": lambda lines: [b"<<<<<<< ours\n", *lines, b">>>>>>> theirs\n"],
    "a list": lambda lines: [b"[" + lines[0][:-1] + b"]\n", *lines[1:]],
    "spaces": lambda lines: [lines[0].replace(b'":', b'": '), *lines[1:]],
    "other order": lambda lines: [
        json.dumps(dict(reversed(json.loads(lines[0]).items())), separators=(",", ":")).encode() + b"\n",
        *lines[1:],
    ],
    "escaped letter": lambda lines: [lines[0].replace(b"Ada", b"\\u0041da"), *lines[1:]],
    "key twice": lambda lines: [lines[0].replace(b'{"at"', b'{"by":"Eve","at"'), *lines[1:]],
    "NaN": lambda lines: [lines[0].replace(b'"sequence":1', b'"sequence":NaN'), *lines[1:]],
    "a float": lambda lines: [lines[0].replace(b'"sequence":1', b'"sequence":1.0'), *lines[1:]],
    "true": lambda lines: [lines[0].replace(b'"sequence":1', b'"sequence":true'), *lines[1:]],
    "huge number": lambda lines: [lines[0].replace(b'"sequence":1', b'"sequence":' + b"9" * 400), *lines[1:]],
    "deep": lambda lines: [b"[" * 7_000 + b"]" * 7_000 + b"\n", *lines],
    "unknown kind": lambda lines: [lines[0].replace(b'"approval"', b'"blessing"'), *lines[1:]],
    "unknown key": lambda lines: [lines[0].replace(b'{"at"', b'{"a":1,"at"'), *lines[1:]],
    "too long": lambda lines: [b'"' + b"x" * LINE_LIMIT + b'"\n', *lines],
    "upper-case digest": lambda lines: [lines[0].upper(), *lines[1:]],
}


@pytest.mark.parametrize("name", EDITS)
def test_no_edit_goes_unseen(name: str) -> None:
    log = read_log(b"".join(EDITS[name](_lines())))

    assert log.problems
    assert (log.entries, log.head) == ((), "0" * 64)
    assert all(problem.startswith("line ") for problem in log.problems)


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_a_shorter_chain_is_sound_by_itself(keep: int) -> None:
    """What was cut off at the end only Git and the decisions remember."""
    assert read_log(b"".join(_lines()[:keep])).problems == ()


def test_every_single_byte_counts() -> None:
    for place in range(len(FOUR)):
        changed = bytearray(FOUR)
        changed[place] ^= 1
        assert read_log(bytes(changed)).problems, place


def test_every_cut_within_a_line_is_seen() -> None:
    ends = {0, *(place + 1 for place, byte in enumerate(FOUR) if byte == 10)}
    for size in set(range(len(FOUR))) - ends:
        assert "is cut short" in read_log(FOUR[:size]).problems[-1], size


def test_every_problem_has_its_line() -> None:
    lines = _lines()
    lines[0] = lines[0].replace(b"Ada", b"Eve")
    lines[2] = b"{}\n"

    problems = read_log(b"".join([*lines, b"cut"])).problems

    assert [problem.partition(":")[0] for problem in problems] == ["line 1", *["line 3"] * 7, "line 5"]
    assert "line 3: digest is missing" in problems


def test_many_problems_are_not_all_told() -> None:
    problems = read_log(b"x\n" * 5_000).problems

    assert len(problems) == 101
    assert problems[-1].startswith("and more")


def test_a_huge_log_is_not_read() -> None:
    assert read_log(b"\n" * (LOG_LIMIT + 1)).problems == (f"the log is larger than {LOG_LIMIT} bytes",)


def test_half_a_surrogate_pair_is_no_traceback() -> None:
    assert read_log(FOUR.decode().replace("Ada", "A\ud800a")).problems


def test_what_a_line_quotes_is_harmless() -> None:
    evil = _lines()[0].replace(b'"approval"', b'"\\u001b[31mapproval"')

    assert all(problem.isprintable() for problem in read_log(evil).problems)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("sequence", 0, "sequence must be a whole number from 1, not 0"),
        ("sequence", "1", "sequence must be a whole number from 1, not '1'"),
        ("at", "yesterday", "at must be a time such as 2026-11-21T10:37:16.123Z, not 'yesterday'"),
        ("kind", ["approval"], "kind is list, which is no kind of entry"),
        ("by", 5, "by must be text, not 5"),
        ("fields", [], "fields must be an object that holds text and whole numbers only"),
        ("fields", {"role": None}, "fields must be an object that holds text and whole numbers only"),
        ("fields", {"role": True}, "fields must be an object that holds text and whole numbers only"),
        ("previous", "0" * 63, f"previous must be 64 hexadecimal digits, not {ascii('0' * 63)[:60]}..."),
        ("digest", None, "digest must be 64 hexadecimal digits, not NoneType"),
    ],
)
def test_each_part_has_its_type(key: str, value: object, told: str) -> None:
    document = {**json.loads(_lines()[0]), key: value}

    assert read_log(json.dumps(document) + "\n").problems == (f"line 1: {told}",)


def test_the_fields_are_checked_on_reading() -> None:
    assert read_log(make_bytes((K.APPROVAL, {"role": "x" * 500}))).problems[0].startswith("line 1: role ")


def test_the_chain_starts_at_nothing() -> None:
    entry = replace(entry_after(AuditLog(), K.APPROVAL), previous="1" * 64)

    (problem,) = read_log(_again(entry)).problems
    assert problem.startswith("line 1: does not follow")


def test_a_gap_in_the_numbers_is_seen() -> None:
    entry = replace(entry_after(AuditLog(), K.APPROVAL), sequence=2)

    assert read_log(_again(entry)).problems == ("line 1: is entry 2, where entry 1 has to stand",)


def test_time_does_not_run_backwards() -> None:
    log = make_log(K.APPROVAL, K.APPROVAL, K.APPROVAL)
    early = replace(entry_after(log, K.BASELINE), at=instant(1))

    assert read_log(log_bytes(log) + _again(early)).problems == (
        f"line 4: at is {instant(1)}, before the entry above it",
    )
    same = replace(entry_after(log, K.BASELINE), at=instant(2))
    assert read_log(log_bytes(log) + _again(same)).problems == ()


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([(K.RISK_CLOSED, {"of": 1})], "line 1: of is 1, which is no open entry of kind risk"),
        ([K.APPROVAL, (K.RISK_CLOSED, {"of": 1})], "line 2: of is 1, which is no open entry of kind risk"),
        (
            [K.RISK, (K.RISK_CLOSED, {"of": 3}), K.RISK],
            "line 2: of is 3, which is no open entry of kind risk",
        ),
        (
            [K.RISK, (K.RISK_CLOSED, {"of": 1}), (K.RISK_CLOSED, {"of": 1})],
            "line 3: of is 1, which is no open entry of kind risk",
        ),
        (
            [K.INCIDENT_OPENED, (K.INCIDENT_CLOSED, {"of": 1}), (K.INCIDENT_UPDATED, {"of": 1})],
            "line 3: of is 1, which is no open entry of kind incident-opened",
        ),
        (
            [K.APPROVAL, (K.APPROVAL_WITHDRAWN, {"of": 1}), (K.APPROVAL_WITHDRAWN, {"of": 2})],
            "line 3: of is 2, which is no open entry of kind approval",
        ),
    ],
)
def test_only_what_is_open_can_end(entries: list[EntryKind], told: str) -> None:
    assert read_log(make_bytes(*entries)).problems == (told,)


def test_an_update_ends_nothing() -> None:
    log = make_log(K.INCIDENT_OPENED, (K.INCIDENT_UPDATED, {"of": 1}), (K.INCIDENT_UPDATED, {"of": 1}))

    assert open_entries(log.entries) == {1: K.INCIDENT_OPENED}


def test_what_would_follow_is_checked_the_same_way() -> None:
    log = make_log(K.RISK)

    assert content_problems(log, entry_after(log, K.RISK_CLOSED, of=1)) == ()
    assert content_problems(log, entry_after(log, K.RISK_CLOSED, of=2)) == (
        "of is 2, which is no open entry of kind risk",
    )
    assert content_problems(log, entry_after(log, K.RISK_CLOSED, of=0))[0].startswith("of must be")
