"""A bench for the guarded session, and caches that hold nothing of another test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import ModuleType

import pytest
from tests.fakes.session_bench import Bench

from billing_canary.guard import addresses, keys, sent_headers, stray_numbers

CACHING: tuple[ModuleType, ...] = (addresses, keys, sent_headers, stray_numbers)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with ExitStack() as cleanup:
        yield Bench(cleanup)


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    """What an earlier test put there would stand in for the code that this one is about."""
    for module in CACHING:
        for cached in vars(module).values():
            if hasattr(cached, "cache_clear"):
                cached.cache_clear()
