"""The payment provider that `mock --provider-url` names instead of the built-in one."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from billing_canary.errors import Problem, raise_problems
from billing_canary.guard.addresses import is_loopback
from billing_canary.guard.keys import check_provider_key, check_used_secret

KEY = "BILLING_CANARY_MOCK_PROVIDER_KEY"
SECRET = "BILLING_CANARY_MOCK_WEBHOOK_SECRET"  # noqa: S105 - a variable's name
_OPTION = "--provider-url"


def outer_keys(url: str, *, built_in: bool = False) -> dict[str, str]:
    """The provider's test key and the webhook secret, from the environment: an option would show them.

    Args:
        url: the provider's base address.
        built_in: the call also says something that only the built-in provider obeys.

    Raises:
        ProjectError: `url` cannot be used, or a variable is not set.
        RefusedError: the key is no test key.
    """
    problems = [*_url_problems(url)]
    found = {"provider_key": os.environ.get(KEY, ""), "webhook_secret": os.environ.get(SECRET, "")}
    for name, value in zip((KEY, SECRET), found.values(), strict=True):
        if not value:
            problems.append(
                Problem(where=name, message=f"is not set, and {_OPTION} needs it", fix=f"set {name}")
            )
    if built_in:
        fix = f"leave out {_OPTION}, or --provider-port and --schedule"
        problems.append(Problem(where=_OPTION, message="replaces the provider that they are for", fix=fix))
    raise_problems(problems)
    check_used_secret(SECRET, found["webhook_secret"])
    check_provider_key(found["provider_key"])
    return found


def _url_problems(url: str) -> list[Problem]:
    fix = "write https://host or https://host/path; http is for loopback addresses"
    try:
        parts = urlsplit(url)
        usable = (
            bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment or "@" in url)
        )
    except ValueError:
        return [Problem(where=_OPTION, message="cannot be read", fix=fix)]
    if usable and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))):
        return []
    return [Problem(where=_OPTION, message="is no address to send a key to", fix=fix)]
