"""Reading JSON of bundles with suspicion: the reader that everything here shares."""

from __future__ import annotations

from billing_canary.strict_json import parse

__all__ = ["parse"]
