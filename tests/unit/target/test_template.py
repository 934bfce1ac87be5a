"""Templates: values keep their type, braces can be written, nothing is looked up twice."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.target.template import placeholders, render, render_text

VALUES: dict[str, Any] = {
    "n": 7,
    "flag": True,
    "text": "x",
    "none": None,
    "a.b": ["l"],
    "evil": "{n}",
    "": "empty",
}


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{n}", 7),
        ("{flag}", True),
        ("{none}", None),
        ("{a.b}", ["l"]),
        ("{n} ", "7 "),
        ("{n}{n}", "77"),
        ("a {text} b {a.b}", "a x b ['l']"),
        ("{{n}}", "{n}"),
        ("{{{n}}}", "{7}"),
        ("{{", "{"),
        ("}}", "}"),
        ("{", "{"),
        ("}", "}"),
        ("{n", "{n"),
        ("{evil}!", "{n}!"),
        ("{evil}", "{n}"),
        (5, 5),
        (True, True),
        (None, None),
        (1.5, 1.5),
        (["{n}", ["{text}"]], [7, ["x"]]),
        ({"{text}": {"k": "{n}"}, "l": [1]}, {"x": {"k": 7}, "l": [1]}),
        ({"{n}": 1}, {"7": 1}),
    ],
)
def test_rendering(template: Any, result: Any) -> None:
    rendered = render(template, VALUES)
    assert rendered == result
    assert type(rendered) is type(result)


@pytest.mark.parametrize("template", ["{nobody}", "a {nobody}", ["{nobody}"], {"{nobody}": 1}, {"a": "{N}"}])
def test_a_placeholder_without_a_value_is_an_error(template: Any) -> None:
    with pytest.raises(KeyError):
        render(template, VALUES)


def test_text_stays_text() -> None:
    assert render_text("{n}", VALUES) == "7"
    assert render_text("{flag}/{none}", VALUES) == "True/None"


def test_only_inserted_values_are_quoted() -> None:
    values = {"id": "a/b?c", "n": 5}
    assert render_text("/x/{id}/{n}?y", values, quote=lambda text: quote(text, safe="")) == "/x/a%2Fb%3Fc/5?y"


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("", []),
        ("{a}{b}{a}", ["a", "b", "a"]),
        ("{{a}}", []),
        ("{{{a}}}", ["a"]),
        ("{}", [""]),
        ("{ a }", [" a "]),
        (["{a}", {"{b}": ["{c}"]}], ["a", "b", "c"]),
        (7, []),
        (None, []),
    ],
)
def test_every_placeholder_is_found(template: Any, names: list[str]) -> None:
    assert list(placeholders(template)) == names


templates = st.recursive(
    st.text(alphabet="{}ab.", max_size=8) | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("{}a", max_size=4), inner, max_size=3)
    ),
)


@given(templates)
def test_a_template_whose_placeholders_have_values_can_be_rendered(template: Any) -> None:
    values = dict.fromkeys(placeholders(template), "v")
    rendered = render(template, values)
    if not values and "{{" not in str(template) and "}}" not in str(template):
        assert rendered == template
    elif values:
        name = next(iter(values))
        with pytest.raises(KeyError):
            render(template, {key: value for key, value in values.items() if key != name})
