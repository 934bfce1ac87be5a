"""A bench for the guarded session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.fakes.session_bench import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with ExitStack() as cleanup:
        yield Bench(cleanup)
