from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from billing_canary.errors import ProjectError
from billing_canary.reference.backend.policies import Policies
from billing_canary.reference.faults import FAULTS, catalogue, faulty_policies
from billing_canary.reference.service import Settings
from billing_canary.reference.settings import parse_settings

GOOD: dict[str, Any] = {
    "build_id": "b",
    "provider_key": "sk_test_x",
    "webhook_secret": "whsec_x",
    "admin_key": "a",
}


def test_settings_are_read_with_defaults() -> None:
    settings = parse_settings({**GOOD, "faults": ["F01"]})
    assert settings == Settings(**GOOD, faults=("F01",))
    assert (settings.schedule, settings.database, settings.provider_url) == ("prompt", ":memory:", None)


def test_every_wrong_setting_is_named_and_no_value_is_repeated() -> None:
    with pytest.raises(ProjectError) as caught:
        parse_settings({"build_id": "b", "provider_key": 5, "admin_key": "sesame", "colour": "red"})
    assert {problem.key for problem in caught.value.problems} == {"provider_key", "webhook_secret", "colour"}
    assert "sesame" not in str(caught.value)


def test_settings_that_are_no_object_are_wrong() -> None:
    with pytest.raises(ProjectError):
        parse_settings(["build_id"])


def test_unknown_faults_are_all_named() -> None:
    with pytest.raises(ProjectError, match="F98, F99"):
        faulty_policies(["F01", "F99", "F98"])


def test_no_fault_is_on_by_default() -> None:
    assert faulty_policies(()) == Policies()


def test_the_catalogue_is_in_order_and_each_switch_changes_something() -> None:
    assert [fault.id for fault in catalogue()] == sorted(FAULTS)
    assert len(catalogue()) == 34
    for fault in catalogue():
        assert fault.apply(Policies()) != Policies(), fault.id
        assert fault.title
        assert fault.source


def test_an_unknown_schedule_is_a_wrong_call(launch: Callable[..., Any]) -> None:
    with pytest.raises(ProjectError, match="'weekly' is not known"):
        launch(schedule="weekly")


def test_stop_leaves_no_thread_and_may_be_called_twice(launch: Callable[..., Any]) -> None:
    before = threading.active_count()
    bench = launch(schedule="prompt")
    bench.account().fund(5)
    assert threading.active_count() > before
    bench.close()
    bench.close()
    assert threading.active_count() == before


def test_a_taken_port_is_an_error_and_leaves_nothing_running(launch: Callable[..., Any]) -> None:
    port = int(launch().service.backend_url.rpartition(":")[2])
    before = threading.active_count()
    with pytest.raises(OSError, match="in use"):
        launch(backend_port=port)
    assert threading.active_count() == before
