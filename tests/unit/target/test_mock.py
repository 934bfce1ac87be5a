"""Mock mode's child process: it starts, it tells its addresses, and it never stays behind."""

from __future__ import annotations

import os

import pytest
import requests

from billing_canary.errors import EvidenceError, ProjectError
from billing_canary.target.mock import MockService, mock_keys


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_service_answers_and_ends_with_its_run() -> None:
    with MockService(build_id="build-7") as service:
        environ = service.environment()
        assert environ == service.environment()
        answer = requests.get(f"{environ['BILLING_CANARY_MOCK_BACKEND_URL']}/version", timeout=5)
        assert answer.json()["build_id"] == environ["BILLING_CANARY_MOCK_BUILD_ID"] == "build-7"
        pid = service._process.pid
        assert is_alive(pid)
    assert not is_alive(pid)
    assert service.log_text() == ""


def test_a_service_that_nobody_asked_can_be_stopped_twice() -> None:
    service = MockService(build_id="b")
    service.stop()
    service.stop()
    assert not is_alive(service._process.pid)


@pytest.mark.parametrize("wrong", [{"faults": ["F999"]}, {"schedule": "nonsense"}])
def test_a_wrong_wish_is_told_as_a_wrong_call_and_the_service_is_gone(wrong: dict[str, list[str]]) -> None:
    service = MockService(build_id="b", **wrong)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ProjectError, match=r"(F999|nonsense)"):
        service.environment()
    assert not is_alive(service._process.pid)


def test_a_service_that_dies_before_it_listens_is_told() -> None:
    service = MockService(build_id="b")
    service._process.kill()
    with pytest.raises(EvidenceError, match="did not start: it ended without a word"):
        service.environment()
    assert not is_alive(service._process.pid)


def test_every_start_has_its_own_keys_in_test_shape() -> None:
    first, second = mock_keys(), mock_keys()
    assert not set(first.values()) & set(second.values())
    assert first["provider_key"].startswith("sk_test_")
    assert first["webhook_secret"].startswith("whsec_")
    assert set(first) == {"provider_key", "webhook_secret", "admin_key"}


def test_no_secret_of_the_run_stands_in_the_process_list() -> None:
    with MockService(build_id="b") as service:
        environ = service.environment()
        with open(f"/proc/{service._process.pid}/cmdline", "rb") as file:  # noqa: PTH123 - a device, no path
            seen = file.read()
        with open(f"/proc/{service._process.pid}/environ", "rb") as file:  # noqa: PTH123 - a device, no path
            seen += file.read()
    for name in ("PROVIDER_KEY", "WEBHOOK_SECRET", "ADMIN_KEY"):
        assert environ[f"BILLING_CANARY_MOCK_{name}"].encode() not in seen
