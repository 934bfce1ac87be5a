"""What happens where a peer is missing: a skip that says why, or a failure where peers are required."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.peers import peer_server
from tests.peers.program_server import ProgramServer, program


@pytest.fixture
def peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(peer_server, "PEERS", tmp_path)
    monkeypatch.delenv("BILLING_CANARY_REQUIRE_PEERS", raising=False)
    return tmp_path


@pytest.mark.usefixtures("peers")
def test_a_missing_peer_is_skipped_with_the_fix() -> None:
    with pytest.raises(pytest.skip.Exception, match=r"some-peer is not installed \(scripts/install-peers\)"):
        peer_server.interpreter("some-peer")


@pytest.mark.usefixtures("peers")
def test_a_missing_peer_fails_where_peers_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_CANARY_REQUIRE_PEERS", "1")
    with pytest.raises(pytest.fail.Exception, match="some-peer is not installed"):
        peer_server.interpreter("some-peer")


def test_a_peer_that_cannot_be_had_is_skipped_all_the_same(
    peers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_CANARY_REQUIRE_PEERS", "1")
    (peers / "some-peer.unavailable").write_text("no Python 3.99\n", encoding="utf-8")
    with pytest.raises(pytest.skip.Exception, match=r"cannot be installed here: no Python 3\.99"):
        peer_server.interpreter("some-peer")


def test_an_unfinished_installation_counts_as_none(peers: Path) -> None:
    (peers / "some-peer" / "bin").mkdir(parents=True)
    (peers / "some-peer" / "bin" / "python").touch()
    with pytest.raises(pytest.skip.Exception):
        peer_server.interpreter("some-peer")
    (peers / "some-peer" / ".installed").touch()
    assert peer_server.interpreter("some-peer") == peers / "some-peer" / "bin" / "python"


@pytest.mark.usefixtures("peers")
def test_a_missing_program_is_skipped_or_fails_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"no-such-program is not installed \(scripts/install"):
        program("no-such-program", [tmp_path])
    monkeypatch.setenv("BILLING_CANARY_REQUIRE_PEERS", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        program("no-such-program", [tmp_path])
    (tmp_path / "no-such-program").touch()
    assert program("no-such-program", [tmp_path]) == str(tmp_path / "no-such-program")


def test_a_program_ends_when_its_keeper_is_not_fed_any_more(tmp_path: Path) -> None:
    server = ProgramServer(["sleep", "60"], lambda: True, tmp_path / "log")
    assert Path(f"/proc/{server.pid}").exists()
    server.stop()
    assert not Path(f"/proc/{server.pid}").exists()
