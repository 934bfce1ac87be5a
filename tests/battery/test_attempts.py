"""Every attempt to move money past the guard is refused by the rule that is there for it."""

from __future__ import annotations

import pytest
from tests.battery.arena import Attempt
from tests.battery.conftest import Results
from tests.battery.everything import ATTEMPTS


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.id)
def test_nothing_gets_through(results: Results, attempt: Attempt) -> None:
    assert results.attempt(attempt) == ""
