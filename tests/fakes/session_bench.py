"""An allowed server, one that nobody may reach, and the guarded session between them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
import requests
from tests.fakes.policies import make_policy
from tests.fakes.server import Call, FakeServer, Reply, answer_json

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.guard.session import DeclaredRequest, GuardedSession
from billing_canary.guard.target_call import CallKind, TargetCall
from billing_canary.model import Status

REDIRECTS = (301, 302, 303, 307, 308)
WRITES = TargetCall(operation="consume", kind=CallKind.WRITES)


def fine(_: Call) -> Reply:
    return answer_json({"livemode": False})


class Bench:
    """An allowed server, another one that nobody may reach, and a session between them."""

    def __init__(self, cleanup: ExitStack) -> None:
        self.here = cleanup.enter_context(FakeServer(fine))
        self.other = cleanup.enter_context(FakeServer(fine))
        self.guard = Guard(make_policy(self.here.host), backend_url=self.here.url)
        self.session = GuardedSession(self.guard)
        cleanup.callback(self.session.close)

    def refused(self, method: str = "GET", url: str = "", **kwargs: Any) -> RefusedError:
        with pytest.raises(RefusedError) as caught:
            self.session.request(method, url or self.here.url, timeout=5, **kwargs)
        return caught.value

    def send(self, call: TargetCall | None, method: str = "POST", **kwargs: Any) -> requests.Response:
        """Send a request as the backend adapter does, with what it declares."""
        request = DeclaredRequest()
        request.prepare(method=method, url=self.here.url, **kwargs)
        request.call = call
        return self.session.send(request, timeout=5)

    def get(self, path: str = "/", **kwargs: Any) -> requests.Response:
        return self.session.get(self.here.url + path, timeout=5, **kwargs)

    def check(self, rule: str) -> Status:
        return {check.id: check.status for check in self.guard.safety_checks()}[rule]


def redirect_to(location: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": location})
