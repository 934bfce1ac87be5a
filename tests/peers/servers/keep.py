"""Runs a program until standard input closes: whoever started this one cannot leave it behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

_PATIENCE_S = 5.0


def main() -> int:
    # SIGINT is a clean and quick end for Prometheus and for PostgreSQL.
    with subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL) as program:
        sys.stdout.write(f"{program.pid}\n")
        sys.stdout.flush()
        threading.Thread(target=_end_with_input, args=(program,), daemon=True).start()
        return program.wait()


def _end_with_input(program: subprocess.Popen[bytes]) -> None:
    sys.stdin.read()
    program.send_signal(signal.SIGINT)
    try:
        program.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        program.kill()


if __name__ == "__main__":
    sys.exit(main())
