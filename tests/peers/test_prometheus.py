"""Reading a real Prometheus: what it counts, and everything odd that it can answer."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping

import pytest
from tests.fakes.server import unused_port
from tests.fakes.signals import HOUR, NOON, NOW, ask, counted, level, windows
from tests.peers.prometheus_server import Prometheus, Series

from billing_canary.reading import Outcome, Reading

SETTINGS = {"kind": "prometheus", "url_env": "PROMETHEUS"}
TEN, ELEVEN = NOON - 2 * HOUR, NOON - HOUR
START = TEN - HOUR
Samples = list[tuple[float, float]]


def climb(each_minute: float, *, start: int = START, end: int = NOON, first: float = 100) -> Samples:
    """A counter scraped every minute at :07 of it, as scrapes never meet the hour."""
    return [(at + 7, first + each_minute * (at - start) / 60) for at in range(start, end, 60)]


def falls(at: float) -> Samples:
    """A counter that restarts at zero."""
    before = [sample for sample in climb(2, first=0) if sample[0] < at]
    return [*before, *((when, number) for number, (when, _) in enumerate(climb(2)[len(before) :]))]


SERIES: Series = {
    'paid_total{pod="a",status="ok"}': climb(9),
    'paid_total{pod="a",status="error"}': climb(1),
    # The first error of its kind, and a pod that went away: both belong to 11:00 to 12:00.
    'paid_total{pod="a",status="odd"}': climb(1, start=ELEVEN + 600, end=NOON, first=1),
    'paid_total{pod="b",status="ok"}': climb(3, end=ELEVEN + 1800),
    'restarted_total{status="ok"}': falls(ELEVEN + 120),
    # It climbs past its old value, so that the difference of the bounds alone looks right.
    'hidden_total{status="ok"}': [*climb(1, end=ELEVEN, first=0), *climb(9, start=ELEVEN + 300, first=5)],
    'gappy_total{status="ok"}': [*climb(1, end=ELEVEN - 1200), *climb(1, start=ELEVEN + 1200, first=900)],
    'late_total{status="ok",pod="a"}': climb(1),
    'late_total{status="ok",pod="b"}': [*climb(1, end=ELEVEN - 1200), *climb(1, start=ELEVEN + 1200)],
    "fresh_total": climb(1, start=ELEVEN + 600),
    "broken_total": [(at, float("nan")) for at, _ in climb(1)],
    "idle_total": climb(0),
    "half_total": climb(0.5),
    'backlog{queue="billing,eu"}': [(NOON + 90, 41.0)],
    'backlog{queue="mail"}': [(NOON + 240, 7.25)],
    "zero": [(NOON + 240, 0.0)],
}


@pytest.fixture(scope="module")
def server(prometheus: Callable[..., Prometheus]) -> Prometheus:
    return prometheus(SERIES)


@pytest.fixture
def read(server: Prometheus) -> Callable[..., Reading]:
    def read_(question: object, settings: Mapping[str, object] = SETTINGS, now: str = NOW) -> Reading:
        return ask(settings, question, {"PROMETHEUS": server.url}, now=now)  # type: ignore[arg-type]  # as it comes

    return read_


Read = Callable[..., Reading]


def test_raw_counters_are_counted_exactly(read: Read) -> None:
    reading = read(windows(good='paid_total{status="ok"}', total="paid_total"))
    assert reading.outcome is Outcome.ANSWERED, reading.problem
    # 10:00: 60 * 9 + 60 * 3 good, 60 bad. 11:00: 60 * 9 + 30 * 3 up to the pod's end, 60 and 50 bad.
    assert counted(reading) == [(720, 780, ""), (630, 740, "")]
    assert [w.start for w in reading.windows] == ["2026-07-01T10:00:00.000Z", "2026-07-01T11:00:00.000Z"]


def test_what_increase_says_is_no_count(read: Read) -> None:
    good, total = 'sum(increase(paid_total{status="ok"}[{window}]))', "sum(increase(paid_total[{window}]))"
    reading = read(windows(good=good, total=total))
    regular, with_changes = reading.windows
    assert (regular.good, regular.total, regular.problem) == (720, 780, "")
    # The raw counters say 630 and 740, see above.
    assert "good: not a whole number: 628.85;" in with_changes.problem
    assert "total: not a whole number: 739.73" in with_changes.problem
    assert "plain selectors" in with_changes.problem
    assert 'good: sum(increase(paid_total{status="ok"}[3600s]))' in reading.question


def test_an_expression_that_is_whole_is_a_count(read: Read) -> None:
    samples = "sum(count_over_time(paid_total{%s}[{window}]))"
    reading = read(windows(good=samples % 'pod="a",status="ok"', total=samples % 'status="ok"'))
    assert counted(reading) == [(60, 120, ""), (60, 90, "")]


@pytest.mark.parametrize("metric", ["restarted_total", "hidden_total"])
def test_a_counter_reset_is_told(read: Read, metric: str) -> None:
    first, second = read(windows(good=metric, total=metric)).windows
    assert first.problem == ""
    assert second.problem == "counter reset: {status=ok}"
    assert second.good is second.total is None


def test_a_gap_at_a_bound_is_told(read: Read) -> None:
    reading = read(windows(good="gappy_total", total="gappy_total"))
    assert counted(reading) == [(None, None, "gap"), (None, None, "gap")]
    assert reading.outcome is Outcome.EMPTY


def test_one_series_of_several_with_a_gap_at_the_start_is_told(read: Read) -> None:
    first, second = read(windows(good="late_total", total="late_total")).windows
    assert (first.good, first.problem) == (60 + 40, "")  # what it counted up to its last value
    assert second.problem == "gap: no value at the start of {pod=b,status=ok}"


def test_where_all_series_are_new_nothing_is_counted(read: Read) -> None:
    reading = read(windows(good="fresh_total", total="fresh_total"))
    assert counted(reading) == [(None, None, "gap"), (None, None, "gap")]


def test_a_metric_that_does_not_exist_is_empty_and_no_zero(read: Read) -> None:
    reading = read(windows(good="nosuch_total", total="nosuch_total"))
    assert reading.outcome is Outcome.EMPTY
    assert counted(reading) == [(None, None, "gap")] * 2
    assert read(level("nosuch")).outcome is Outcome.EMPTY
    empty = read(windows(good="sum(rate(nosuch[{window}]))", total="sum(rate(nosuch[{window}]))"))
    assert empty.outcome is Outcome.EMPTY


def test_good_alone_missing_is_told(read: Read) -> None:
    reading = read(windows(good='paid_total{status="typo"}', total="paid_total"))
    assert [window.problem for window in reading.windows] == ["good: gap"] * 2
    assert reading.outcome is Outcome.ANSWERED


def test_nan_stays_nan(read: Read) -> None:
    raw = read(windows(good="broken_total", total="broken_total"))
    assert all(window.problem.startswith("NaN") for window in raw.windows)
    share = "sum(increase(idle_total[{window}])) / sum(increase(idle_total[{window}]))"
    assert counted(read(windows(good=share, total=share))) == [(None, None, "NaN")] * 2
    divided = read(level("zero / zero"))
    assert [sample.value for sample in divided.samples] == ["NaN"]
    assert [sample.value for sample in read(level("1 / zero")).samples] == ["+Inf"]


def test_a_counter_of_halves_counts_nothing(read: Read) -> None:
    reading = read(windows(good="half_total", total="half_total"))
    assert counted(reading) == [
        (None, None, "not a whole number: 159.5: {}"),
        (None, None, "not a whole number: 189.5: {}"),
    ]


def test_levels_say_when_they_were_scraped(read: Read) -> None:
    reading = read(level("backlog"))
    told = [(sample.at, sample.value, sample.labels) for sample in reading.samples]
    assert told == [
        ("2026-07-01T12:01:30.000Z", "41", 'queue="billing,eu"'),
        ("2026-07-01T12:04:00.000Z", "7.25", "queue=mail"),
    ]
    # An expression has no time but that of asking.
    assert [sample.at for sample in read(level("sum(backlog)")).samples] == ["2026-07-01T12:05:00.000Z"]
    assert [sample.value for sample in read(level("scalar(sum(backlog))")).samples] == ["48.25"]


def test_what_is_older_than_five_minutes_is_gone(read: Read) -> None:
    reading = read(level('backlog{queue="mail"}'), now="2026-07-01T12:10:00Z")
    assert reading.outcome is Outcome.EMPTY


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (level("sum(backlog"), "HTTP 400: bad_data"),
        (level("sum(backlog"), "parse error"),
        (level("rate(backlog)"), "expected type range vector"),
        (level("backlog[5m]"), "answers a matrix"),
        (level('"text"'), "answers a string"),
        (
            windows(good="increase(paid_total[{window}])", total="increase(paid_total[{window}])"),
            "series where one is wanted",
        ),
    ],
)
def test_a_wrong_query_fails_with_the_servers_words(read: Read, question: object, said: str) -> None:
    reading = read(question)
    assert reading.outcome is Outcome.FAILED
    assert said in reading.problem
    assert (reading.windows, reading.samples) == ((), ())


def test_several_series_are_told_with_the_fix(read: Read) -> None:
    text = "increase(paid_total[{window}])"
    assert "aggregate with sum(...)" in read(windows(good=text, total=text)).problem


def test_a_query_that_the_server_gives_up_is_told(prometheus: Callable[..., Prometheus]) -> None:
    hurried = prometheus(SERIES, "--query.timeout=1ms")
    heavy = "max_over_time(sum(rate(paid_total[5m]))[30d:1s])"
    reading = ask(SETTINGS, level(heavy), {"PROMETHEUS": hurried.url})
    assert reading.outcome is Outcome.FAILED
    assert "query timed out" in reading.problem


def test_a_server_that_hangs_is_told_within_the_timeout(prometheus: Callable[..., Prometheus]) -> None:
    frozen = prometheus({"zero": [(NOON, 0.0)]})
    os.kill(frozen.server.pid, signal.SIGSTOP)
    try:
        reading = ask({**SETTINGS, "timeout_s": 1}, level("zero"), {"PROMETHEUS": frozen.url})
    finally:
        os.kill(frozen.server.pid, signal.SIGCONT)
    assert reading.outcome is Outcome.FAILED
    assert "no answer within 1 s" in reading.problem


def test_nobody_there_is_told() -> None:
    reading = ask(SETTINGS, level("up"), {"PROMETHEUS": f"http://127.0.0.1:{unused_port()}"})
    assert reading.outcome is Outcome.FAILED
    assert "refuses the connection" in reading.problem


def test_a_question_from_the_servers_future_is_clock_skew(read: Read) -> None:
    reading = read(level("up"), now="2099-01-01T00:00:00Z")
    assert reading.outcome is Outcome.FAILED
    assert "clock skew" in reading.problem


def test_data_that_is_filled_in_later_does_not_change_a_reading_that_was_taken(
    prometheus: Callable[..., Prometheus],
) -> None:
    before = {"PROMETHEUS": prometheus({"paid_total": climb(1, end=ELEVEN)}).url}
    after = {"PROMETHEUS": prometheus({"paid_total": climb(1)}).url}
    question = windows(good="paid_total", total="paid_total")
    assert counted(ask(SETTINGS, question, before)) == [(60, 60, ""), (None, None, "gap")]
    assert counted(ask(SETTINGS, question, after)) == [(60, 60, ""), (60, 60, "")]
