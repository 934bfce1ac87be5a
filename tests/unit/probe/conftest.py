"""A credit shop that runs, and what the probe tests need around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.credit_shop import CreditShop
from tests.fakes.server import FakeServer
from tests.fakes.targets import shop_target

from billing_canary.target.target import Target

Connect = Callable[..., Target]


@pytest.fixture
def shop() -> CreditShop:
    """The shop's state."""
    return CreditShop()


@pytest.fixture
def server(shop: CreditShop) -> Iterator[FakeServer]:
    """The shop's server."""
    with FakeServer(shop.answer) as running:
        yield running


@pytest.fixture
def connect(tmp_path: Path, server: FakeServer) -> Iterator[Connect]:
    """Connects to the shop: `connect(patience=0.2)`; closed at the end."""
    with ExitStack() as cleanup:

        def start(**kwargs: Any) -> Target:
            target = shop_target(tmp_path, server.url, **kwargs)
            cleanup.callback(target.close)
            return target

        yield start
