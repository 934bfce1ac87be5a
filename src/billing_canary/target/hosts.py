"""The hosts of a target against those that the project's money policy allows, before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Iterable

from billing_canary.errors import RefusedError
from billing_canary.guard.addresses import HOSTS_RULE, origin
from billing_canary.guard.policy import MoneyPolicy
from billing_canary.target.settings import TargetSettings

_DEFAULT_PORTS = {"http": 80, "https": 443}


def refuse_unlisted_hosts(settings: TargetSettings, policy: MoneyPolicy, policy_file: str) -> None:
    """Hold every address of the target against the policy; `policy_file` is how a message names its file.

    Raises:
        RefusedError: a host is not allowed. The line that would allow it is told, for a person to judge.
    """
    missing = [told for url in settings.addresses if (told := _unlisted(url, policy.hosts))]
    if missing:
        line = f"allow = {json.dumps(sorted({*policy.hosts, *missing}))}"
        reason = f"{policy_file}: [hosts] allow does not name {', '.join(dict.fromkeys(missing))}"
        raise RefusedError(HOSTS_RULE, f"{reason}; if a run may connect there, write {line}", ends_run=True)


def _unlisted(url: str, hosts: Iterable[str]) -> str:
    """The host of `url` as the policy would have to write it, or "" where it does."""
    scheme, host, port = origin(url)
    if {host, f"{host}:{port}"} & frozenset(hosts):
        return ""
    return host if port == _DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
