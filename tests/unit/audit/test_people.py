# ruff: noqa: RUF001 - letters that look like others are what this is about
from __future__ import annotations

import pytest

from billing_canary.audit.people import Person, identify, people_problems, same_person, skeleton

TAYLOR = Person(key="taylor", names=("Taylor Ng", "tng"), emails=("taylor.ng@example.com",), roles=("lead",))
ADA = Person(key="ada", names=("Ada Byron",), emails=("ada@example.com",), roles=("finance",))
MARIA = Person(key="maria", names=("Μαρία Νικολάου",), emails=(), roles=())
PEOPLE = (TAYLOR, ADA, MARIA)

SPELLINGS = [
    "Taylor Ng",
    "taylor ng",
    "TAYLOR NG",
    " Taylor  Ng ",
    "Táylor Ñg",
    "Ta\u0301ylor Ng",
    "Tay\u200blor Ng",
    "Taylor\u00a0Ng",
    "Taylor\u2060 Ng\ufeff",
    "Tay\u00adlor Ng",
    "\u202eTaylor Ng",
    "Taylor\ufe0f Ng",
    "Taylor\u3164Ng",
    "Taylor_Ng",
    "taylor.ng",
    "taylor-ng",
    "Ng, Taylor",
    "Ng Taylor",
    "TaylorNg",
    "@TaylorNg",
    "Ｔａｙｌｏｒ Ｎｇ",
    "𝐓𝐚𝐲𝐥𝐨𝐫 𝐍𝐠",
    "Тауlог Ng".replace("г", "r"),
    "Tаylоr Ng",
    "Ταylοr Νg",
    "Tay1or Ng",
    "Tayl0r Ng",
    "Taylor Nɡ",
    "taylor.ng@example.com",
    "TaylorNg@Example.COM",
    "taylor.ng+release@example.com",
    "t.a.y.l.o.r.n.g@example.com",
    "tаylor.ng@example.com",
    "Taylor Ng <taylor.ng@example.com>",
    "Somebody Else <taylor.ng@example.com>",
    "Taylor Ng <somewhere@else.example>",
    "TNG",
    "<taylor.ng@example.com>",
]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=ascii)
def test_every_spelling_is_the_same_person(spelling: str) -> None:
    assert identify(spelling, PEOPLE) is TAYLOR
    assert same_person(spelling, "tng", PEOPLE)
    assert not same_person(spelling, "Ada Byron", PEOPLE)


STRANGERS = [
    "",
    " ",
    "...",
    "<>",
    "\u200b",
    "Taylor",
    "Ng",
    "Taylor Wong",
    "taylor.ng@example.org",
    "taylor.ng@example.com.evil.example",
    "ng@example.com",
]


@pytest.mark.parametrize("spelling", STRANGERS, ids=ascii)
def test_strangers_are_nobody(spelling: str) -> None:
    assert identify(spelling, PEOPLE) is None
    assert not same_person(spelling, "Taylor Ng", PEOPLE)


@pytest.mark.parametrize(
    "spelling", ["Μαρία Νικολάου", "μαρια νικολαου", "ΜΑΡΊΑ ΝΙΚΟΛΆΟΥ", "Νικολάου, Μαρία"]
)
def test_a_greek_name_is_itself_in_small_and_in_capitals(spelling: str) -> None:
    assert identify(spelling, PEOPLE) is MARIA


def test_two_people_in_one_spelling_are_nobody_yet_both_count_for_refusing() -> None:
    both = "Taylor Ng <ada@example.com>"

    assert identify(both, PEOPLE) is None
    assert same_person(both, "tng", PEOPLE)
    assert same_person("Ada Byron", both, PEOPLE)


def test_strangers_are_compared_with_each_other() -> None:
    assert same_person("Bo Li", "bo.li", ())
    assert same_person("Bo Li <bo@example.com>", "bo+x@example.com", ())
    assert not same_person("Bo Li", "Bo Lu", ())
    assert not same_person("", "", ())


def test_one_person_under_two_unlike_spellings() -> None:
    assert same_person("tng", "taylor.ng+x@example.com", PEOPLE)
    assert not same_person("tng", "taylor.ng+x@example.com", ())


@pytest.mark.parametrize(
    ("text", "reduced"),
    [
        ("Taylor Ng", "taylorng"),
        ("Ünï-Cödé", "unicode"),
        ("Straße", "strasse"),
        ("Łukasz Żøłć", "lukaszzolc"),
        ("İIı", "iii"),
        ("a.b+c@x.example", "ab@xexample"),
        ("+c@x.example", "c@xexample"),
        ("user1@x.example", "user1@xexample"),
        ("B0b1", "bobl"),
        ("...", ""),
        ("", ""),
        ("ВАСЯ", "bacя"),
    ],
)
def test_a_skeleton_is_what_no_reader_overlooks(text: str, reduced: str) -> None:
    assert skeleton(text) == reduced


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("कमल", "किमला"),
        ("Иван", "Иваи"),
        ("user1@x.example", "userl@x.example"),
        ("李伟", "李华"),
        ("a@b.example", "ab.example"),
    ],
)
def test_names_that_differ_stay_apart(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)
    assert not same_person(one, other, ())


def test_people_who_can_be_told_apart_are_no_problem() -> None:
    assert people_problems(PEOPLE) == ()
    assert people_problems(()) == ()


def test_people_who_cannot_be_told_apart_are_a_problem() -> None:
    twin = Person(key="twin", names=("taylor  NG",), emails=("ada+twin@example.com",), roles=())

    assert people_problems((*PEOPLE, twin)) == (
        "taylor and twin: 'Taylor Ng' and 'taylor  NG' cannot be told apart",
        "ada and twin: 'ada@example.com' and 'ada+twin@example.com' cannot be told apart",
    )


def test_a_spelling_that_says_nothing_is_a_problem() -> None:
    ghost = Person(key="ghost", names=("...", "Ghost"), emails=("",), roles=())

    assert people_problems((ghost,)) == (
        "ghost: the spelling '...' has no letters or digits",
        "ghost: the spelling '' has no letters or digits",
    )
