from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from billing_canary.reference.provider.idempotency import IdempotencyKeys
from billing_canary.reference.web import Answer, ApiError, Call


def call(key: str = "k", body: bytes = b"a=1", method: str = "POST") -> Call:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": "/v1/x", "HTTP_IDEMPOTENCY_KEY": key}
    return Call(environ=environ, arguments={}, body=body)


def counted() -> tuple[list[int], Callable[[], Answer]]:
    runs: list[int] = []

    def work() -> Answer:
        runs.append(1)
        return Answer(body={"run": len(runs)})

    return runs, work


def test_while_the_first_request_runs_the_key_is_in_use() -> None:
    keys, started, release = IdempotencyKeys(), threading.Event(), threading.Event()

    def slow() -> Answer:
        started.set()
        release.wait(5)
        return Answer()

    first = threading.Thread(target=keys.answer, args=(call(), slow))
    first.start()
    started.wait(5)
    with pytest.raises(ApiError) as caught:
        keys.answer(call(), slow)
    release.set()
    first.join()
    assert (caught.value.status, caught.value.code) == (409, "idempotency_key_in_use")
    assert keys.answer(call(), slow).headers["Idempotent-Replayed"] == "true"


def test_without_a_key_or_for_a_read_the_work_is_done_each_time() -> None:
    keys, (runs, work) = IdempotencyKeys(), counted()
    for one in (call(key=""), call(key=""), call(method="GET"), call(method="GET")):
        keys.answer(one, work)
    assert len(runs) == 4


def test_an_exception_frees_the_key() -> None:
    keys, (runs, work) = IdempotencyKeys(), counted()

    def failing() -> Answer:
        raise ApiError(400, "no", "no")

    with pytest.raises(ApiError):
        keys.answer(call(), failing)
    assert keys.answer(call(body=b"other"), work).body == {"run": 1}
    assert len(runs) == 1
