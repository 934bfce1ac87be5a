"""What one run of the reference service is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from billing_canary.errors import Problem, ProjectError

_WHERE = "settings of the reference service"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One run's own settings; the three secrets are made up for the run.

    Attributes:
        faults: ids of the faults that are switched on; none by default.
        build_id: what /version answers.
        schedule: name of the webhook schedule at the start.
        backend_port: 0 takes a free one; `provider_port` likewise.
        database: a path, or ":memory:". The built-in provider keeps its objects in memory either way.
        provider_url: another Stripe-like provider; None starts the built-in one.
    """

    build_id: str
    provider_key: str
    webhook_secret: str
    admin_key: str
    faults: tuple[str, ...] = ()
    schedule: str = "prompt"
    backend_port: int = 0
    provider_port: int = 0
    database: str = ":memory:"
    provider_url: str | None = None


_KINDS: dict[str, tuple[type, ...]] = {
    "faults": (tuple,),
    "backend_port": (int,),
    "provider_port": (int,),
    "provider_url": (str, type(None)),
}


def parse_settings(data: Any) -> Settings:
    """Read settings from a JSON object.

    Raises:
        ProjectError: with every missing, unknown or wrong field, but no value: some are secrets.
    """
    values = dict(data) if isinstance(data, Mapping) else {}
    if isinstance(values.get("faults"), list):
        values["faults"] = tuple(map(str, values["faults"]))
    problems = list(_problems(values))
    if problems:
        raise ProjectError(problems)
    return Settings(**values)


def _problems(values: Mapping[str, Any]) -> list[Problem]:
    known = {field.name: field for field in fields(Settings)}
    wrong = {name: "is not known" for name in values if name not in known}
    for name, field in known.items():
        if name not in values:
            if field.default is MISSING:
                wrong[name] = "is missing"
        elif type(values[name]) not in _KINDS.get(name, (str,)):
            wrong[name] = f"must not be of type {type(values[name]).__name__}"
    fix = f"send one JSON object with {', '.join(known)}"
    return [Problem(where=_WHERE, key=name, message=message, fix=fix) for name, message in wrong.items()]
