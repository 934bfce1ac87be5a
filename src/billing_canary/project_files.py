"""Which project a run used, as its bundle records it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ProjectFiles:
    """Which project a run used.

    Attributes:
        root: the project's folder, or "bundled default".
        origin: how it was found: "--project", "found above the working directory" or "bundled".
        sha256: path inside the project to the hash of each file that the run loaded.
    """

    root: str
    origin: str
    sha256: dict[str, str] = field(default_factory=dict)
