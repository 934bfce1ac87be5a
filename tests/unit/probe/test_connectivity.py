"""Whether the runner has network: any answer shows it, whatever it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.fakes.server import FakeServer, Reply, answer_json, unused_port

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.probe.connectivity import Network, runner_network
from billing_canary.target.target import Target

Connect = Callable[..., Target]


def asking(plain: Target, *urls: str) -> Target:
    """The target, which names `urls` and may connect to them."""
    policy = plain.guard.policy.allowing(url.removeprefix("http://").partition("/")[0] for url in urls)
    return Target(replace(plain.settings, connectivity=urls), Guard(policy), "run-1", plain.clock)


def nobody() -> str:
    return f"http://127.0.0.1:{unused_port()}"


@pytest.mark.parametrize("status", [200, 204, 302, 401, 403, 404, 500, 503])
def test_any_answer_shows_network(connect: Connect, status: int) -> None:
    elsewhere = {"Location": "http://elsewhere.test/"}
    with FakeServer(lambda _: Reply(status=status, headers=elsewhere)) as server:
        target = asking(connect(), f"{server.url}/path")
        assert runner_network(target) is Network.PRESENT
        target.close()
        (call,) = server.calls
    assert (call.method, call.path, call.body) == ("GET", "/path", b"")


def test_no_key_is_sent(connect: Connect) -> None:
    with FakeServer(lambda _: Reply()) as server:
        target = asking(connect(), server.url)
        runner_network(target)
        target.close()
        (call,) = server.calls
    assert not {"authorization", "cookie", "x-partner"} & {name.lower() for name in call.headers}


def test_one_answer_is_enough_and_ends_the_asking(connect: Connect) -> None:
    with FakeServer(lambda _: Reply()) as first, FakeServer(lambda _: Reply()) as second:
        target = asking(connect(), nobody(), first.url, second.url)
        assert runner_network(target) is Network.PRESENT
        target.close()
        assert (len(first.calls), len(second.calls)) == (1, 0)


@pytest.mark.parametrize("count", [1, 3])
def test_no_answer_at_all_is_no_network(connect: Connect, count: int) -> None:
    target = asking(connect(), *(nobody() for _ in range(count)))
    assert runner_network(target) is Network.ABSENT
    target.close()


def test_a_server_that_hangs_up_is_no_answer(connect: Connect) -> None:
    with FakeServer(lambda _: Reply(hang_up=True)) as server:
        target = asking(connect(), server.url)
        assert runner_network(target) is Network.ABSENT
        target.close()


def test_without_a_url_nothing_is_known(connect: Connect) -> None:
    assert runner_network(asking(connect())) is Network.UNKNOWN


def test_a_host_that_is_not_allowed_is_not_asked(connect: Connect) -> None:
    with FakeServer(lambda _: Reply()) as server:
        plain = connect()
        settings = replace(plain.settings, connectivity=(server.url,))
        target = Target(settings, Guard(plain.guard.policy), "run-1", plain.clock)
        with pytest.raises(RefusedError):
            runner_network(target)
        target.close()
        assert server.connections == 0


def test_an_answer_that_speaks_of_live_money_ends_the_run(connect: Connect) -> None:
    with FakeServer(lambda _: answer_json({"livemode": True})) as server:
        target = asking(connect(), server.url)
        with pytest.raises(RefusedError) as caught:
            runner_network(target)
        target.close()
    assert caught.value.ends_run
