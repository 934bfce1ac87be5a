"""What a run ran on: interpreter, platform, loaded tools, CI job, and the state of the checkout.

Host and user names are left out: a bundle is meant to be passed around.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from billing_canary.audit.place import AUDIT_LOG
from billing_canary.git_command import ask_git

_TOOLS = ("bottle", "click", "jmespath", "jsonschema", "requests", "stripe", "waitress")
_GITHUB = {
    "repository": "GITHUB_REPOSITORY",
    "workflow": "GITHUB_WORKFLOW",
    "event": "GITHUB_EVENT_NAME",
    "ref": "GITHUB_REF",
    "sha": "GITHUB_SHA",
    "run_id": "GITHUB_RUN_ID",
    "run_attempt": "GITHUB_RUN_ATTEMPT",
    "job": "GITHUB_JOB",
}
_ALL_BUT_THE_LOG = (":/", f":(exclude,literal){AUDIT_LOG}")
_GIT_STATUS = ("status", "--porcelain=v2", "--branch", "--untracked-files=no", "--", *_ALL_BUT_THE_LOG)
_OID = "# branch.oid "


def runner_metadata(environ: Mapping[str, str]) -> dict[str, Any]:
    """The document of `runner.json` (schema "runner"); `environ` is the process's environment."""
    return {
        "schema_version": "1",
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
        },
        "platform": {
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
        },
        "tools": tool_versions(),
        "ci": _ci(environ),
    }


def tool_versions() -> dict[str, str]:
    """Versions of the libraries that this process has loaded; loads none itself."""
    found = {name: _version(name) for name in _TOOLS if name in sys.modules}
    return {name: version for name, version in found.items() if version}


def git_state(folder: Path) -> tuple[str | None, bool | None]:
    """The commit checked out around `folder`, and whether tracked files differ from it.

    Untracked files do not count: artifacts of earlier runs would make every checkout dirty, and the
    project's own files are recorded by hash. Neither does `folder`'s audit log: it changes nothing that a
    run tests, and an approval must not make the evidence that comes after it dirty; that nothing in the
    log was rewritten is checked where it is read. (None, None) without Git or a repository; the commit is
    None in a repository without one.
    """
    answer = ask_git(folder, *_GIT_STATUS)
    if answer.code != 0:
        return None, None
    return _read_status(answer.output.decode("utf-8", "replace").splitlines())


def _read_status(lines: list[str]) -> tuple[str | None, bool | None]:
    oids = [line.removeprefix(_OID) for line in lines if line.startswith(_OID)]
    dirty = any(not line.startswith("#") for line in lines)
    if not oids or oids[0] == "(initial)":
        return None, dirty
    return oids[0], dirty


def _version(name: str) -> str:
    """From the folder beside the module that its installer left: `importlib.metadata` is slow to import."""
    file = getattr(sys.modules[name], "__file__", None)
    if not file:
        return ""
    module = Path(file)
    site = module.parent.parent if module.name == "__init__.py" else module.parent
    found = next(site.glob(f"{name}-*.dist-info"), None)
    return found.name.removesuffix(".dist-info").removeprefix(f"{name}-") if found else ""


def _ci(environ: Mapping[str, str]) -> dict[str, str] | None:
    if environ.get("GITHUB_ACTIONS") == "true":
        job = {name: environ[variable] for name, variable in _GITHUB.items() if environ.get(variable)}
        return {"provider": "github-actions", **job}
    return {"provider": "unknown"} if environ.get("CI") else None
