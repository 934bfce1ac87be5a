"""A real Prometheus on loopback, filled with samples of the past instead of waiting for scrapes."""

from __future__ import annotations

import subprocess
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.peers.peer_server import free_port
from tests.peers.program_server import ProgramServer, program

Series = Mapping[str, Sequence[tuple[float, float]]]
"""(seconds since the epoch, value) by series, such as 'payments_total{status="ok"}'; times ascend."""


def open_metrics(series: Series) -> str:
    """The samples as OpenMetrics text, as promtool reads it."""
    lines = [f"{name} {value!r} {at:.3f}" for name, samples in series.items() for at, value in samples]
    return "\n".join([*lines, "# EOF", ""])


class Prometheus:
    """One server with `series` in its store."""

    def __init__(self, folder: Path, series: Series, *options: str) -> None:
        data, config, port = folder / "data", folder / "prometheus.yml", free_port()
        samples = folder / "samples.txt"
        samples.write_text(open_metrics(series), encoding="utf-8")
        config.write_text("global: {scrape_interval: 1h}\n", encoding="utf-8")
        fill = [program("promtool"), *"tsdb create-blocks-from openmetrics".split(), str(samples), str(data)]
        subprocess.run(fill, check=True, capture_output=True, timeout=60)
        self.url = f"http://127.0.0.1:{port}"
        argv = [
            program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=20y",
            f"--web.listen-address=127.0.0.1:{port}",
            *options,
        ]
        self.server = ProgramServer(argv, self._is_ready, folder / "prometheus.log")

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:  # noqa: S310 - loopback
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """End it."""
        self.server.stop()
