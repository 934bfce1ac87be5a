"""Addresses that resemble an allowed one, detours, and redirects that lead elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import requests
from tests.battery.arena import Attempt, World, doing
from tests.fakes.server import Reply

STATUSES = (301, 302, 303, 307, 308)
# {good} is an allowed "127.0.0.1:port", {bad} one that is not; {port} is the allowed server's.
ADDRESSES = {
    "other-port": "http://{bad}/",
    "name-for-the-address": "http://localhost:{port}/",
    "name-with-a-dot": "http://localhost.:{port}/",
    "trailing-dot": "http://127.0.0.1.:{port}/",
    "suffix": "http://127.0.0.1.example.com/",
    "prefix": "http://x127.0.0.1:{port}/",
    "https-suffix": "https://api.stripe.com.example.com/",
    "https-prefix": "https://evil-api.stripe.com/",
    "https-hyphen": "https://api-stripe.com/",
    "https-underscore": "https://api_stripe.com/",
    "https-trailing-dot": "https://api.stripe.com./",
    "https-punycode": "https://xn--pi-stripe-9qf.com/",
    "https-cyrillic": "https://аpi.stripe.com/",  # noqa: RUF001 - the look-alike is the attempt
    "https-full-width-dot": "https://api\uff0estripe\uff0ecom/",
    "decimal": "http://2130706433:{port}/",
    "octal": "http://0177.0.0.1:{port}/",
    "hex": "http://0x7f.0.0.1:{port}/",
    "hex-whole": "http://0x7f000001:{port}/",
    "short": "http://127.1:{port}/",
    "zero": "http://0:{port}/",
    "any": "http://0.0.0.0:{port}/",
    "ipv6-loopback": "http://[::1]:{port}/",
    "ipv6-long": "http://[0:0:0:0:0:0:0:1]:{port}/",
    "ipv6-mapped": "http://[::ffff:127.0.0.1]:{port}/",
    "user-info": "http://user@{good}/",
    "user-and-password": "http://user:password@{good}/",
    "live-key-as-user": "http://sk_live_51battery:@{good}/",
    "good-as-user": "http://{good}@{bad}/",
    "good-as-password": "http://x:{good}@{bad}/",
    "good-as-fragment": "http://{bad}/#@{good}/",
    "good-as-query": "http://{bad}/?@{good}/",
    "good-after-backslash": "http://{bad}\\@{good}/",
    "backslash": "http://{good}\\@{bad}/",
    "tab": "http://{good}\t@{bad}/",
    "no-port": "http://127.0.0.1/",
    "https-on-the-port-of-another": "https://{bad}/",
    "file": "file:///etc/passwd",
    "ftp": "ftp://{good}/",
    "gopher": "gopher://{good}/",
    "unix-socket": "http+unix://%2Ftmp%2Fsocket/",
    "metadata-service": "http://169.254.169.254/latest/meta-data/",
    "dot-segments": "http://{good}/v1/%2e%2e/other/",
    "dot-segments-half-quoted": "http://{good}/v1/.%2E/other/",
    "dot-segments-tomcat": "http://{good}/v1/%2e%2e;/other/",
}


def _prepared(world: World, method: str, url: str, **headers: str) -> requests.PreparedRequest:
    """A request with an address that no library has tidied up."""
    request = requests.Request(method, world.arena.provider.url + "/", headers=headers).prepare()
    request.url = url
    return request


def _go(method: str, form: str) -> Callable[[World], object]:
    def act(world: World) -> object:
        provider = world.arena.provider
        url = form.format(good=provider.host, bad=world.arena.elsewhere.host, port=provider.port)
        return world.session.send(_prepared(world, method, url), timeout=5)

    return act


def _addresses() -> Iterator[Attempt]:
    for name, form in ADDRESSES.items():
        yield _attempt(f"get-{name}", _go("GET", form))
        if name in {"other-port", "name-for-the-address", "good-as-user", "backslash", "decimal"}:
            yield _attempt(f"post-{name}", _go("POST", form))


def _detours() -> Iterator[Attempt]:
    def proxy(world: World) -> object:
        there = world.arena.elsewhere.url
        return world.send("GET", "/v1/balance", proxies={"http": there, "https": there})

    def proxy_of_session(world: World) -> object:
        world.session.proxies = {"http": world.arena.elsewhere.url}
        return world.send("POST", "/v1/customers")

    def unchecked(world: World) -> object:
        world.renew(policy=world.policy.allowing(["localhost"]))
        return world.session.get("https://localhost:1/", verify=False, timeout=5)

    yield _attempt("proxy-argument", proxy)
    yield _attempt("proxy-of-the-session", proxy_of_session)
    yield _attempt("certificate-not-checked", unchecked)
    for name in ("Host", "host", "HOST"):
        yield _attempt(f"header-{name}", doing(World.send, "GET", "/v1/x", headers={name: "evil.test"}))
    yield _attempt(
        "host-header-of-the-backend",
        lambda w: w.send("GET", "/v1/x", headers={"Host": w.arena.backend.host}),
    )


# {good}, {bad} as above; {backend} is allowed, too, but another server than the one that redirects.
PLACES = {
    "other-port": "http://{bad}/v1/payouts",
    "allowed-other-server": "http://{backend}/accounts/a/topups",
    "other-scheme": "https://{good}/v1/payouts",
    "protocol-relative": "//{bad}/v1/payouts",
    "three-slashes": "///{bad}/v1/payouts",
    "user-info": "http://user@{bad}/",
    "good-as-user": "http://{good}@{bad}/",
    "name": "http://localhost:{port}/",
    "backslashes": "\\\\{bad}/v1/payouts",
    "slash-backslash": "/\\{bad}/v1/payouts",
    "backslash-at": "http://{good}\\@{bad}/",
    "file": "file:///etc/passwd",
    "no-port": "http://127.0.0.1:x/",
}
_UNHARMED = {"three-slashes"}
"""Destinations that some readers take for a path of the same server: reaching nobody else is enough."""


def _redirected(status: int, place: str, method: str) -> Callable[[World], object]:
    def act(world: World) -> object:
        arena = world.arena
        here = {"good": arena.provider.host, "bad": arena.elsewhere.host, "port": arena.provider.port}
        location = place.format(**here, backend=arena.backend.host)
        arena.provider.script = lambda _: Reply(status=status, headers={"Location": location})
        world.arm("/v1/customers")
        if method == "GET":
            return world.send("GET", "/v1/balance")
        return world.post("/v1/customers", {"name": "x"})

    return act


def _redirects() -> Iterator[Attempt]:
    for name, place in PLACES.items():
        for status in STATUSES:
            if name not in _UNHARMED:
                yield _attempt(f"redirect-{status}-{name}", _redirected(status, place, "GET"))
        if name in {"other-port", "allowed-other-server", "protocol-relative"}:
            for status in (307, 308):
                yield _attempt(f"redirect-post-{status}-{name}", _redirected(status, place, "POST"))
    yield _attempt("redirect-after-a-good-one", _second_hop)
    yield _attempt("redirect-of-the-sdk", _sdk)


def _second_hop(world: World) -> object:
    hops = iter(["/v1/there", world.arena.elsewhere.url])
    world.arena.provider.script = lambda _: Reply(status=302, headers={"Location": next(hops)})
    return world.send("GET", "/v1/balance")


def _sdk(world: World) -> object:
    location = f"{world.arena.elsewhere.url}/v1/payment_intents/pi_1"
    world.arena.provider.script = lambda _: Reply(status=302, headers={"Location": location})
    return world.provider.customer("cus_1")


INSIDE = {
    "payouts": "/v1/payouts",
    "transfers-relative": "transfers",
    "another-query": "/v1/customers?amount=100",
    "climbing": "../v1/charges",
    "backend-path": "/accounts/a/topups",
}


def _inside() -> Iterator[Attempt]:
    for name, place in INSIDE.items():
        for status in (307, 308):
            yield Attempt(
                id=f"redirect-{status}-inside-{name}",
                rule="endpoints",
                act=_redirected(status, place, "POST"),
            )
    yield Attempt(id="redirect-307-of-a-top-up", rule="endpoints", act=_top_up_led_on)
    yield Attempt(id="redirect-308-of-a-use", rule="endpoints", act=_use_led_on)


def _top_up_led_on(world: World) -> object:
    account = world.account()
    path = f"/accounts/{account.id}/topups"
    world.arena.backend.script = lambda _: Reply(status=307, headers={"Location": "/payouts"})
    world.arm(path)
    return world.backend.create_top_up(account, world.settings.amounts["RUB"], "k", trace="t")


def _use_led_on(world: World) -> object:
    account = world.account()
    path = f"/accounts/{account.id}/topups"
    world.arena.backend.script = lambda _: Reply(status=308, headers={"Location": path})
    world.arm(f"/accounts/{account.id}/usage")
    return world.backend.consume(account, 1, "u")


def _worlds() -> Iterator[Attempt]:
    """Base addresses that share one origin."""
    for name, path in {
        "sibling": "/other/v1/balance",
        "longer-name": "/stripe-live/v1/balance",
        "root": "/v1/balance",
        "quoted-slash": "/stripe%2Fv1/balance",
    }.items():
        yield _attempt(f"base-path-read-{name}", doing(_on_shared, "GET", path))
        yield Attempt(
            id=f"base-path-write-{name}",
            rule="endpoints",
            act=doing(_on_shared, "POST", path.replace("balance", "customers")),
        )


def _on_shared(world: World, method: str, path: str) -> object:
    here = world.arena.provider.url
    world.renew(provider_url=f"{here}/stripe", backend_url=f"{here}/app")
    return world.send(method, path)


def _attempt(name: str, act: Callable[[World], object]) -> Attempt:
    return Attempt(id=f"host-{name}", rule="hosts", act=act)


ATTEMPTS = (*_addresses(), *_detours(), *_redirects(), *_inside(), *_worlds())
