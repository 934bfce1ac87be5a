"""Reading TOML: every problem with file, key and fix; a typo never silently means "default"."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_canary.config import Table, read_toml
from billing_canary.errors import Problem

GARBAGE: dict[str, Any] = {
    "string": "x",
    "integer": 3,
    "float": 2.5,
    "bool": True,
    "list": ["x"],
    "table": {"x": 1},
}


def table(path: str = "", **data: Any) -> Table:
    return Table(file="gates/x.toml", path=path, data=data, problems=[])


def only_problem(found: Table) -> Problem:
    assert len(found.problems) == 1, found.problems
    problem = found.problems[0]
    assert problem.where == "gates/x.toml"
    assert problem.message
    assert problem.fix
    return problem


@pytest.mark.parametrize("name", GARBAGE)
@pytest.mark.parametrize("kind", [str, int, bool, list, dict])
def test_a_value_has_exactly_the_type_that_is_asked_for(name: str, kind: type) -> None:
    value = GARBAGE[name]
    read = table("a", k=value)
    got: Any = read.get("k", kind)
    if type(value) is kind:
        assert (got, read.problems) == (value, [])
    else:
        assert got == kind()
        problem = only_problem(read)
        assert problem.key == "a.k"
        assert "must be" in problem.message
        assert repr(value) in problem.message


def test_a_wrong_value_falls_back_to_the_default_but_is_noted() -> None:
    read = table(k="x")
    assert read.get("k", int, 7) == 7
    assert only_problem(read).key == "k"


@pytest.mark.parametrize(("kind", "words"), [(str, "a string"), (dict, "a table"), (bool, "true or false")])
def test_a_missing_key_is_noted_with_what_to_add(kind: type, words: str) -> None:
    read = table()
    assert read.get("k", kind) == kind()
    assert only_problem(read) == Problem(
        where="gates/x.toml", key="k", message="is missing", fix=f"add k = {words}"
    )


@pytest.mark.parametrize("default", ["", 0, False, "x"])
def test_a_missing_key_with_a_default_is_no_problem(default: Any) -> None:
    read = table()
    assert read.get("k", type(default), default) == default
    assert read.problems == []


def test_an_absent_table_is_empty_unless_it_is_required() -> None:
    read = table()
    assert read.table("t").data == {}
    assert read.problems == []
    assert read.table("t", required=True).data == {}
    assert only_problem(read).key == "t"


def test_a_table_within_a_table_notes_problems_in_the_same_list_under_its_full_path() -> None:
    read = table("a", b={"c": {"d": 1}})
    read.table("b").table("c").get("d", str)
    assert only_problem(read).key == "a.b.c.d"


def test_entries_come_with_their_names_and_a_wrong_one_is_noted() -> None:
    read = table(one={"x": 1}, two=2)
    found = {name: dict(sub.data) for name, sub in read.tables()}
    assert found == {"one": {"x": 1}, "two": {}}
    assert only_problem(read).key == "two"


@pytest.mark.parametrize("value", [["a", 1], [None], [["a"]], [{"a": "b"}], [True]])
def test_a_list_of_strings_holds_nothing_else(value: list[Any]) -> None:
    read = table(k=value)
    assert read.strings("k", ("d",)) == ("d",)
    assert "list of strings" in only_problem(read).message


def test_a_list_of_strings() -> None:
    read = table(k=["a", "b"], empty=[])
    assert read.strings("k") == ("a", "b")
    assert read.strings("empty", ("d",)) == ()
    assert read.strings("absent", ("d",)) == ("d",)
    assert read.problems == []


def test_a_choice_outside_the_allowed_ones_is_noted_with_the_nearest() -> None:
    read = table(method="PSOT")
    read.one_of("method", ("GET", "POST"))
    assert only_problem(read).fix == "use one of GET, POST (did you mean 'POST'?)"


def test_a_missing_choice_is_noted_once() -> None:
    read = table()
    read.one_of("method", ("GET", "POST"))
    assert only_problem(read).message == "is missing"
    assert table().one_of("method", ("GET",), "GET") == "GET"


@pytest.mark.parametrize("value", [v for k, v in GARBAGE.items() if k != "string"])
def test_a_choice_of_another_type_is_noted(value: Any) -> None:
    read = table(method=value)
    read.one_of("method", ("GET", "POST"), "GET")
    assert read.problems
    assert {problem.key for problem in read.problems} == {"method"}


def test_every_key_that_nobody_asked_for_is_noted() -> None:
    read = table("a", amuont="x", amount="y", other=1)
    read.get("amount", str)
    read.finish()
    assert [(p.key, p.message) for p in read.problems] == [
        ("a.amuont", "is not known here"),
        ("a.other", "is not known here"),
    ]
    assert read.problems[0].fix == "remove it (did you mean 'amount'?)"


def test_a_key_with_a_default_counts_as_known() -> None:
    read = table(a=1)
    read.get("a", int, 0)
    read.get("b", int, 0)
    read.finish()
    assert read.problems == []


def write_nothing(path: Path) -> None:
    """Leave the file out."""


def sparse(path: Path, size: int) -> None:
    """A file that has so many bytes, but takes no room."""
    path.touch()
    os.truncate(path, size)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (write_nothing, "cannot be read"),
    "a folder": (lambda path: path.mkdir(), "cannot be read"),
    "not UTF-8": (lambda path: path.write_bytes(b"a = '\xff'"), "is not UTF-8"),
    "UTF-16": (lambda path: path.write_bytes("a = 1".encode("utf-16")), "is not UTF-8"),
    "no TOML": (lambda path: path.write_text("a = "), "is no TOML"),
    "JSON": (lambda path: path.write_text('{"a": 1}'), "is no TOML"),
    "a key twice": (lambda path: path.write_text("a = 1\na = 2"), "is no TOML"),
    "NUL": (lambda path: path.write_text("a = 1\0"), "is no TOML"),
    "too deep": (lambda path: path.write_text("a = " + "[" * 20_000), "is no TOML"),
    "too long": (lambda path: path.write_text("#" * 1_000_001), "at most 1000000"),
    "far too long": (lambda path: sparse(path, 1 << 40), "has 1099511627776 bytes"),
    "an integer of 5,000 digits": (lambda path: path.write_text("a = " + "9" * 5_000), "is no TOML"),
    "a FIFO": (os.mkfifo, "is no regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is no regular file"),
}


@pytest.mark.parametrize(("write", "message"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_read_is_a_problem(
    tmp_path: Path, write: Callable[[Path], object], message: str
) -> None:
    write(tmp_path / "x.toml")
    problems: list[Problem] = []
    root = read_toml(tmp_path / "x.toml", "gates/x.toml", problems)
    assert root.data == {}
    assert message in only_problem(root).message
    assert root.problems is problems


def test_a_good_file_is_read_as_utf8(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('"ключ" = "значение"', encoding="utf-8")
    problems: list[Problem] = []
    root = read_toml(tmp_path / "x.toml", "x", problems)
    assert root.get("ключ", str) == "значение"
    assert problems == []


def test_a_symbolic_link_loop_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "x.toml").symlink_to(tmp_path / "x.toml")
    problems: list[Problem] = []
    read_toml(tmp_path / "x.toml", "x", problems)
    assert "cannot be read" in problems[0].message
