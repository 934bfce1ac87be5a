"""A credit shop that runs, and a target that asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.fakes.credit_shop import TARGET, CreditShop
from tests.fakes.server import Call, FakeServer, Reply
from tests.fakes.targets import shop_target

from billing_canary.target.target import Target

Connect = Callable[..., tuple[Target, FakeServer]]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Starts a server with `connect(script, text=…)` and answers a target that asks it, and the server."""
    with ExitStack() as cleanup:

        def start(script: Callable[[Call], Reply], text: str = TARGET) -> tuple[Target, FakeServer]:
            server = cleanup.enter_context(FakeServer(script))
            target = shop_target(tmp_path, server.url, text=text)
            cleanup.callback(target.close)
            return target, server

        yield start


@pytest.fixture
def shop() -> CreditShop:
    """The shop's state."""
    return CreditShop()
