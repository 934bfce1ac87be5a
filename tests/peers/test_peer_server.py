"""What happens where a peer is missing: a skip that says why, or a failure where peers are required."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.peers import peer_server


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
