"""Projects with tiers of suites that behave as a test wants."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

GREEN = '<testsuite><testcase name="one" time="0.01"/><testcase name="two" time="0"/></testsuite>'
RED = '<testsuite><testcase name="one"><failure message="boom"/></testcase></testsuite>'
PYTEST = ["{python}", "-m", "pytest", "-p", "no:cacheprovider"]


def make_tier_project(root: Path, name: str, suites: Sequence[dict[str, Any]], **keys: Any) -> Path:
    """A project in `root` with the tier `name`; keys that a suite lacks are filled in."""
    for folder in ("probes", "gates", "suites"):
        (root / folder).mkdir(exist_ok=True)
    (root / "billing-canary.toml").touch()
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"title": "A tier", **keys}.items()]
    for number, suite in enumerate(suites):
        lines.append("[[suite]]")
        filled = {"name": f"suite-{number}", "title": "A suite", **suite}
        lines += [f"{key} = {_toml(value)}" for key, value in filled.items()]
    (root / "suites" / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def shell(script: str) -> list[str]:
    """A command that runs `script` in a shell; "$1" is where the report must go."""
    return ["sh", "-c", script, "suite", "{junit}"]


def python(script: str) -> list[str]:
    """A command that runs `script` in this interpreter; sys.argv[1] is where the report must go."""
    return [sys.executable, "-c", script, "{junit}"]


def reports(junit: str, then: str = "") -> list[str]:
    """A command that writes `junit` as its report, and then does something else."""
    return shell(f"printf '%s' '{junit}' > \"$1\"; {then}")


def pytest_suite(root: Path, name: str, tests: str, **keys: Any) -> dict[str, Any]:
    """A pytest suite of its own folder below `root`."""
    folder = root / name
    folder.mkdir()
    (folder / "test_it.py").write_text(tests, encoding="utf-8")
    return {"name": name, "command": [*PYTEST, name], **keys}


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        entries = (f"{json.dumps(key)} = {json.dumps(item)}" for key, item in value.items())
        return f"{{ {', '.join(entries)} }}"
    return json.dumps(value)
