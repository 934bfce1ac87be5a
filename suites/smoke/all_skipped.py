"""A suite of which nothing really runs, although pytest ends with 0."""

import pytest


@pytest.mark.skip(reason="what is skipped shows nothing")
def test_that_is_skipped() -> None:
    raise AssertionError


@pytest.mark.xfail(reason="what is expected to fail shows nothing", strict=True)
def test_that_is_expected_to_fail() -> None:
    raise AssertionError
