"""The defect file: JSON and CSV, and everything that makes it say nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from billing_canary.artifact.defect_file import read_defects
from billing_canary.errors import EvidenceError
from billing_canary.release import Defect

OPEN = {"id": "B-1", "title": "Paid twice", "billing": True, "open": True}
CSV = 'id,title,billing,open,owner\r\nB-1,Paid twice,true,true,Kim\r\nB-2,"Slow, very",false,true,\r\n'


def write(root: Path, text: str | bytes, name: str = "defects.json") -> str:
    (root / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return name


def test_json(tmp_path: Path) -> None:
    rows = [OPEN, {**OPEN, "id": "B-2", "open": False, "owner": "Kim"}]
    file = write(tmp_path, json.dumps({"defects": rows, "exported_at": "today"}))

    assert read_defects(tmp_path, file) == (
        Defect(id="B-1", title="Paid twice", billing=True, open=True),
        Defect(id="B-2", title="Paid twice", billing=True, open=False),
    )


def test_csv(tmp_path: Path) -> None:
    assert read_defects(tmp_path, write(tmp_path, CSV, "defects.csv")) == (
        Defect(id="B-1", title="Paid twice", billing=True, open=True),
        Defect(id="B-2", title="Slow, very", billing=False, open=True),
    )


def test_no_defects_at_all(tmp_path: Path) -> None:
    assert read_defects(tmp_path, write(tmp_path, '{"defects": []}')) == ()
    assert read_defects(tmp_path, write(tmp_path, "id,title,billing,open\n", "none.csv")) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no JSON"),
        ("[]", 'has no list "defects"'),
        ("{}", 'has no list "defects"'),
        ('{"defects": {}}', 'has no list "defects"'),
        ('{"defects": [], "defects": []}', "stands there twice"),
        ('{"defects": [7]}', "defect 1: is no object"),
        ('{"defects": [{}]}', "defect 1: id must be a text, not 'None'"),
        (json.dumps({"defects": [{**OPEN, "id": " "}]}), "defect 1: id is empty"),
        (json.dumps({"defects": [{**OPEN, "title": 7}]}), "defect 1: title must be a text, not '7'"),
        (
            json.dumps({"defects": [OPEN, {**OPEN, "id": "B-2", "open": "no"}]}),
            "defect 2: open must be true or",
        ),
        (json.dumps({"defects": [{**OPEN, "billing": 1}]}), "billing must be true or false, not '1'"),
        (json.dumps({"defects": [OPEN, OPEN]}), "B-1 stands there twice"),
    ],
)
def test_json_that_is_not_understood_in_full(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EvidenceError) as raised:
        read_defects(tmp_path, write(tmp_path, text))
    assert message in str(raised.value)
    assert "defects.json" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs each of these columns once: id, title, billing, open"),
        ("id,title,billing\n", "needs each of these columns once: open"),
        ("id,title,billing,open,open\n", "needs each of these columns once: open"),
        ("id,title,billing,open\nB-1,x,true\n", "line 2 has 3 fields, not 4"),
        ("id,title,billing,open\n\n", "line 2 has 0 fields, not 4"),
        ("id,title,billing,open\nB-1,x,TRUE,true\n", "defect 1: billing must be true or false, not 'TRUE'"),
        ("id,title,billing,open\nB-1,x,true,\n", "defect 1: open must be true or false, not ''"),
        ('id,title,billing,open\nB-1,"x,true,true\n', "is no CSV in UTF-8"),
        (b"id,title,billing,open\nB-1,\xff,true,true\n", "is no CSV in UTF-8"),
        ("id,title,billing,open\nB-1,x,true,true\nB-1,x,true,true\n", "B-1 stands there twice"),
    ],
)
def test_csv_that_is_not_understood_in_full(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(EvidenceError) as raised:
        read_defects(tmp_path, write(tmp_path, text, "defects.csv"))
    assert message in str(raised.value)


def test_what_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    write(tmp_path, '{"defects": []}', "real.json")
    (tmp_path / "linked.json").symlink_to("real.json")
    os.mkfifo(tmp_path / "pipe.json")

    for name in ("linked.json", "pipe.json", "absent.json", "../real.json"):
        with pytest.raises(EvidenceError):
            read_defects(tmp_path, name)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="larger than 4194304 bytes"):
        read_defects(tmp_path, write(tmp_path, b" " * 4_194_305))
