"""Where a run may connect: look-alikes, other spellings and redirects are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.errors import RefusedError
from billing_canary.guard.addresses import (
    HOSTS_RULE,
    AllowedHosts,
    Base,
    check_redirect,
    is_loopback,
    origin,
)

ALLOWED = frozenset(
    {"127.0.0.1:8001", "billing.example.com", "api.example.com:8443", "localhost", "[::1]:8002"}
)

REFUSED_URLS = [
    # Look-alikes of an allowed name.
    "https://billing.example.com.evil.test/",
    "https://billing.example.co/",
    "https://xbilling.example.com/",
    "https://billing-example.com/",
    "https://billing.example.com./",
    "https://example.com/",
    "https://b\u0456lling.example.com/",
    "https://billing.example.com%2eevil.test/",
    "https://billing\uff0eexample.com/",
    # User info in front of another host.
    "https://billing.example.com@evil.test/",
    "https://user:word@billing.example.com/",
    "https://@billing.example.com/",
    "https://:@billing.example.com/",
    "https://billing.example.com:443@evil.test/",
    # What one reader takes for a path, another takes for user info, or leaves out.
    "https://evil.test\\@billing.example.com/",
    "https:\\\\billing.example.com/",
    "https://billing.example.com\\.evil.test/",
    "https://evil.test\t@billing.example.com/",
    "https://billing.exam\nple.com/",
    "https://billing.example.com /",
    " https://billing.example.com/",
    "https://billing.example.com/\x00",
    "https://billing.example.com/\u200b",
    # Other ports.
    "https://api.example.com/",
    "https://api.example.com:443/",
    "https://api.example.com:84430/",
    "http://127.0.0.1:8002/",
    "http://127.0.0.1/",
    "https://127.0.0.1:8001@evil.test:8001/",
    # The loopback address in other spellings is not the one that is allowed.
    "http://2130706433:8001/",
    "http://0x7f000001:8001/",
    "http://017700000001:8001/",
    "http://127.1:8001/",
    "http://127.0.0.2:8001/",
    "http://0.0.0.0:8001/",
    "http://[::ffff:127.0.0.1]:8001/",
    "http://[::1]:8001/",
    "http://\u2460\u2461\u2466.0.0.1:8001/",
    # Names may resolve to anything, so plain http needs an address.
    "http://localhost/",
    "http://billing.example.com/",
    "http://billing.example.com:443/",
    # No HTTP at all, or no URL.
    "ftp://billing.example.com/",
    "file:///etc/passwd",
    "ws://127.0.0.1:8001/",
    "billing.example.com",
    "//billing.example.com/",
    "",
    "https://",
    "https:///path",
    "http://127.0.0.1:port/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:-1/",
    "http://127.0.0.1:80_01/",
    "http://127.0.0.1:\u0668\u0660\u0660\u0661/",
    "http://[::1/",
    "http://[nonsense]:8001/",
]


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_every_other_address_is_refused_again_and_again(url: str) -> None:
    hosts = AllowedHosts(ALLOWED)
    for _ in range(2):
        with pytest.raises(RefusedError) as caught:
            hosts.check(url)
        assert caught.value.rule == HOSTS_RULE
        assert not caught.value.ends_run
    assert hosts.contacted == ()


@pytest.mark.parametrize(
    "path",
    ["/..", "/../x", "/a/../b", "/a/./b", "/a/.", "/%2e%2e/b", "/a/%2E./b", "/a/..;x=1/b"],
)
def test_a_path_that_climbs_is_refused_on_a_good_host_too(path: str) -> None:
    hosts = AllowedHosts(ALLOWED)
    for _ in range(2):
        with pytest.raises(RefusedError, match="path climbs") as caught:
            hosts.check(f"https://billing.example.com{path}")
        assert caught.value.rule == HOSTS_RULE


@pytest.mark.parametrize(
    "path",
    ["/..a", "/a..b/", "/.well-known/x", "/...", "/a%2e%2eb", "/a/..%2f..%2fb", "/x?next=../y", "/x#../y"],
)
def test_dots_within_a_name_do_not_climb(path: str) -> None:
    AllowedHosts(ALLOWED).check(f"https://billing.example.com{path}")


def test_a_refusal_does_not_repeat_credentials_of_the_url() -> None:
    with pytest.raises(RefusedError) as caught:
        AllowedHosts(ALLOWED).check("https://admin:hunter22@billing.example.com/")
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001/accounts?x=1",
        "https://127.0.0.1:8001/",
        "https://billing.example.com",
        "https://BILLING.example.com/v1",
        "https://billing.example.com:443/",
        "https://billing.example.com:8443/",
        "https://api.example.com:8443/",
        "https://localhost/",
        "http://[::1]:8002/",
        "HTTPS://billing.example.com/",
    ],
)
def test_allowed_addresses_pass(url: str) -> None:
    hosts = AllowedHosts(ALLOWED)
    hosts.check(url)
    hosts.check(f"{url}#again")
    assert len(hosts.contacted) == 1


def test_what_was_contacted_is_told_without_paths_and_in_order() -> None:
    hosts = AllowedHosts(ALLOWED)
    for path in ("b?key=secret", "a"):
        hosts.check(f"https://billing.example.com/{path}")
        hosts.check(f"http://127.0.0.1:8001/{path}")
    assert hosts.contacted == ("http://127.0.0.1:8001", "https://billing.example.com")


def test_one_good_address_makes_no_other_good() -> None:
    hosts = AllowedHosts(ALLOWED)
    hosts.check("https://billing.example.com/")
    for other in ("http://billing.example.com/", "https://me@billing.example.com/"):
        with pytest.raises(RefusedError):
            hosts.check(other)


def test_without_a_list_no_address_passes() -> None:
    with pytest.raises(RefusedError, match=r"not in \[hosts\] allow"):
        AllowedHosts(frozenset()).check("http://127.0.0.1:8001/")


@given(st.text(max_size=30))
def test_no_text_around_an_allowed_name_opens_another_host(text: str) -> None:
    hosts = AllowedHosts(frozenset({"billing.example.com"}))
    for url in (f"https://{text}billing.example.com/", f"https://billing.example.com{text}/"):
        try:
            hosts.check(url)
        except RefusedError:
            continue
        assert origin(url)[:2] == ("https", "billing.example.com")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", False),
        ("127.1", False),
        ("2130706433", False),
        ("0.0.0.0", False),  # noqa: S104 - compared, nothing listens on it
        ("10.0.0.1", False),
        ("127.0.0.1.evil.test", False),
        ("", False),
    ],
)
def test_only_an_address_is_loopback(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:80/a", "http://127.0.0.1/b?c"),
        ("https://EXAMPLE.com/", "https://example.com:443"),
        ("http://[::1]/", "http://[::1]:80/"),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str) -> None:
    assert origin(one) == origin(other)


@pytest.mark.parametrize(
    "other", ["https://a.test/", "http://a.test:81/", "http://b.test/", "http://a.test./"]
)
def test_another_scheme_host_or_port_is_another_origin(other: str) -> None:
    assert origin("http://a.test/") != origin(other)


@pytest.mark.parametrize(
    "url", ["http://[", "http://a:b:c/", "http://a:99999/", "http://a\\b/", "http://a b/"]
)
def test_an_unreadable_address_has_no_origin(url: str) -> None:
    with pytest.raises(RefusedError):
        origin(url)


@pytest.mark.parametrize(
    "location", ["/there", "there?x=1", "?x", "", "#x", "//a.test/x", "http://a.test:80/"]
)
def test_a_redirect_within_its_origin_may_be_followed(location: str) -> None:
    check_redirect("http://a.test/here", location)


@pytest.mark.parametrize(
    "location",
    ["//b.test/", "https://a.test/", "http://a.test:81/", "ftp://a.test/", "http://[", "//[", "http://a.test:x/",
     "javascript:alert(1)", "http:\\\\b.test", "/\\b.test", "//b.test\\@a.test/", "http://a.test./"],
)  # fmt: skip
def test_a_redirect_elsewhere_is_refused(location: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_redirect("http://a.test/here", location)
    assert caught.value.rule == HOSTS_RULE


def test_a_refused_redirect_is_told_without_what_could_be_secret() -> None:
    with pytest.raises(RefusedError) as caught:
        check_redirect("http://a.test/key=hunter22", "http://me:hunter23@b.test/?token=hunter24")
    assert caught.value.reason == "redirect from http://a.test:80 to http://b.test:80"


@pytest.mark.parametrize(
    ("base", "url", "path"),
    [
        ("http://a.test", "http://a.test", "/"),
        ("http://a.test", "http://a.test/", "/"),
        ("http://a.test/", "http://A.test:80/v1/x?q=1#f", "/v1/x"),
        ("http://a.test/stripe", "http://a.test/stripe/v1/x", "/v1/x"),
        ("http://a.test/stripe/", "http://a.test/stripe/", "/"),
        ("http://a.test/stripe", "http://a.test/stripe", None),
        ("http://a.test/stripe", "http://a.test/stripes/v1/x", None),
        ("http://a.test/stripe", "http://a.test/v1/x", None),
        ("http://a.test", "https://a.test/v1/x", None),
        ("http://a.test", "http://a.test:81/v1/x", None),
        ("http://a.test", "http://b.test/v1/x", None),
    ],
)
def test_a_base_knows_what_belongs_to_it(base: str, url: str, path: str | None) -> None:
    assert Base(base).path_of(url) == path


def test_a_base_knows_its_origin_wherever_a_path_leads() -> None:
    base = Base("http://a.test/stripe")
    assert base.same_origin("http://A.test:80/elsewhere")
    assert not base.same_origin("http://b.test/stripe/")
