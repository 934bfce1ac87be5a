"""A suite that passes."""


def test_two_and_two_are_four() -> None:
    assert 2 + 2 == 4


def test_money_in_minor_units_adds_up() -> None:
    assert 29 + 71 == 100
