"""The runner: a probe that hangs or crashes harms no other, and clean-up is a result of its own."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import pytest
from tests.fakes.credit_shop import TARGET, CreditShop
from tests.fakes.probes import Function, fine, make_probe, run_probes
from tests.fakes.server import FakeServer, Reply, answer_json

from billing_canary.model import Status
from billing_canary.money import Money
from billing_canary.probe.context import ProbeContext
from billing_canary.probe.registry import Phase
from billing_canary.probe.runner import ProbeRunner, planned_spend, skip_reason
from billing_canary.redact import Redactor
from billing_canary.target.operations import Operation
from billing_canary.target.target import Target

Connect = Callable[..., Target]


def opens(run: ProbeContext) -> None:
    run.expect("The wallet is empty", run.balance(run.open_account()).minor, equals=0)


def tops_up(run: ProbeContext) -> None:
    run.begin_top_up(run.open_account())


def test_results_come_in_the_order_of_the_probes(connect: Connect) -> None:
    def slow(run: ProbeContext) -> None:
        time.sleep(0.05)
        fine(run)

    results = run_probes(connect(), make_probe("slow", slow), *(make_probe(str(n), fine) for n in range(5)))
    assert list(results) == ["slow", "0", "1", "2", "3", "4"]
    assert {result.status for result in results.values()} == {Status.PASS}
    assert results["slow"].duration_ms >= 50
    assert {result.attempts for result in results.values()} == {1}


def test_no_probe_at_all_is_no_result(connect: Connect) -> None:
    assert run_probes(connect()) == {}


def raises(error: BaseException) -> Function:
    def run(context: ProbeContext) -> None:
        context.expect("seen before", observed=True)
        raise error

    return run


def exits(_: ProbeContext) -> None:
    sys.exit(0)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (raises(ValueError("boom")), "ValueError: boom"),
        (raises(KeyboardInterrupt()), "KeyboardInterrupt"),
        (raises(SystemExit(0)), "SystemExit"),
        (raises(GeneratorExit()), "GeneratorExit"),
        (exits, "SystemExit: 0"),
        (raises(ValueError("token tok-0-secret")), "token [redacted]"),
    ],
)
def test_a_probe_that_crashes_is_an_error_and_harms_no_other(
    connect: Connect, function: Function, reason: str
) -> None:
    results = run_probes(connect(), make_probe("bad", function), make_probe("good", fine), workers=1)
    assert results["bad"].status is Status.ERROR
    assert reason in results["bad"].reason
    assert results["good"].status is Status.PASS


def test_a_probe_without_evidence_is_an_error(connect: Connect) -> None:
    results = run_probes(connect(), make_probe("idle", lambda _: None))
    assert results["idle"].status is Status.ERROR
    assert "no evidence" in results["idle"].reason


def test_phases_run_in_order_and_shared_state_is_touched_alone(connect: Connect) -> None:
    order: list[str] = []
    running: list[str] = []
    most = {"alone": 0, "together": 0}

    def note(phase: str) -> Function:
        def run(context: ProbeContext) -> None:
            running.append(phase)
            most[phase] = max(most.get(phase, 0), len(running))
            order.append(phase)
            time.sleep(0.03)
            running.remove(phase)
            fine(context)

        return run

    phases = (Phase.LAST, Phase.ALONE, Phase.TOGETHER, Phase.FIRST, Phase.ALONE, Phase.TOGETHER, Phase.LAST)
    probes = [make_probe(f"p{n}", note(phase.value), phase=phase) for n, phase in enumerate(phases)]
    results = run_probes(connect(), *probes)
    assert order == ["first", "together", "together", "alone", "alone", "last", "last"]
    assert most == {"alone": 1, "together": 2, "first": 1, "last": 1}
    assert list(results) == [f"p{n}" for n in range(7)]


def test_no_more_probes_run_at_once_than_allowed(connect: Connect) -> None:
    lock, counts = threading.Lock(), [0, 0]

    def counted(run: ProbeContext) -> None:
        with lock:
            counts[0] += 1
            counts[1] = max(counts)
        time.sleep(0.01)
        with lock:
            counts[0] -= 1
        fine(run)

    run_probes(connect(), *(make_probe(str(n), counted) for n in range(9)), workers=3)
    assert counts == [0, 3]


def test_a_probe_is_skipped_with_its_reason(connect: Connect) -> None:
    def never(_: ProbeContext) -> None:
        raise AssertionError("it ran")

    results = run_probes(
        connect(),
        make_probe("lacks", never, needs=(Operation.CONSUME, Operation.READ_BUILD, Operation.PAY)),
        make_probe("mode", never, modes=("staging",)),
        make_probe("currency", never, payments=1, currency="JPY"),
    )
    assert {name: result.reason for name, result in results.items()} == {
        "lacks": "the target maps no read_build, pay",
        "mode": "runs in mode staging only",
        "currency": "the target names no amount in JPY",
    }
    assert {(result.status, result.attempts) for result in results.values()} == {(Status.SKIP, 0)}


def test_a_probe_that_can_run_has_no_reason_to_be_skipped(connect: Connect) -> None:
    probe = make_probe("x", fine, needs=(Operation.CONSUME,), payments=1, currency="USD")
    assert skip_reason(probe, connect().settings, "mock") == ""


def test_what_a_probe_plans_is_payments_times_the_target_s_amount(connect: Connect) -> None:
    target = connect()
    usd = Money(minor=1500, currency="USD")
    assert planned_spend(make_probe("x", fine, payments=3), target.settings) == (usd,)
    assert planned_spend(make_probe("x", fine, payments=3, currency="USD"), target.settings) == (usd,)
    assert planned_spend(make_probe("x", fine), target.settings) == ()
    assert planned_spend(make_probe("x", fine, payments=1, currency="JPY"), target.settings) == ()


def test_each_probe_s_own_spend_is_told(connect: Connect) -> None:
    def twice(run: ProbeContext) -> None:
        account = run.open_account()
        run.begin_top_up(account)
        run.begin_top_up(account)

    results = run_probes(
        connect(),
        make_probe("a", tops_up, payments=1),
        make_probe("a_b", twice, payments=2),
        make_probe("c", fine),
    )
    spent = {name: [str(money) for money in result.spend] for name, result in results.items()}
    assert spent == {"a": ["5.00 USD"], "a_b": ["10.00 USD"], "c": []}
    assert {result.status for result in results.values()} == {Status.PASS}


def test_a_probe_that_moves_more_than_it_planned_is_no_pass(connect: Connect) -> None:
    results = run_probes(connect(), make_probe("greedy", tops_up), make_probe("honest", tops_up, payments=1))
    assert (results["greedy"].status, results["honest"].status) == (Status.ERROR, Status.PASS)
    assert "more than it planned" in results["greedy"].reason


def test_a_refusal_by_the_guard_is_the_probe_s_result(connect: Connect) -> None:
    def greedy(run: ProbeContext) -> None:
        run.begin_top_up(run.open_account(), Money(minor=5000, currency="USD"))

    result = run_probes(connect(), make_probe("greedy", greedy, payments=1))["greedy"]
    assert result.status is Status.REFUSED
    assert "over the cap" in result.reason


def test_accounts_are_closed_after_the_probe_whatever_became_of_it(
    connect: Connect, shop: CreditShop
) -> None:
    def crashes(run: ProbeContext) -> None:
        opens(run)
        raise ValueError("boom")

    results = run_probes(connect(), make_probe("good", opens), make_probe("bad", crashes))
    assert shop.tenants == {}
    assert (results["good"].status, results["bad"].status) == (Status.PASS, Status.ERROR)


def stuck(server: FakeServer) -> None:
    """Let the shop refuse to close accounts."""
    usual = server.script
    server.script = lambda call: answer_json({}, 500) if call.method == "DELETE" else usual(call)


def test_a_failed_clean_up_is_evidence_and_no_pass(connect: Connect, server: FakeServer) -> None:
    stuck(server)
    result = run_probes(connect(), make_probe("good", opens))["good"]
    assert result.status is Status.ERROR
    assert "clean-up failed: t1: failed, HTTP 500" in result.reason
    row = result.evidence[-1]
    assert (row.source, row.held, row.observed) == ("clean-up", False, "t1: failed, HTTP 500")
    assert row.claim == "The accounts of this probe are closed after it"


def test_a_failed_clean_up_does_not_hide_what_the_probe_found(connect: Connect, server: FakeServer) -> None:
    def fails(run: ProbeContext) -> None:
        run.open_account()
        run.expect("One is two", 1, equals=2)

    stuck(server)
    result = run_probes(connect(), make_probe("bad", fails))["bad"]
    assert result.status is Status.FAIL
    assert result.reason.startswith("One is two: expected 2, observed 1; clean-up failed")


def test_an_account_without_all_that_later_steps_use_is_a_finding(
    connect: Connect, server: FakeServer
) -> None:
    usual = server.script
    no_token = answer_json({"data": {"tenant": {"uid": "t"}}}, 202)
    server.script = lambda call: no_token if call.method == "POST" else usual(call)

    def opens(run: ProbeContext) -> None:
        run.open_account()

    result = run_probes(connect(), make_probe("opens", opens))["opens"]
    assert result.status is Status.FAIL
    assert result.reason.startswith("open_account is answered")


def test_a_clean_up_that_breaks_still_gives_a_result_at_once(connect: Connect, server: FakeServer) -> None:
    usual = server.script
    server.script = lambda call: Reply(hang_up=True) if call.method == "DELETE" else usual(call)

    def opens_only(run: ProbeContext) -> None:
        run.open_account()
        fine(run)

    started = time.monotonic()
    result = run_probes(connect(), make_probe("good", opens_only))["good"]
    assert result.status is Status.ERROR
    assert "clean-up failed" in result.reason
    assert time.monotonic() - started < 2.5


def test_progress_is_told_as_it_comes(connect: Connect) -> None:
    told: list[str] = []
    runner = ProbeRunner(
        target=connect(),
        mode="mock",
        redact=Redactor(),
        workers=1,
        on_result=lambda result: told.append(result.id),
    )
    runner.run([make_probe("a", fine), make_probe("b", fine, modes=("staging",)), make_probe("c", fine)])
    assert told == ["test.a", "test.b", "test.c"]


class Overlap:
    """A probe function that notes how many of its kind run at once."""

    def __init__(self) -> None:
        self.now = self.most = self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, run: ProbeContext) -> None:
        with self._lock:
            self.now += 1
            self.calls += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self._lock:
            self.now -= 1
        fine(run)


def test_in_staging_probes_that_move_money_never_overlap(connect: Connect) -> None:
    spending, reading = Overlap(), Overlap()
    probes = [make_probe(f"s{n}", spending, payments=1) for n in range(6)]
    probes += [make_probe(f"r{n}", reading) for n in range(6)]
    results = run_probes(connect(), *probes, workers=20, mode="staging")
    assert list(results) == [probe.id.removeprefix("test.") for probe in probes]
    assert {result.status for result in results.values()} == {Status.PASS}
    assert (spending.calls, spending.most) == (6, 1)
    assert reading.most > 1, "the others run side by side"


def test_in_mock_mode_probes_that_move_money_run_side_by_side(connect: Connect) -> None:
    spending = Overlap()
    run_probes(connect(), *(make_probe(f"s{n}", spending, payments=1) for n in range(6)), workers=20)
    assert spending.most > 1


def test_what_a_probe_left_when_its_time_was_over_is_closed_at_the_end(
    connect: Connect, shop: CreditShop
) -> None:
    def hangs(run: ProbeContext) -> None:
        run.open_account()
        time.sleep(1)

    target = connect(patience=0.3)
    result = run_probes(target, make_probe("hangs", hangs))["hangs"]
    (check,) = (check for check in target.guard.safety_checks() if check.id == "clean-up")
    assert result.status is Status.ERROR
    assert shop.tenants == {}
    assert check.status is Status.PASS


def test_what_cannot_be_closed_is_named_in_the_clean_up_check(connect: Connect, server: FakeServer) -> None:
    stuck(server)
    target = connect()
    run_probes(target, *(make_probe(f"p{n}", opens) for n in range(12)))
    (check,) = (check for check in target.guard.safety_checks() if check.id == "clean-up")
    assert check.status is Status.ERROR
    assert "12 accounts were opened" in check.detail
    assert "0 were closed" in check.detail
    assert "t1: failed, HTTP 500" in check.detail
    assert "and 2 more" in check.detail


def test_a_target_that_keeps_its_accounts_says_so(connect: Connect) -> None:
    start = TARGET.index("[backends.credits.operations.close_account]")
    end = TARGET.index("[backends.credits.operations.read_wallet]")
    target = connect(text=TARGET[:start] + TARGET[end:])
    result = run_probes(target, make_probe("good", opens))["good"]
    (check,) = (check for check in target.guard.safety_checks() if check.id == "clean-up")
    assert (result.status, check.status) == (Status.PASS, Status.SKIP)
    assert "maps no close_account" in check.detail
