"""Observed texts inside Markdown: rendered, they read as they were and mark nothing up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from billing_canary.artifact.render.escape import WIDTH, cell, code, escaped, item, paragraph, table
from billing_canary.artifact.render.text import columns, fit, plain, wrapped

GITHUB = MarkdownIt("gfm-like", {"linkify": False, "html": True})
HOSTILE = st.text(st.sampled_from("ab1 .)-+*#_=~`|<>[]()!&\\@$:;'\"\n/x"), max_size=60)


def tokens(markdown: str) -> list[Token]:
    return [inner for token in GITHUB.parse(markdown) for inner in (token, *(token.children or ()))]


def seen(markdown: str) -> str:
    """The text that a reader of the rendered page sees."""
    shown = (token for token in tokens(markdown) if token.type in {"text", "code_inline", "softbreak"})
    words = " ".join(token.content if token.type != "softbreak" else " " for token in shown)
    return re.sub(r"\s+", "", words)


@given(HOSTILE)
def test_text_reads_the_same_when_rendered_and_marks_nothing_up(text: str) -> None:
    markdown = "\n".join(item(f"Observed: {escaped(text)}"))

    kinds = {token.type for token in tokens(markdown)}
    assert kinds <= {
        "bullet_list_open",
        "bullet_list_close",
        "list_item_open",
        "list_item_close",
        "paragraph_open",
        "paragraph_close",
        "inline",
        "text",
        "text_special",
        "softbreak",
    }
    assert seen(markdown) == re.sub(r"\s+", "", f"Observed: {plain(text)}")


@given(HOSTILE, st.integers(0, 2))
def test_an_item_stays_one_item_within_the_width(text: str, depth: int) -> None:
    lines = item(escaped(text), depth)

    assert all(len(line) <= WIDTH + 1 for line in lines), "one backslash may be added to a full line"
    rendered = [token.type for token in tokens("\n".join(["- a", "  - b", *lines]))]
    assert "heading_open" not in rendered
    assert "ordered_list_open" not in rendered
    assert "hr" not in rendered


@given(HOSTILE.filter(str.strip))
def test_a_paragraph_stays_one_paragraph(text: str) -> None:
    rendered = GITHUB.parse("\n".join(paragraph(escaped(text))))

    assert [token.type for token in rendered] == ["paragraph_open", "inline", "paragraph_close"]


@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=3))
def test_a_table_keeps_its_cells(rows: list[tuple[str, str]]) -> None:
    lines = table(("Left", "Right"), [(cell(left), cell(right)) for left, right in rows])

    kinds = [token.type for token in tokens("\n".join(lines))]
    assert kinds.count("td_open") == 2 * len(rows)
    assert len({len(line) for line in lines}) == 1, "the raw columns line up"


@pytest.mark.parametrize("text", ["`", "a`b``c", "| x |", "a\nb", "<b>"])
def test_a_code_span_stays_one(text: str) -> None:
    kinds = [token.type for token in tokens(f"- {code(text)}")]

    assert kinds.count("code_inline") == 1
    assert "html_inline" not in kinds


@pytest.mark.parametrize("text", ["@org/team", "see @someone", "#12", "acme/shop#12"])
def test_nobody_is_mentioned_and_nothing_is_referenced(text: str) -> None:
    assert re.search(r"(?<!\w)@\w", escaped(text)) is None
    assert re.search(r"(^|\s)#\d", escaped(text)) is None


def test_an_identifier_stays_readable_in_the_raw_text() -> None:
    assert escaped("read_wallet answered 0.29 RUB (run-1)") == "read_wallet answered 0.29 RUB (run-1)"


@pytest.mark.parametrize(
    "text", ["\x1b[31mred\x1b[0m", "a\u202eb", "a\u200bb", "\x00", "a\u2028b\u2029c", "\ud800", "\x9b1m"]
)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert all(character == "\ufffd" or character.isprintable() for character in plain(text))


def test_a_long_text_is_cut() -> None:
    assert plain("x" * 500) == "x" * 400 + "..."


@given(st.text(st.sampled_from("ab日本語"), max_size=30), st.integers(1, 20))
def test_fit_takes_exactly_the_columns_it_is_given(text: str, width: int) -> None:
    assert columns(fit(text, width)) == width


@given(st.text(st.sampled_from("ab cd-e "), max_size=300))
def test_wrapped_lines_fit(text: str) -> None:
    assert all(len(line) <= 80 or " " not in line.strip() for line in wrapped(text, 80, "    "))
