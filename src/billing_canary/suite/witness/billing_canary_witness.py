"""A pytest plugin that writes down what pytest itself knows and its JUnit file does not tell.

How many tests it set out to run and how many it brought to their end: a run that `pytest.exit` ended
early looks like a green one otherwise. And how many tests a plugin ran again until they passed. It runs
inside the suite's own interpreter, so that it imports nothing of this program.
"""  # noqa: INP001 - the folder goes onto the suite's path, where nothing else of this program may appear

import json
import os
from typing import Any

import pytest

_collected: list[int] = []
_finished: set[str] = set()
_retried: list[str] = []


def pytest_collection_finish(session: Any) -> None:
    """Deselected tests are gone from the session's items by now; xdist's controller has none."""
    items = getattr(session, "items", None)
    if items is not None and not session.config.option.collectonly:
        _collected.append(len(items))
        _write()


def pytest_runtest_logreport(report: Any) -> None:
    """`rerun` is the outcome that pytest-rerunfailures gives to a failure that it tries again."""
    if report.outcome == "rerun":
        _retried.append(report.nodeid)
    elif report.when == "teardown":
        _finished.add(report.nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """First, since some suites end their process in a hook of their own."""
    _write()


def _write() -> None:
    path = os.environ.get("BILLING_CANARY_WITNESS")
    # Workers of pytest-xdist each collect all tests; only their controller's word would count.
    if not path or "PYTEST_XDIST_WORKER" in os.environ:
        return
    seen = {
        "collected": sum(_collected) if _collected else None,
        "finished": len(_finished),
        "retried": len(_retried),
    }
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - a suite's start pays for imports
        json.dump(seen, file)
