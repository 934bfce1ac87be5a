"""No legitimate flow is refused, and each does what it is for."""

from __future__ import annotations

import pytest
from tests.battery.arena import Flow
from tests.battery.conftest import Results
from tests.battery.everything import FLOWS


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.id)
def test_it_is_not_refused(results: Results, flow: Flow) -> None:
    assert results.flow(flow) == ""
