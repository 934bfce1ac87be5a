"""Prometheus behind TLS: only a trusted certificate will do, and the deadline holds there too."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fakes.server import FakeServer, Reply
from tests.fakes.signals import ask, level
from tests.fakes.sockets import take_request

from billing_canary.reading import Outcome

SETTINGS: dict[str, object] = {"kind": "prometheus", "url_env": "URL", "timeout_s": 1}
BODY = b'{"status":"success","data":{"resultType":"scalar","result":[1782907500,"7"]}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.fixture(scope="module")
def certificate(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    options = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=peer -addext subjectAltName=IP:127.0.0.1"
    argv = [tool("openssl"), "req", *options.split(), "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True, timeout=60)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


@contextmanager
def tls_server(certificate: Path, pieces: list[bytes]) -> Iterator[str]:
    """Sends `pieces` to whoever comes, 20 ms apart."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(listening: socket.socket) -> None:
        try:
            plain, _ = listening.accept()
            with plain, context.wrap_socket(plain, server_side=True) as connection:
                take_request(connection)
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(0.02)
        except OSError:
            return  # the client is gone

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_trusted_certificate_is_enough(certificate: Path, variable: str) -> None:
    with tls_server(certificate, [ANSWER]) as url:
        reading = ask(SETTINGS, level("sum(up)"), {"URL": url, variable: str(certificate)})
    assert [sample.value for sample in reading.samples] == ["7"], reading.problem


def test_any_other_certificate_is_not(certificate: Path) -> None:
    with tls_server(certificate, [ANSWER]) as url:
        reading = ask(SETTINGS, level("sum(up)"), {"URL": url})
    assert (reading.outcome, reading.samples) == (Outcome.FAILED, ())
    assert "no trusted certificate" in reading.problem


def test_a_server_without_tls_is_told() -> None:
    with FakeServer(lambda _: Reply(body=BODY)) as server:
        reading = ask(SETTINGS, level("sum(up)"), {"URL": f"https://{server.host}"})
    assert "no https there" in reading.problem


def test_dripping_is_cut_off_inside_tls(certificate: Path) -> None:
    with tls_server(certificate, [ANSWER[:60], *[b" "] * 300]) as url:
        began = time.monotonic()
        reading = ask(SETTINGS, level("sum(up)"), {"URL": url, "SSL_CERT_FILE": str(certificate)})
        took = time.monotonic() - began
    assert "no answer within 1 s" in reading.problem
    assert 0.9 < took < 2
