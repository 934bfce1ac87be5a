"""The guarded session against real servers: what is refused never reaches anybody."""

from __future__ import annotations

import gzip
import os
import socket
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
import requests
from tests.fakes.policies import make_policy, money
from tests.fakes.server import Reply, answer_json
from tests.fakes.session_bench import WRITES, Bench, fine, redirect_to
from tests.fakes.sockets import take_request

from billing_canary.errors import RefusedError
from billing_canary.guard import session as guarded
from billing_canary.guard.guard import Guard
from billing_canary.guard.session import AnswerTooLargeError, GuardedSession
from billing_canary.guard.target_call import CallKind, MoneyPlace, TargetCall, Unit
from billing_canary.model import Status


def test_a_host_that_is_not_allowed_is_never_connected_to(bench: Bench) -> None:
    refusal = bench.refused("POST", bench.other.url, data="x=1")
    assert refusal.rule == "hosts"
    assert bench.other.connections == 0
    assert bench.check("hosts") is Status.REFUSED


@pytest.mark.parametrize(
    "form",
    [
        "http://{here}@{other}/",
        "http://{other}#@{here}/",
        "http://{other}?@{here}/",
        "http://{other}\\@{here}/",
        "http://{here}\\@{other}/",
        "http://{here}%40{other}/",
        "http:\\\\{other}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://127.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "HTTP://0:{port}/",
    ],
)
def test_no_spelling_of_an_address_reaches_another_server(bench: Bench, form: str) -> None:
    url = form.format(here=bench.here.host, other=bench.other.host, port=bench.other.port)
    with suppress(RefusedError, requests.RequestException):
        bench.session.get(url, timeout=5)
    assert bench.other.connections == 0


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_proxy_variables_are_not_obeyed(bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for each in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, bench.other.url)
    assert bench.get().status_code == 200
    assert (len(bench.here.calls), bench.other.connections) == (1, 0)


def test_a_netrc_is_not_read(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter22\n")
    monkeypatch.setitem(os.environ, "NETRC", str(tmp_path / "netrc"))
    bench.here.script = lambda call: redirect_to("/there") if call.path == "/" else fine(call)
    bench.get()
    assert len(bench.here.calls) == 2
    assert all("Authorization" not in call.headers for call in bench.here.calls)


def test_no_cookie_is_kept_for_later_requests(bench: Bench) -> None:
    bench.here.script = lambda _: answer_json({}, Set_Cookie="session=1; Path=/")
    bench.get()
    bench.get()
    assert "Cookie" not in bench.here.calls[1].headers
    assert len(bench.session.cookies) == 0


@pytest.mark.parametrize("value", ["Bearer sk_live_abcdef", b"rk_live_abcdef"])
def test_a_live_key_never_leaves_and_ends_the_run(bench: Bench, value: str | bytes) -> None:
    refusal = bench.refused(headers={"Authorization": value})
    assert (refusal.rule, refusal.ends_run) == ("keys", True)
    assert "the run has ended" in bench.refused().reason
    assert bench.here.connections == 0


def test_a_live_key_as_user_name_is_refused(bench: Bench) -> None:
    url = f"http://sk_live_abcdef@{bench.here.host}/"
    assert "abcdef" not in str(bench.refused(url=url))
    assert bench.here.connections == 0


LIVE_ANSWERS = {
    "an object": answer_json({"livemode": True}),
    "deep inside": answer_json({"data": [{"a": {"livemode": True}}]}),
    "an error": answer_json({"livemode": True}, 402),
    "compressed": Reply(body=gzip.compress(b'{"livemode": true}'), headers={"Content-Encoding": "gzip"}),
    "not called JSON": Reply(body=b'{"livemode" : true}', headers={"Content-Type": "text/plain"}),
}


@pytest.mark.parametrize("reply", LIVE_ANSWERS.values(), ids=LIVE_ANSWERS)
def test_an_answer_with_live_money_ends_the_run(bench: Bench, reply: Reply) -> None:
    bench.here.script = lambda _: reply
    refusal = bench.refused()
    assert (refusal.rule, refusal.ends_run) == ("never-live", True)
    bench.here.script = fine
    assert "the run has ended" in bench.refused().reason
    assert len(bench.here.calls) == 1


def test_every_request_and_answer_is_counted_for_the_report(bench: Bench) -> None:
    for _ in range(3):
        bench.get()
    details = {check.id: (check.status, check.detail) for check in bench.guard.safety_checks()}
    assert details["keys"] == details["time-limit"] == (Status.PASS, "3 checked, none refused")
    contacted = f"3 checked, none refused; contacted {bench.here.url}"
    assert details["hosts"] == (Status.PASS, contacted)
    assert details["never-live"] == (Status.PASS, "3 checked, none refused")


def test_a_failed_connection_is_no_refusal(bench: Bench) -> None:
    bench.here.script = lambda _: Reply(hang_up=True)
    with pytest.raises(requests.ConnectionError):
        bench.get()
    assert bench.check("hosts") is Status.PASS
    assert len(bench.here.calls) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_that_nobody_declared_never_leaves(bench: Bench, method: str) -> None:
    assert bench.refused(method, data="x=1").rule == "endpoints"
    with pytest.raises(RefusedError):
        bench.send(None, method)
    assert bench.here.connections == 0


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_declared_request_leaves(bench: Bench, method: str) -> None:
    assert bench.send(WRITES, method, data="x=1").status_code == 200
    assert [call.method for call in bench.here.calls] == [method]


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "x-method-override"])
def test_a_read_that_says_to_be_a_write_never_leaves(bench: Bench, header: str) -> None:
    assert bench.refused(headers={header: "DELETE"}).rule == "endpoints"
    assert bench.refused(data="x=1").rule == "endpoints"
    assert bench.here.connections == 0


def test_a_body_that_comes_in_pieces_never_leaves(bench: Bench) -> None:
    with pytest.raises(RefusedError, match="the body is a stream"):
        bench.send(WRITES, data=iter([b"key=sk_live_abcdef"]))
    assert bench.here.connections == 0


def test_a_proxy_is_never_asked(bench: Bench) -> None:
    bench.session.proxies = {"http": bench.other.url}
    assert "a proxy" in bench.refused().reason
    bench.session.proxies = {}
    assert "a proxy" in bench.refused(proxies={"all": bench.other.url}).reason
    assert (bench.here.connections, bench.other.connections) == (0, 0)
    assert bench.check("hosts") is Status.REFUSED


def test_a_certificate_is_always_checked(bench: Bench) -> None:
    refusal = bench.refused(url=bench.here.url.replace("http:", "https:"), verify=False)
    assert refusal.reason == "the server's certificate would not be checked"
    assert bench.get(verify=False).status_code == 200  # there is none on plain http to this machine
    assert bench.here.connections == 1


MOVES = TargetCall(
    operation="create_top_up",
    kind=CallKind.MOVES,
    amount=money(29),
    key="k",
    places=(MoneyPlace(keys=("amount",), unit=Unit.MINOR),),
)


def answers(bench: Bench) -> list[str]:
    return [entry.answer for entry in bench.guard.ledger.entries()]


def test_an_amount_is_reserved_and_its_answer_recorded(bench: Bench) -> None:
    bench.here.script = lambda _: answer_json({}, 409)
    bench.send(MOVES, json={"amount": 29})
    assert answers(bench) == ["HTTP 409"]
    assert bench.guard.spend().moved == (money(29),)


def test_an_amount_that_is_not_the_declared_one_never_leaves(bench: Bench) -> None:
    with pytest.raises(RefusedError, match="was declared"):
        bench.send(MOVES, json={"amount": 30})
    assert bench.here.connections == 0


def test_a_lost_answer_is_recorded_and_stays_counted(bench: Bench) -> None:
    bench.here.script = lambda _: Reply(hang_up=True)
    with pytest.raises(requests.ConnectionError):
        bench.send(MOVES, json={"amount": 29})
    assert answers(bench) == ["unanswered (ConnectionError)"]
    assert bench.guard.spend().moved == (money(29),)


def test_an_answer_without_end_is_cut_off(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "_LARGEST_ANSWER", 1000)
    bench.here.script = lambda _: Reply(body=b"x" * 1000)
    assert len(bench.get().content) == 1000
    bench.here.script = lambda _: Reply(body=b"x" * 1001)
    with pytest.raises(AnswerTooLargeError, match="larger than 1000 bytes"):
        bench.send(MOVES, json={"amount": 29})
    assert answers(bench) == ["unanswered (AnswerTooLargeError)"]


def test_an_answer_is_cut_off_while_it_still_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "_LARGEST_ANSWER", 1000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"

        def answer_half() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                take_request(connection)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000)
                connection.recv(1)  # until the client is gone

        thread = Thread(target=answer_half, daemon=True)
        thread.start()
        with GuardedSession(Guard(make_policy(host))) as session, pytest.raises(AnswerTooLargeError):
            session.get(f"http://{host}/", timeout=2)
        thread.join(5)


def test_a_small_answer_that_swells_when_it_is_unpacked_is_cut_off(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded, "_LARGEST_ANSWER", 1_000_000)
    swollen = gzip.compress(b"x" * 5_000_000)
    bench.here.script = lambda _: Reply(body=swollen, headers={"Content-Encoding": "gzip"})
    with pytest.raises(AnswerTooLargeError):
        bench.get()


def test_a_streamed_answer_is_read_and_judged_all_the_same(bench: Bench) -> None:
    bench.here.script = lambda _: answer_json({"livemode": True})
    with pytest.raises(RefusedError, match="livemode"):
        bench.get(stream=True)
    assert len(bench.here.calls) == 1
