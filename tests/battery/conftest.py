"""One arena for the whole battery, each attempt made once, and its figures at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.battery.arena import Arena, Attempt, Flow, verdict

VERDICTS = pytest.StashKey[dict[str, str]]()


class Results:
    """What came of each attempt ("": stopped) and of each flow ("": not refused)."""

    def __init__(self, arena: Arena, config: pytest.Config) -> None:
        self._arena = arena
        self._found = config.stash.setdefault(VERDICTS, {})

    def attempt(self, attempt: Attempt) -> str:
        if attempt.id not in self._found:
            with self._arena.world() as world:
                self._found[attempt.id] = verdict(world, attempt)
        return self._found[attempt.id]

    def flow(self, flow: Flow) -> str:
        if flow.id not in self._found:
            with self._arena.world() as world:
                try:
                    flow.act(world)
                except Exception as error:  # noqa: BLE001 - every reason is a finding
                    self._found[flow.id] = f"{type(error).__name__}: {error}"
                else:
                    self._found[flow.id] = ""
        return self._found[flow.id]


@pytest.fixture(scope="session")
def arena() -> Iterator[Arena]:
    made = Arena()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def results(arena: Arena, pytestconfig: pytest.Config) -> Results:
    return Results(arena, pytestconfig)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line with the figures that the documentation names the command for."""
    found = config.stash.get(VERDICTS, {})
    flows = {name: wrong for name, wrong in found.items() if name.startswith("flow-")}
    attempts = {name: wrong for name, wrong in found.items() if name not in flows}
    if found:
        through, refused = (sum(map(bool, each.values())) for each in (attempts, flows))
        figures = f"{len(attempts)} attempts, {through} got through"
        terminalreporter.write_line(f"battery: {figures}; {len(flows)} legitimate flows, {refused} refused")
