"""A probe whose time is over: it is an error, harms no other, and sends nothing more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.fakes.probes import fine, make_probe, run_probes
from tests.fakes.server import FakeServer

from billing_canary.errors import RefusedError
from billing_canary.model import ProbeResult, Status
from billing_canary.probe.context import ProbeContext
from billing_canary.probe.runner import ProbeRunner
from billing_canary.redact import Redactor
from billing_canary.target.target import Target

Connect = Callable[..., Target]


def opens(run: ProbeContext) -> None:
    run.expect("The wallet is empty", run.balance(run.open_account()).minor, equals=0)


def test_a_probe_that_hangs_is_ended_and_sends_nothing_more(connect: Connect, server: FakeServer) -> None:
    release, done = threading.Event(), threading.Event()
    late: list[BaseException] = []

    def hangs(run: ProbeContext) -> None:
        run.expect("seen before", observed=True)
        release.wait(10)
        for step in (run.open_account, lambda: run.target.guard.reserve("x", run.amount, "late")):
            try:
                step()
            except BaseException as error:  # noqa: BLE001 - kept for the test
                late.append(error)
        done.set()

    target = connect(patience=0.15)
    started = time.monotonic()
    results = run_probes(target, make_probe("hangs", hangs), make_probe("good", opens))
    assert time.monotonic() - started < 2
    assert results["hangs"].status is Status.ERROR
    assert results["hangs"].reason == "it did not end within 0.15 s"
    assert [row.claim for row in results["hangs"].evidence] == ["seen before"]
    assert results["good"].status is Status.PASS
    sent = len(server.calls)
    release.set()
    assert done.wait(5)
    assert [type(error) for error in late] == [RefusedError, RefusedError]
    assert len(server.calls) == sent
    assert target.guard.ledger.entries() == ()


def test_threads_of_a_probe_that_hangs_send_nothing_more_either(connect: Connect, server: FakeServer) -> None:
    release, done = threading.Event(), threading.Event()
    late: list[Exception] = []

    def copy(run: ProbeContext) -> None:
        release.wait(10)
        try:
            run.open_account()
        except RefusedError as error:
            late.append(error)

    def hangs(run: ProbeContext) -> None:
        run.together([lambda: copy(run) for _ in range(3)])
        done.set()

    results = run_probes(connect(patience=0.1), make_probe("hangs", hangs))
    release.set()
    assert done.wait(5)
    assert results["hangs"].status is Status.ERROR
    assert len(late) == 3
    assert server.calls == []


def test_a_probe_that_hangs_does_not_stop_those_that_wait_for_its_place(connect: Connect) -> None:
    release = threading.Event()

    def waits(_: ProbeContext) -> None:
        release.wait(10)

    hangs = make_probe("hangs", waits)
    results = run_probes(connect(patience=0.1), hangs, make_probe("next", fine), workers=1)
    release.set()
    assert [result.status for result in results.values()] == [Status.ERROR, Status.PASS]


def test_a_probe_that_comes_back_late_has_one_result(connect: Connect) -> None:
    release = threading.Event()
    told: list[ProbeResult] = []

    def late(run: ProbeContext) -> None:
        release.wait(10)
        fine(run)

    def releases(run: ProbeContext) -> None:
        release.set()
        time.sleep(0.05)
        fine(run)

    target = connect(patience=0.1)
    runner = ProbeRunner(target=target, mode="mock", redact=Redactor(), workers=1, on_result=told.append)
    runner.run([make_probe("late", late), make_probe("next", releases), make_probe("third", fine)])
    assert [(result.id, result.status.value) for result in told] == [
        ("test.late", "error"),
        ("test.next", "pass"),
        ("test.third", "pass"),
    ]
