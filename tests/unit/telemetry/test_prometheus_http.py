"""What a server that is not quite Prometheus does to a reading: it fails in time, and says why."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
from tests.fakes.server import Call, FakeServer, Reply, answer_json
from tests.fakes.signals import ask, counted, level, windows
from tests.fakes.sockets import take_request

from billing_canary.reading import Outcome, Reading

SETTINGS: dict[str, object] = {"kind": "prometheus", "url_env": "URL", "timeout_s": 1}


def vector(*series: tuple[Mapping[str, str], str], **more: object) -> Reply:
    result = [{"metric": labels, "value": [1782907200.5, value]} for labels, value in series]
    return answer_json({"status": "success", "data": {"resultType": "vector", "result": result}, **more})


def failed(reply: Reply, **settings: object) -> str:
    """The problem of a reading that this answer made fail."""
    with FakeServer(lambda _: reply) as server:
        reading = ask({**SETTINGS, **settings}, level("sum(up)"), {"URL": server.url})
    assert reading.outcome is Outcome.FAILED
    assert (reading.samples, reading.question) == ((), "sum(up)")
    return reading.problem


def raw(text: str, status: int = 200) -> Reply:
    return Reply(status=status, body=text.encode(), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (raw("<html>Sign in</html>"), "is no JSON"),
        (raw('{"status":"success","status":"error"}'), "stands there twice"),
        (raw('{"status":"success","data":{"resultType":"scalar","result":[NaN,"1"]}}'), "no JSON number"),
        (raw("[" * 100_000), "nested deeper"),
        (raw("\ufeff{}"), "byte order mark"),
        (raw("[]"), "no answer of Prometheus' API"),
        (raw("{}"), "no answer of Prometheus' API"),
        (answer_json({"status": "success", "data": []}), "no answer of Prometheus' API"),
        (vector(({}, "1"), warnings=["PromQL warning: storage b is gone"]), "storage b is gone"),
        (
            answer_json({"status": "error", "errorType": "bad_data", "error": "no!"}, status=400),
            "HTTP 400: bad_data: no!",
        ),
        (
            answer_json({"status": "error", "errorType": "timeout", "error": "late"}, status=503),
            "HTTP 503: timeout: late",
        ),
        (raw("nobody", 401), "HTTP 401: not let in"),
        (raw("bad gateway", 502), "HTTP 502: the answer"),
        (raw('{"status":"success","data":{"resultType":"vector","result":[]}}', 500), "HTTP 500"),
        (Reply(hang_up=True), "broke (ConnectionError)"),
        (Reply(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), "answered compressed"),
        (raw(" " * (8 * 1024 * 1024 + 1)), "larger than 8 MiB"),
        (
            answer_json({"status": "success", "data": {"resultType": "matrix", "result": []}}),
            "answers a matrix",
        ),
        (vector(*[({"n": str(n)}, "1") for n in range(1001)]), "at most 1000 are read"),
    ],
)
def test_what_prometheus_never_answers(reply: Reply, said: str) -> None:
    assert said in failed(reply)


@pytest.mark.parametrize(
    "entry",
    [
        5,
        {"metric": {}},
        {"metric": {}, "value": [1]},
        {"metric": {}, "value": [1, 2]},
        {"metric": {}, "value": ["1", "2"]},
        {"metric": {"a": 1}, "value": [1, "2"]},
        {"metric": [], "value": [1, "2"]},
        {"metric": {}, "histogram": [1, {}]},
        {"metric": {}, "value": [True, "2"]},
        {"metric": {}, "value": [1e300, "2"]},
    ],
)
def test_series_of_another_shape(entry: object) -> None:
    body = {"status": "success", "data": {"resultType": "vector", "result": [entry]}}
    assert "check that the server is Prometheus" in failed(answer_json(body))


def test_a_redirect_to_another_host_is_not_followed_and_the_token_stays() -> None:
    with FakeServer(lambda _: vector(({}, "1"))) as other:
        moved = Reply(status=307, headers={"Location": f"http://user:pw@{other.host}/login?token=abc"})
        with FakeServer(lambda _: moved) as server:
            environment = {"URL": server.url, "TOKEN": "tok-123456"}
            reading = ask({**SETTINGS, "token_env": "TOKEN"}, level("up"), environment)
        assert other.connections == 0
    assert f"redirects to http://{other.host}, which is not followed" in reading.problem
    assert "abc" not in reading.problem
    assert "pw@" not in reading.problem


@contextmanager
def socket_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Accepts one connection and does what it wants with it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    take_request(connection)
                    talk(connection)
                except OSError:
                    return  # the client is gone

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(5)
        assert not thread.is_alive()


def drip(before: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(before)
        for _ in range(400):
            connection.sendall(b" ")
            time.sleep(0.02)

    return talk


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "before",
    [
        HEAD + b"Content-Length: 100000\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n",
        b"HTTP/1.1 200 OK\r\nX-Slow:",
        b"",
    ],
    ids=["body", "chunk", "header", "status line"],
)
def test_a_server_that_drips_is_cut_off_in_time(before: bytes) -> None:
    with socket_server(drip(before)) as url:
        began = time.monotonic()
        reading = ask(SETTINGS, level("up"), {"URL": url})
        took = time.monotonic() - began
    assert "no answer within 1 s" in reading.problem
    assert 0.9 < took < 2


def test_the_deadline_is_for_all_requests_of_a_question() -> None:
    def slowly(_: Call) -> Reply:
        time.sleep(0.3)
        return vector(({}, "5"))

    with FakeServer(slowly) as server:
        began = time.monotonic()
        reading = ask(SETTINGS, windows(good="a", total="b"), {"URL": server.url})
    assert "no answer within 1 s" in reading.problem
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("off", "said"), [(300, "s ahead"), (-300, "s behind"), (30, ""), (-30, "")])
def test_a_clock_that_is_another_is_told(off: int, said: str) -> None:
    body = vector(({}, "1")).body
    head = HEAD + f"Date: {formatdate(time.time() + off)}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket_server(lambda s: s.sendall(head + body)) as url:
        reading = ask(SETTINGS, level("sum(up)"), {"URL": url})
    assert ("clock skew" in reading.problem) is bool(said)
    assert said in reading.problem
    assert reading.outcome is (Outcome.FAILED if said else Outcome.ANSWERED)


def test_an_answer_cut_short_is_told() -> None:
    with socket_server(lambda s: s.sendall(HEAD + b'Content-Length: 50\r\n\r\n{"status":')) as url:
        reading = ask(SETTINGS, level("up"), {"URL": url})
    assert reading.outcome is Outcome.FAILED


def test_the_question_goes_out_with_the_token_and_nothing_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password fromnetrc\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with FakeServer(lambda _: vector(({"__name__": "up", "b": "2", "a": "1"}, "1"))) as server:
        plain = ask(SETTINGS, level("sum(up)"), {"URL": f"{server.url}/prometheus/"})
        ask({**SETTINGS, "token_env": "T"}, level("sum(up)"), {"URL": server.url, "T": "tok-123456"})
        ask(SETTINGS, level("sum(up)"), {"URL": f"http://me:p%40ss@{server.host}"})
    assert [(sample.value, sample.labels) for sample in plain.samples] == [("1", "a=1,b=2")]
    first, second, third = server.calls
    assert (first.path, first.method) == ("/prometheus/api/v1/query", "POST")
    assert first.form["query"] == ["sum(up)"]
    assert first.form["time"] == ["1782907500.000"]
    assert "Authorization" not in first.headers
    assert second.headers["Authorization"] == "Bearer tok-123456"
    assert third.headers["Authorization"] == "Basic bWU6cEBzcw=="


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "needs the environment variable URL"),
        ("127.0.0.1:9090", "is no http(s) address"),
        ("ftp://host/", "is no http(s) address"),
        ("http://host:port/", "is no http(s) address"),
        ("http://host/?a=1", "is no http(s) address"),
        ("http://ho st/", "is no http(s) address"),
        ("http://me:secret99@monitoring.example/", "plain http address"),
        ("http://nosuchhost.invalid/", "is not known"),
    ],
)
def test_a_wrong_address_is_told_and_not_shown(url: str, said: str) -> None:
    reading = ask(SETTINGS, level("up"), {"URL": url})
    assert said in reading.problem
    assert "secret99" not in repr(reading)


def test_a_token_is_not_sent_in_the_clear_to_another_machine() -> None:
    settings = {**SETTINGS, "token_env": "T"}
    assert "plain http" in ask(settings, level("up"), {"URL": "http://192.0.2.1", "T": "abc"}).problem
    assert (
        "needs the environment variable T" in ask(settings, level("up"), {"URL": "http://192.0.2.1"}).problem
    )
    assert "T holds something" in ask(settings, level("up"), {"URL": "http://127.0.0.1", "T": "a b"}).problem


def test_a_secret_that_the_server_repeats_is_masked() -> None:
    def echo(call: Call) -> Reply:
        said = {"status": "error", "errorType": "bad_data", "error": call.headers["Authorization"]}
        return answer_json(said, status=400)

    with FakeServer(echo) as server:
        environment = {"URL": server.url, "T": "tok-123456"}
        reading = ask({**SETTINGS, "token_env": "T"}, level("up"), environment)
    assert "tok-123456" not in repr(reading)
    assert "[redacted]" in reading.problem

    with FakeServer(lambda call: vector(({"said": call.headers["Authorization"]}, "1"))) as server:
        environment = {"URL": server.url, "T": "tok-123456"}
        reading = ask({**SETTINGS, "token_env": "T"}, level("sum(up)"), environment)
    assert [sample.labels for sample in reading.samples] == ['said="Bearer [redacted]"']


def read_counts(values: Mapping[str, str | None]) -> Reading:
    """A window of counters whose queries are answered by what they begin with."""

    def answer(call: Call) -> Reply:
        query, at = call.form["query"][0], call.form["time"][0]
        name = query.partition("(")[0] if "(" in query else f"at {at[-8:-4]}"
        value = values.get(name, "0")
        return vector() if value is None else vector(({}, value))

    with FakeServer(answer) as server:
        return ask(SETTINGS, windows(good="a", total="a"), {"URL": server.url})


BOUNDS = {"at 0000": "5", "at 3600": "9", "at 7200": "12", "min_over_time": "9"}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("12", ""),
        ("1.2e+01", ""),
        ("-1", "negative: -1: {}"),
        ("NaN", "NaN: {}"),
        ("+Inf", "+Inf: {}"),
        ("1e+16", "too large to be exact: 1e+16: {}"),
        ("12.5", "not a whole number: 12.5: {}"),
        ("0x10", "no number: '0x10': {}"),
        ("1", "counter reset: {}"),
    ],
)
def test_what_counts_as_a_count(value: str, problem: str) -> None:
    reading = read_counts({**BOUNDS, "at 7200": value})
    assert [w.problem for w in reading.windows] == ["", problem], reading.problem
    assert (reading.windows[1].total == 3) is (problem == "")


def test_a_reset_that_the_server_counts_is_told() -> None:
    assert counted(read_counts({**BOUNDS, "resets": "1"})) == [(None, None, "counter reset: {}")] * 2


def test_resets_that_are_no_number_fail() -> None:
    assert "a value is 'x'" in read_counts({**BOUNDS, "resets": "x"}).problem
