"""Masking secrets in a log of 100 MB, as the log of a suite is masked."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.figure import Figure, Metric
from benchmarks.logs import log_text
from benchmarks.measurement import Measurement, Setup

from billing_canary.artifact.masking import MaskedBytes
from billing_canary.artifact.output_log import OutputLog
from billing_canary.redact import Redactor

_MB = 1_000_000
_BYTES = 100 * _MB
_DRAWN = 10 * _MB
"""What is drawn at random; the log repeats it."""

_PIECE = 1 << 18
_SECRET = "f3b1c9d2-shop-backend-token"  # noqa: S105 - made up
_SECRETS = (_SECRET, "a-second-one-with/slashes+and=more", "whsec_0123456789abcdef0123456789abcdef")
_BASE = "three secrets loaded"
_WALL = Metric(name="redaction of a log", unit="MB/s wall", base=_BASE, goal=100, at_least=True)
_CPU = Metric(name="redaction of a log", unit="MB/s cpu", base=_BASE, goal=100, at_least=True)
_KEPT = Metric(name="a log of 100 MB, masked and kept whole", unit="MB/s wall", base=_BASE)


def measure_redaction(setup: Setup) -> Iterator[Figure]:
    """Masking three secrets and the shapes of keys in a realistic log of 100 MB."""
    size = setup.sized(_BYTES)
    drawn = log_text(min(size, _DRAWN), _SECRET).encode()
    pieces = [drawn[start : start + _PIECE] for start in range(0, len(drawn), _PIECE)]
    repeats = max(1, size // len(drawn))
    megabytes = repeats * len(drawn) / _MB
    wall, cpu, kept = [], [], []
    for number in range(setup.some_rounds(3)):
        masked = MaskedBytes(Redactor(_SECRETS))
        started, worked = time.perf_counter(), time.process_time()
        out = sum(len(masked.feed(piece)) for _ in range(repeats) for piece in pieces) + len(masked.finish())
        cpu.append(megabytes / (time.process_time() - worked))
        wall.append(megabytes / (time.perf_counter() - started))
        if not 0 < out < megabytes * _MB:
            raise RuntimeError(f"{out} bytes came out of {megabytes * _MB}: nothing was masked")
        log = OutputLog(setup.scratch / f"{number}.log", Redactor(_SECRETS), limit=4 * size)
        started = time.perf_counter()
        for _ in range(repeats):
            for piece in pieces:
                log.write(piece)
        log.close()
        kept.append(megabytes / (time.perf_counter() - started))
        (setup.scratch / f"{number}.log").unlink()
    yield _WALL.of(wall)
    yield _CPU.of(cpu)
    yield _KEPT.of(kept)


MEASUREMENTS = (Measurement(name="redaction", take=measure_redaction, metrics=(_WALL, _CPU, _KEPT)),)
