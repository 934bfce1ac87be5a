"""Redirects: within their origin only, and each hop is judged like a request of its own."""

from __future__ import annotations

import pytest
import requests
from tests.fakes.server import Call, Reply, answer_json
from tests.fakes.session_bench import REDIRECTS, WRITES, Bench, fine, redirect_to

from billing_canary.errors import RefusedError


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_another_port_is_not_followed(bench: Bench, status: int, method: str) -> None:
    bench.here.script = lambda _: redirect_to(f"{bench.other.url}/steal", status)
    with pytest.raises(RefusedError, match="redirect") as caught:
        bench.send(WRITES, method)
    assert caught.value.rule == "hosts"
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


@pytest.mark.parametrize("status", [307, 308])
def test_a_declaration_holds_for_the_first_hop_alone(bench: Bench, status: int) -> None:
    bench.here.script = lambda call: redirect_to("/there", status) if call.path == "/" else fine(call)
    with pytest.raises(RefusedError, match="no operation of its table"):
        bench.send(WRITES, data="x=1")
    assert [call.path for call in bench.here.calls] == ["/"]


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_declared_write_that_becomes_a_read_is_followed(bench: Bench, status: int) -> None:
    bench.here.script = lambda call: redirect_to("/there", status) if call.path == "/" else fine(call)
    assert bench.send(WRITES, data="x=1").status_code == 200
    assert [(call.method, call.path) for call in bench.here.calls] == [("POST", "/"), ("GET", "/there")]
