"""Counters and gauges in the Prometheus text format."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

Labels = tuple[tuple[str, str], ...]

COUNTERS = {
    "billing_webhook_requests_total": "Webhook requests by HTTP status.",
    "billing_topups_total": "Top-up requests by HTTP status.",
    "billing_usage_blocked_total": "Usage requests that were blocked, by reason.",
}


class Metrics:
    """Counters of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: Counter[tuple[str, Labels]] = Counter()

    def count(self, name: str, **labels: str) -> None:
        """Add one to the counter `name` with these labels."""
        with self._lock:
            self._values[name, tuple(sorted(labels.items()))] += 1

    def lines(self) -> Iterable[str]:
        """Every counter in the text format."""
        with self._lock:
            values = sorted(self._values.items())
        for name, title in COUNTERS.items():
            yield from (f"# HELP {name} {title}", f"# TYPE {name} counter")
            yield from (sample(key, labels, value) for (key, labels), value in values if key == name)


def sample(name: str, labels: Labels, value: float) -> str:
    """One line of the text format."""
    inside = ",".join(f'{label}="{_escape(text)}"' for label, text in labels)
    return f"{name}{{{inside}}} {value}" if inside else f"{name} {value}"


def gauge(name: str, title: str, value: float, labels: Labels = ()) -> Iterable[str]:
    """A gauge in the text format."""
    return (f"# HELP {name} {title}", f"# TYPE {name} gauge", sample(name, labels, value))


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
