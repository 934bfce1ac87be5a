"""A real PostgreSQL on loopback with a cluster of its own; connections over TCP need a password."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from tests.peers.peer_server import free_port
from tests.peers.program_server import ProgramServer, program

PASSWORD = "s3cret/of:the@peer"
PASSWORD_IN_URL = "s3cret%2Fof%3Athe%40peer"
_FOLDERS = tuple(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
_USER = "nobody"


def _as_somebody(*argv: str) -> list[str]:
    """PostgreSQL refuses to run as root. setpriv becomes the program, so that signals reach it."""
    if os.geteuid() != 0:
        return [*argv]
    somebody = pwd.getpwnam(_USER)
    ids = [f"--reuid={somebody.pw_uid}", f"--regid={somebody.pw_gid}", "--clear-groups"]
    return [program("setpriv"), *ids, *argv]


class Postgres:
    """One server; the user `canary` may do everything in it."""

    def __init__(self) -> None:
        initdb, server = program("initdb", _FOLDERS), program("postgres", _FOLDERS)
        self._folder = Path(tempfile.mkdtemp(prefix="canary-pg-"))
        try:
            self._make(initdb)
            self.port = free_port()
            options = ["-p", str(self.port), "-k", "", "-h", "127.0.0.1", "-c", "fsync=off"]
            argv = _as_somebody(server, "-D", str(self._folder / "data"), *options)
            self._server = ProgramServer(argv, self._is_ready, self._folder / "postgres.log")
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def _make(self, initdb: str) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_USER)
            for path in (self._folder, secret):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        options = [
            "-U",
            "canary",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        argv = _as_somebody(initdb, "-D", str(self._folder / "data"), *options)
        subprocess.run(argv, check=True, capture_output=True, timeout=120, cwd=self._folder)

    def dsn(self, password: str = PASSWORD_IN_URL) -> str:
        """The address that a project would set in its environment."""
        return f"postgresql://canary:{password}@127.0.0.1:{self.port}/postgres"

    def run(self, *statements: str) -> None:
        """Execute statements that may write, each by itself."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self.dsn(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End it, and remove its cluster."""
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
