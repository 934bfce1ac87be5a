"""The guarded session against real servers: what is refused never reaches anybody."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.fakes.policies import make_policy
from tests.fakes.server import Call, FakeServer, Reply, answer_json

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.guard.session import GuardedSession
from billing_canary.model import Status

REDIRECTS = (301, 302, 303, 307, 308)


def fine(_: Call) -> Reply:
    return answer_json({"livemode": False})


class Bench:
    """An allowed server, another one that nobody may reach, and a session between them."""

    def __init__(self, cleanup: ExitStack) -> None:
        self.here = cleanup.enter_context(FakeServer(fine))
        self.other = cleanup.enter_context(FakeServer(fine))
        self.guard = Guard(make_policy(self.here.host), provider_url=None)
        self.session = GuardedSession(self.guard)
        cleanup.callback(self.session.close)

    def refused(self, method: str = "GET", url: str = "", **kwargs: Any) -> RefusedError:
        with pytest.raises(RefusedError) as caught:
            self.session.request(method, url or self.here.url, timeout=5, **kwargs)
        return caught.value

    def get(self, path: str = "/", **kwargs: Any) -> requests.Response:
        return self.session.get(self.here.url + path, timeout=5, **kwargs)

    def check(self, rule: str) -> Status:
        return {check.id: check.status for check in self.guard.safety_checks()}[rule]


@pytest.fixture
def bench() -> Iterator[Bench]:
    with ExitStack() as cleanup:
        yield Bench(cleanup)


def redirect_to(location: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": location})


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


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_another_port_is_not_followed(bench: Bench, status: int, method: str) -> None:
    bench.here.script = lambda _: redirect_to(f"{bench.other.url}/steal", status)
    refusal = bench.refused(method, data="amount=1")
    assert refusal.rule == "hosts"
    assert "redirect" in refusal.reason
    assert (len(bench.here.calls), bench.other.connections) == (1, 0)


@pytest.mark.parametrize(
    "location",
    [
        "//{other}/",
        "https://{here}/",
        "ftp://{here}/",
        "http://127.0.0.1/",
        "http://localhost:{port}/",
        "http://[",
        "http://{here}:1:2/",
        "http://127.0.0.1:99999/",
        "javascript:alert(1)",
    ],
)
def test_a_redirect_out_of_its_origin_is_refused_however_it_is_written(bench: Bench, location: str) -> None:
    where = location.format(here=bench.here.host, other=bench.other.host, port=bench.here.port)
    bench.here.script = lambda _: redirect_to(where)
    assert bench.refused().rule == "hosts"
    assert (len(bench.here.calls), bench.other.connections) == (1, 0)


def test_a_redirect_is_refused_where_redirects_are_not_followed_either(bench: Bench) -> None:
    bench.here.script = lambda _: redirect_to(bench.other.url)
    bench.refused(allow_redirects=False)
    assert bench.other.connections == 0


def test_the_second_hop_is_judged_too(bench: Bench) -> None:
    def script(call: Call) -> Reply:
        return redirect_to("/second" if call.path == "/" else bench.other.url)

    bench.here.script = script
    bench.refused()
    assert [call.path for call in bench.here.calls] == ["/", "/second"]
    assert bench.other.connections == 0


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("location", ["/there?x=1", "there?x=1", "{url}/there?x=1", "//{here}/there?x=1"])
def test_a_redirect_within_its_origin_is_followed(bench: Bench, status: int, location: str) -> None:
    where = location.format(url=bench.here.url, here=bench.here.host)
    bench.here.script = lambda call: redirect_to(where, status) if call.path == "/" else fine(call)
    assert bench.get().json() == {"livemode": False}
    assert [(call.path, call.query) for call in bench.here.calls] == [("/", ""), ("/there", "x=1")]


def test_redirects_in_a_circle_end(bench: Bench) -> None:
    bench.here.script = lambda _: redirect_to("/")
    with pytest.raises(requests.TooManyRedirects):
        bench.get()


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


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_s_own_body_is_judged(bench: Bench, status: int) -> None:
    live = Reply(status=status, body=b'{"livemode": true}', headers={"Location": "/there"})
    bench.here.script = lambda call: live if call.path == "/" else fine(call)
    assert bench.refused().rule == "never-live"


def test_a_middle_hop_s_body_is_judged(bench: Bench) -> None:
    replies = {
        "/": redirect_to("/two"),
        "/two": Reply(status=302, body=b'{"livemode":true}', headers={"Location": "/three"}),
        "/three": answer_json({}),
    }
    bench.here.script = lambda call: replies[call.path]
    assert bench.refused().rule == "never-live"


def test_every_request_and_answer_is_counted_for_the_report(bench: Bench) -> None:
    for _ in range(3):
        bench.get()
    details = {check.id: (check.status, check.detail) for check in bench.guard.safety_checks()}
    assert details["hosts"] == details["keys"] == (Status.PASS, "3 checked, none refused")
    assert details["never-live"] == (Status.PASS, "3 checked, none refused")


def test_a_failed_connection_is_no_refusal(bench: Bench) -> None:
    bench.here.script = lambda _: Reply(hang_up=True)
    with pytest.raises(requests.ConnectionError):
        bench.get()
    assert bench.check("hosts") is Status.PASS
    assert len(bench.here.calls) == 1
