"""Whether the runner itself has network: without that, a silent target says nothing about the target."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import requests

from billing_canary import __version__
from billing_canary.target.target import Target

_HEADERS = {"User-Agent": f"billing-canary/{__version__}"}


class Network(StrEnum):
    """What is known of the runner's own network."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """There is nothing that could be asked."""


def runner_network(target: Target) -> Network:
    """Ask each URL of the target's `connectivity` until one answers, whatever it says.

    No key is sent and no redirect is followed.

    Raises:
        RefusedError: the guard forbids it, for example because the host is not allowed.
    """
    urls = target.settings.connectivity
    if not urls:
        return Network.UNKNOWN
    return Network.PRESENT if _any_answers(target, urls) else Network.ABSENT


def _any_answers(target: Target, urls: Iterable[str]) -> bool:
    for url in urls:
        request = requests.Request("GET", url, headers=_HEADERS).prepare()
        try:
            # Past the session to its guarded adapter: a redirect is an answer here, wherever it leads.
            target.session.get_adapter(url).send(request, timeout=target.settings.patience.answer)
        except requests.RequestException:
            continue
        return True
    return False
