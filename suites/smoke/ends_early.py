"""A suite that stops after its first test, with exit code 0 and a report without a failure."""

import pytest


def test_that_passes() -> None:
    assert 2 + 2 == 4


def test_that_ends_the_run() -> None:
    pytest.exit("enough", returncode=0)


def test_that_never_runs() -> None:
    raise AssertionError
