"""Every trigger that asks Prometheus or PostgreSQL, driven into each of its states by real servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fakes.server import unused_port
from tests.fakes.signals import HOUR, NOON, NOW
from tests.peers.billing_canary_commands import command
from tests.peers.postgres_server import PASSWORD, Postgres
from tests.peers.prometheus_server import Prometheus, Series

from billing_canary.cli.trigger_evidence import Collecting, collect
from billing_canary.gate.rollback import judge
from billing_canary.project import Project
from billing_canary.rollback import TriggerResult, TriggerState
from billing_canary.telemetry.rollback_policy import read_rollback_policy

SOURCES = """
[source.metrics]
kind = "prometheus"
url_env = "PROMETHEUS"

[source.database]
kind = "sql"
dsn_env = "DSN"
"""
FIRED, CLEAR, ERROR = TriggerState.FIRED, TriggerState.CLEAR, TriggerState.ERROR
FEW, STALE = TriggerState.INSUFFICIENT_DATA, TriggerState.STALE


def _climb(each_minute: int) -> list[tuple[float, float]]:
    """A counter from 09:00 to 12:05, scraped every minute."""
    start = NOON - 3 * HOUR
    return [(at + 7, 100 + each_minute * (at - start) // 60) for at in range(start, NOON + 300, 60)]


SERIES: Series = {
    'topups_total{case="well",status="ok"}': _climb(97),
    'topups_total{case="well",status="error"}': _climb(3),
    'topups_total{case="bad",status="ok"}': _climb(8),
    'topups_total{case="bad",status="error"}': _climb(2),
    'topups_total{case="idle",status="ok"}': _climb(0),
    'backlog{queue="well"}': [(NOON + 240, 5.0)],
    'backlog{queue="bad"}': [(NOON + 240, 500.0)],
    'backlog{queue="odd"}': [(NOON + 240, float("nan"))],
    'backlog{queue="wrong"}': [(NOON + 240, -1.0)],
    'backlog{queue="old"}': [(NOON + 30, 5.0)],
}

RATE = 'rule = "success-rate"\nbaseline = "0.97"\n'
RATIO = 'rule = "failure-ratio"\nthreshold = "0.05"\n'
LEVEL = 'rule = "backlog"\nlimit = "100"\nmax_age_s = 120\n'
OFTEN = 'rule = "repeated"\ntimes = 3\n'


def _metrics(rule: str, case: str) -> str:
    ok, every = f'topups_total{{case="{case}",status="ok"}}', f'topups_total{{case="{case}"}}'
    return f"source = 'metrics'\n{rule}good = '{ok}'\ntotal = '{every}'\n"


def _gauge(query: str) -> str:
    return f"source = 'metrics'\n{LEVEL}query = '{query}'\n"


COUNTS = (
    "SELECT count(*) FILTER (WHERE ok) AS good, count(*) AS total FROM watched_top_ups "
    "WHERE story = '{}' AND at >= :start AND at < :end"
)


def _counted(rule: str, case: str) -> str:
    return _rows(rule, COUNTS.format(case))


def _rows(rule: str, query: str) -> str:
    return f"source = 'database'\n{rule}query = \"{query}\"\n"


BLOCKS = "SELECT wallet, count(*) AS value FROM watched_blocks WHERE story = '{}' GROUP BY wallet"
OLDEST = (
    "SELECT extract(epoch FROM max(now_ - since))::int AS value, max(seen) AS at "
    "FROM watched_queue WHERE story = '{}'"
)

CASES: Mapping[str, tuple[str, TriggerState]] = {
    "rate, metrics, fired": (_metrics(RATE, "bad"), FIRED),
    "rate, metrics, clear": (_metrics(RATE, "well"), CLEAR),
    "rate, metrics, no samples": (_metrics(RATE, "idle"), FEW),
    "rate, metrics, no series": (_metrics(RATE, "none"), FEW),
    "ratio, metrics, fired": (_metrics(RATIO, "bad"), FIRED),
    "ratio, metrics, clear": (_metrics(RATIO, "well"), CLEAR),
    "ratio, metrics, no samples": (_metrics(RATIO, "idle"), FEW),
    "level, metrics, fired": (_gauge('backlog{queue="bad"}'), FIRED),
    "level, metrics, clear": (_gauge('backlog{queue="well"}'), CLEAR),
    "level, metrics, NaN": (_gauge('backlog{queue="odd"}'), FEW),
    "level, metrics, no series": (_gauge('backlog{queue="none"}'), FEW),
    "level, metrics, old": (_gauge('backlog{queue="old"}'), STALE),
    "level, metrics, negative": (_gauge('backlog{queue="wrong"}'), ERROR),
    "level, metrics, HTTP 400": (_gauge("backlog{"), ERROR),
    "often, metrics, fired": (_gauge("backlog").replace(LEVEL, OFTEN), FIRED),
    "rate, database, fired": (_counted(RATE, "bad"), FIRED),
    "rate, database, clear": (_counted(RATE, "well"), CLEAR),
    "rate, database, too few": (_counted(RATE, "few"), FEW),
    "rate, database, none": (_counted(RATE, "none"), FEW),
    "rate, database, no table": (_counted(RATE, "well").replace("watched_", "no_"), ERROR),
    "ratio, database, fired": (_counted(RATIO, "bad"), FIRED),
    "ratio, database, clear": (_counted(RATIO, "well"), CLEAR),
    "ratio, database, too few": (_counted(RATIO, "few"), FEW),
    "ratio, database, no table": (_counted(RATIO, "well").replace("watched_", "no_"), ERROR),
    "often, database, fired": (_rows(OFTEN, BLOCKS.format("bad")), FIRED),
    "often, database, clear": (_rows(OFTEN, BLOCKS.format("well")), CLEAR),
    "often, database, no rows": (_rows(OFTEN, BLOCKS.format("none")), FEW),
    "often, database, health is a row": (
        _rows(OFTEN, BLOCKS.format("none") + " UNION ALL SELECT 'none', 0"),
        CLEAR,
    ),
    "often, database, no table": (_rows(OFTEN, "SELECT 1 AS value FROM no_such"), ERROR),
    "often, database, negative": (_rows(OFTEN, "SELECT -1 AS value"), ERROR),
    "level, database, fired": (_rows(LEVEL, OLDEST.format("bad")), FIRED),
    "level, database, clear": (_rows(LEVEL, OLDEST.format("well")), CLEAR),
    "level, database, old": (_rows(LEVEL, OLDEST.format("old")), STALE),
    "level, database, empty queue": (_rows(LEVEL, OLDEST.format("none")), FEW),
    "level, database, too slow": (_rows(LEVEL, "SELECT 1 AS value FROM pg_sleep(30)"), ERROR),
}


@dataclass(frozen=True, kw_only=True)
class Servers:
    metrics: Prometheus
    database: Postgres

    def environment(self) -> dict[str, str]:
        return {"PROMETHEUS": self.metrics.url, "DSN": self.database.dsn()}


@pytest.fixture(scope="module")
def servers(prometheus: Callable[..., Prometheus], postgres: Postgres) -> Servers:
    noon = "timestamptz '2026-07-01T12:05:00Z'"
    postgres.run(
        "CREATE TABLE watched_top_ups (at timestamptz, ok boolean, story text)",
        """INSERT INTO watched_top_ups
           SELECT timestamptz '2026-07-01T10:00:00Z' + n * interval '1 minute', ok, story
           FROM generate_series(0, 119) AS n,
           LATERAL (VALUES ('bad', n % 5 <> 0, true), ('well', true, true), ('few', false, n % 20 = 0))
           AS told(story, ok, there) WHERE there""",
        "CREATE TABLE watched_blocks (wallet text, story text)",
        "INSERT INTO watched_blocks VALUES ('w1', 'bad'), ('w1', 'bad'), ('w1', 'bad'), ('w2', 'bad')",
        "INSERT INTO watched_blocks VALUES ('w1', 'well'), ('w1', 'well'), ('w2', 'well')",
        "CREATE TABLE watched_queue (now_ timestamptz, since timestamptz, seen timestamptz, story text)",
        f"INSERT INTO watched_queue SELECT {noon}, {noon} - interval '5 minutes', {noon}, 'bad'",
        f"INSERT INTO watched_queue SELECT {noon}, {noon} - interval '5 seconds', {noon}, 'well'",
        f"INSERT INTO watched_queue SELECT {noon}, {noon}, {noon} - interval '3 minutes', 'old'",
    )
    return Servers(metrics=prometheus(SERIES), database=postgres)


def _judged(
    root: Path, body: str, monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str]
) -> TriggerResult:
    """One trigger of a policy on disk, asked and judged as the command does at noon of a day in July."""
    (root / "gates").mkdir()
    policy = f'{SOURCES}\n[[trigger]]\nid = "it"\ntitle = "t"\n{body}'
    (root / "gates/rollback.toml").write_text(policy, encoding="utf-8")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    watched = read_rollback_policy(root / "gates/rollback.toml", "gates/rollback.toml")
    collected = collect(
        Collecting(
            project=Project(root, "test"),
            watched=watched,
            artifacts=root / "artifacts",
            mode=None,
            commit=None,
            run_id="it",
            now=NOW,
        )
    )
    (result,) = judge(watched.policy, collected.recorded.evidence).triggers
    return result


@pytest.mark.parametrize("case", CASES)
def test_a_trigger_in_each_of_its_states(
    case: str, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, state = CASES[case]
    result = _judged(tmp_path, body, monkeypatch, servers.environment())
    assert result.state is state, result
    assert result.reason
    assert bool(result.measured) or state not in {FIRED, CLEAR}


@pytest.mark.parametrize("rule", [_metrics(RATE, "well"), _metrics(RATIO, "well"), _gauge("backlog")])
def test_a_server_that_is_down_is_an_error(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _judged(tmp_path, rule, monkeypatch, {"PROMETHEUS": f"http://127.0.0.1:{unused_port()}"})
    assert result.state is ERROR
    assert result.reason.startswith("metrics could not be asked: ")


@pytest.mark.parametrize("rule", [_counted(RATE, "well"), _rows(OFTEN, BLOCKS.format("well"))])
def test_a_database_that_is_down_is_an_error(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = f"postgresql://canary:pw@127.0.0.1:{unused_port()}/postgres"
    result = _judged(tmp_path, rule, monkeypatch, {"DSN": dsn})
    assert result.state is ERROR
    assert result.reason.startswith("database could not be asked: ")


def test_what_was_counted_is_told(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = _judged(tmp_path, _metrics(RATE, "bad"), monkeypatch, servers.environment())
    assert result.measured == "480/600 then 480/600, 80.00 % of 1200"


def test_the_command_asks_both_and_shows_no_password(servers: Servers, tmp_path: Path) -> None:
    for folder in ("gates", "probes"):
        (tmp_path / folder).mkdir()
    (tmp_path / "billing-canary.toml").touch()
    often = f'[[trigger]]\nid = "blocks"\ntitle = "t"\n{_rows(OFTEN, BLOCKS.format("bad"))}'
    fine = f'[[trigger]]\nid = "level"\ntitle = "t"\n{_gauge("vector(5)")}'
    (tmp_path / "gates/rollback.toml").write_text(f"{SOURCES}\n{often}\n{fine}", encoding="utf-8")
    done = command("triggers", "--json", "--run-id", "it", cwd=tmp_path, environ=servers.environment())
    assert done.returncode == 1, done.stderr
    assert '"verdict": "rollback"' in done.stdout
    assert "wallet=w1 = 3" in done.stdout
    bundle = tmp_path / "artifacts/billing-triggers/it"
    held = "".join(path.read_text() for path in bundle.rglob("*") if path.is_file())
    assert PASSWORD not in held + done.stdout + done.stderr
    again = command("runs", "verify", "it", cwd=tmp_path)
    assert again.returncode == 0, again.stdout
