"""Live keys in every place of a request, in every form in which a person may have pasted one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

from tests.battery.arena import Attempt, World

from billing_canary.target.settings import ProviderSettings

LIVE = "sk_live_51battery"
# Every form is one that somebody's environment file, shell history or vault export has held.
FORMS = {
    "secret": LIVE,
    "restricted": "rk_live_51battery",
    "publishable": "pk_live_51battery",
    "organisation": "sk_org_live_51battery",
    "capitals": LIVE.upper(),
    "in-a-list": f"sk_test_battery,{LIVE}",
    "after-text": f"key={LIVE}",
    "with-a-space": "sk_live_ 51battery",
    "spread-out": "sk_ live_51battery",
    "url-quoted": "sk%5Flive%5F51battery",
    "url-quoted-whole": "".join(f"%{byte:02x}" for byte in LIVE.encode()),
}
BASIC = {
    "user": b64encode(f"{LIVE}:".encode()).decode(),
    "password": b64encode(f"admin:{LIVE}".encode()).decode(),
    "restricted": b64encode(b"rk_live_51battery:").decode(),
    "unpadded": b64encode(f"{LIVE}:".encode()).decode().rstrip("="),
}


def _header(name: str, value: str) -> Callable[[World], object]:
    return lambda world: world.send("GET", "/v1/balance", headers={name: value})


def _query(value: str) -> Callable[[World], object]:
    return lambda world: world.send("GET", f"/v1/balance?key={value}")


def _form(value: str) -> Callable[[World], object]:
    return lambda world: world.post("/v1/customers", {"description": value})


def _usage(value: str) -> Callable[[World], object]:
    def act(world: World) -> None:
        account = world.account()
        world.arm()
        world.backend.consume(account, 1, value)

    return act


def _backend_path(value: str) -> Callable[[World], object]:
    return lambda world: world.backend.event_state(value)


def _requests() -> Iterator[Attempt]:
    for name, value in FORMS.items():
        quoted = quote(value, safe="%")
        yield _attempt(f"bearer-{name}", _header("Authorization", f"Bearer {value}"))
        yield _attempt(f"own-header-{name}", _header("X-Api-Key", value))
        yield _attempt(f"query-{name}", _query(quoted))
        yield _attempt(f"form-{name}", _form(value))
        yield _attempt(f"usage-id-{name}", _usage(value))
        yield _attempt(f"event-id-{name}", _backend_path(value))
    for name, value in BASIC.items():
        yield _attempt(f"basic-{name}", _header("Authorization", f"Basic {value}"))
        yield _attempt(f"proxy-basic-{name}", _header("Proxy-Authorization", f"Basic {value}"))
    yield _attempt("auth-argument", lambda world: world.send("GET", "/v1/balance", auth=(LIVE, "")))
    yield _attempt("cookie", _header("Cookie", f"session={LIVE}"))
    yield _attempt("json-escaped", _json_escaped)


def _json_escaped(world: World) -> None:
    body = '{"units": 1, "id": "sk\\u005flive\\u005F51battery"}'
    world.send("POST", f"{world.arena.backend.url}/accounts/a/usage", data=body)


def _provider_key(key: str) -> Callable[[World], object]:
    def act(world: World) -> None:
        provider = world.settings.provider
        assert provider is not None
        wrong = ProviderSettings(base_url=provider.base_url, api_key=key)
        world.renew(replace(world.settings, provider=wrong))

    return act


NO_TEST_KEYS = {
    **FORMS,
    "two-test-keys": "sk_test_one sk_test_two",
    "test-then-live": f"sk_test_ok\n{LIVE}",
    "quoted": '"sk_test_battery"',
    "bearer": "Bearer sk_test_battery",
    "empty": "",
    "prefix-only": "sk_test_",
    "old-key-without-prefix": "51H8abcdefghijklmnopqrstuvwxyz12",
    "cyrillic": "sk_tеst_battery",  # noqa: RUF001 - the look-alike is the attempt
}


def _provider_keys() -> Iterator[Attempt]:
    for name, key in NO_TEST_KEYS.items():
        yield _attempt(f"provider-key-{name}", _provider_key(key))


def _attempt(name: str, act: Callable[[World], object]) -> Attempt:
    return Attempt(id=f"key-{name}", rule="keys", act=act)


ATTEMPTS = (*_requests(), *_provider_keys())
