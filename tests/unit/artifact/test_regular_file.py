"""Opening files in a folder that somebody else may have prepared."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from billing_canary.artifact.reader import read_json
from billing_canary.artifact.regular_file import measure, read_bytes
from billing_canary.errors import EvidenceError


def test_a_regular_file_is_read_and_measured(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/run.log").write_bytes(b"hello")

    assert read_bytes(tmp_path, "logs/run.log", limit=5) == b"hello"
    assert measure(tmp_path, "logs/run.log") == (5, hashlib.sha256(b"hello").hexdigest())


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"123456")

    with pytest.raises(EvidenceError, match="big is larger than 5 bytes"):
        read_bytes(tmp_path, "big", limit=5)


def test_an_endless_sparse_file_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    with (tmp_path / "sparse.json").open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(EvidenceError, match="is larger than"):
        read_json(tmp_path, "sparse.json")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("outside")
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "link").symlink_to(tmp_path / "secret")
    (bundle / "folder").symlink_to(tmp_path)

    for path in ("link", "folder/secret"):
        with pytest.raises(EvidenceError, match="cannot be read"):
            read_bytes(bundle, path, limit=100)


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")

    with pytest.raises(EvidenceError, match="fifo is no regular file"):
        read_bytes(tmp_path, "fifo", limit=100)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(EvidenceError, match="folder is no regular file"):
        read_bytes(tmp_path, "folder", limit=100)


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/hostname", "a/../../x", "./x", "a//x", "", "x\0", "x" * 1001, "C:x", "a\\x", "a\nx"],
)
def test_an_unsafe_path_is_not_opened(tmp_path: Path, path: str) -> None:
    with pytest.raises(EvidenceError):
        read_bytes(tmp_path, path, limit=100)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"gone\.json cannot be read: No such file"):
        read_json(tmp_path, "gone.json")


def test_json_that_is_no_object_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")

    with pytest.raises(EvidenceError, match=r"list\.json: holds a list, not an object"):
        read_json(tmp_path, "list.json")
