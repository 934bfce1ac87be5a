"""Loading the probe files of a project, every broken one reported at once."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from billing_canary.errors import Problem, raise_problems, wrong_call
from billing_canary.model import Severity
from billing_canary.probe.registry import MODES, Phase, Probe, Spends, collecting
from billing_canary.project import Project
from billing_canary.target.operations import Operation


def load_probes(project: Project) -> tuple[Probe, ...]:
    """Every probe of `probes/*.py`, in file and source order.

    Raises:
        ProjectError: files that cannot be executed, declarations that are wrong, or no probe at all.
    """
    problems: list[Problem] = []
    probes: list[Probe] = []
    for path in sorted((project.root / "probes").glob("*.py")):
        relative = f"probes/{path.name}"
        found = _load_file(project.file(relative), project.shown(relative), problems)
        probes.extend(found)
    _check_declarations(probes, problems)
    if not probes and not problems:
        fix = "add a probe file; 'billing-canary init' writes examples"
        problems.append(Problem(where=project.shown("probes/"), message="holds no probe", fix=fix))
    raise_problems(problems)
    return tuple(probes)


def _load_file(path: Path, shown: str, problems: list[Problem]) -> list[Probe]:
    collected: list[Probe] = []
    token = collecting.set(collected)
    try:
        _execute(path)
    except KeyboardInterrupt:
        raise
    except SyntaxError as error:
        where = f"{shown}:{error.lineno or 1}"
        problems.append(Problem(where=where, message=f"syntax error: {error.msg}", fix="mend the line"))
    except BaseException as error:  # noqa: BLE001 - a probe file may even call sys.exit
        where = f"{shown}:{_line_in(path, error)}"
        message = f"cannot be loaded: {type(error).__name__}: {error}"
        problems.append(Problem(where=where, message=message, fix="mend the file or move it out of probes/"))
    finally:
        collecting.reset(token)
    return collected


def _execute(path: Path) -> None:
    """Run the file as a module under a private name that includes its folder.

    It goes into `sys.modules` first: a dataclass in it looks its own module up there.
    """
    folder = hashlib.sha256(str(path.parent).encode()).hexdigest()[:12]
    name = f"_billing_canary_probes_{folder}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def _line_in(path: Path, error: BaseException) -> int:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return (lines[-1] or 0) if lines else 0


def _check_declarations(probes: Iterable[Probe], problems: list[Problem]) -> None:
    seen: set[str] = set()
    for probe in probes:
        if probe.id in seen:
            problems.append(_declared(probe, "is declared twice", "rename one of the functions"))
        seen.add(probe.id)
        if wrong := _wrong_types(probe):
            problems.append(_declared(probe, f"has a wrong {', '.join(wrong)}", "see billing_probe"))
            continue
        if not probe.title.strip() or "\n" in probe.title:
            problems.append(_declared(probe, "needs a title of one line", "add title='...'"))
        if not probe.owner.strip():
            problems.append(_declared(probe, "needs an owner", "add owner='...'"))
        unknown = [mode for mode in probe.modes if mode not in MODES]
        if unknown or not probe.modes:
            problems.append(_declared(probe, f"has modes {probe.modes!r}", f"use {', '.join(MODES)}"))


def _wrong_types(probe: Probe) -> list[str]:
    """Names of declarations that the runner cannot use: a probe file is seldom type-checked."""
    right = {
        "title": isinstance(probe.title, str),
        "owner": isinstance(probe.owner, str),
        "severity": isinstance(probe.severity, Severity),
        "phase": isinstance(probe.phase, Phase),
        "needs": all(isinstance(need, Operation) for need in probe.needs),
        "spends": _can_be_planned(probe.spends),
    }
    return [name for name, good in right.items() if not good]


def _can_be_planned(spends: object) -> bool:
    """Fewer payments than none would make room in the plan for what other probes spend."""
    return isinstance(spends, Spends) and all(
        type(count) is int and count >= 0 for count in (spends.payments, spends.minor_units)
    )


def _declared(probe: Probe, message: str, fix: str) -> Problem:
    return Problem(where=f"probes/{probe.surface}.py", key=probe.id, message=message, fix=fix)


def select(probes: Sequence[Probe], patterns: Sequence[str]) -> tuple[Probe, ...]:
    """The probes whose id matches one of `patterns` (shell style); all when there is none.

    Raises:
        ProjectError: a pattern that matches nothing: an empty selection is never a pass.
    """
    if not patterns:
        return tuple(probes)
    for pattern in patterns:
        if not any(fnmatchcase(probe.id, pattern) for probe in probes):
            known = ", ".join(sorted({f"{probe.surface}.*" for probe in probes}))
            raise wrong_call("--only", f"{pattern!r} matches no probe", f"use one of {known} or a full id")
    return tuple(probe for probe in probes if any(fnmatchcase(probe.id, pattern) for pattern in patterns))
