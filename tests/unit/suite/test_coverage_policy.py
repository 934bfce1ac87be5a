"""gates/coverage.toml and the variables that override it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.covered_project import project, write_files

from billing_canary.errors import ProjectError
from billing_canary.project import Project
from billing_canary.suite.coverage_floors import with_floors
from billing_canary.suite.coverage_policy import CoveragePolicy, load_coverage_policy

ROOT = Path(__file__).parents[3]
GATE = """
[[module]]
role = "routers"
path = "app/billing.py"
line = "85"
branch = "65"
"""


def _load(root: Path, gate: str = GATE, **environ: str) -> CoveragePolicy:
    write_files(root, {"app/__init__.py": "", "app/billing.py": "x = 1\n"})
    return load_coverage_policy(project(root, gate), environ)


def _problems(root: Path, gate: str, **environ: str) -> str:
    with pytest.raises(ProjectError) as caught:
        _load(root, gate, **environ)
    return str(caught.value)


def test_the_shipped_gate_has_the_runbook_s_floors() -> None:
    policy = load_coverage_policy(Project(ROOT, "test"), {})
    floors = {module.role: (module.line, module.branch) for module in policy.modules}
    assert floors == {"routers": ("85", "65"), "utils": ("85", "70")}
    assert all(Path(module.file).is_file() for module in policy.modules)
    assert all(module.module.startswith("src/billing_canary/") for module in policy.modules)


def test_a_module_is_found_by_path_or_by_name_without_importing_it(tmp_path: Path) -> None:
    write_files(tmp_path, {"shop/__init__.py": "raise SystemExit('imported')", "shop/pay.py": "x = 1\n"})
    by_name = GATE + '[[module]]\nrole = "utils"\nmodule = "shop.pay"\nline = "1"\nbranch = "1"\n'
    modules = _load(tmp_path, by_name).modules
    assert [module.module for module in modules] == ["app/billing.py", "shop/pay.py"]
    assert modules[1].file == str(tmp_path / "shop/pay.py")


def test_an_installed_module_is_shown_by_its_own_path(tmp_path: Path) -> None:
    gate = GATE.replace('path = "app/billing.py"', 'module = "billing_canary.reference.backend.topups"')
    (module,) = _load(tmp_path, gate).modules
    assert module.module == "billing_canary/reference/backend/topups.py"
    assert module.file.endswith(f"/{module.module}")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("app/billing.py", "app/biling.py", "app/biling.py, which is no file"),
        ("app/billing.py", "app", "no file"),
        ("app/billing.py", "../app/billing.py", "relative to the project's root"),
        ("app/billing.py", "app/*.py", "no file"),
        ('path = "app/billing.py"', 'module = "app.biling"', "app.biling can be imported"),
        ('path = "app/billing.py"', 'module = "app/billing"', "with dots"),
        ('path = "app/billing.py"', 'module = "sys"', "no Python source"),
        ('path = "app/billing.py"', "", "one of path and module"),
        (
            'path = "app/billing.py"',
            'path = "app/billing.py"\nmodule = "app.billing"',
            "one of path and module",
        ),
        ('line = "85"', "line = 85", "must be a string"),
        ('line = "85"', 'line = "85 %"', "'85 %'"),
        ('line = "85"', 'line = "1e2"', "'1e2'"),
        ('line = "85"', 'line = "nan"', "'nan'"),
        ('line = "85"', 'line = "100.01"', "'100.01'"),
        ('line = "85"', 'line = "-1"', "'-1'"),
        ('line = "85"', 'line = "٨٥"', "is '٨٥'"),
        ('line = "85"', "", "line: is missing"),
        ('branch = "65"', "", "branch: is missing"),
        ('role = "routers"', 'role = "Routers"', "'Routers'"),
        ('role = "routers"', "", "role: is missing"),
        ('branch = "65"', 'branch = "65"\nbranchles = true', "branchless"),
        ('branch = "65"', 'branch = "65"\nmax_excluded = -1', "is -1"),
        ("[[module]]", "concurrency = ['threads']\n[[module]]", "'threads'"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GATE
    assert told in _problems(tmp_path, GATE.replace(old, new))


def test_nothing_gated_is_wrong(tmp_path: Path) -> None:
    assert "module" in _problems(tmp_path, "")
    assert "nothing would be gated" in _problems(tmp_path, "module = []")


def test_a_module_or_role_may_stand_there_once_only(tmp_path: Path) -> None:
    assert "role 'routers' stands there twice" in _problems(tmp_path, GATE + GATE)
    assert "app/billing.py stands there twice" in _problems(tmp_path, GATE + GATE.replace("routers", "utils"))


def test_every_problem_comes_at_once(tmp_path: Path) -> None:
    told = _problems(tmp_path, GATE.replace('"85"', '"x"').replace('"65"', '"y"') + "[[module]]\n")
    assert all(text in told for text in ("'x'", "'y'", "module[1].role"))


@pytest.mark.parametrize(
    ("kind", "value", "line", "branch", "told"),
    [
        ("LINE", "90", "90", "65", "raises the line floor from 85 % to 90 %"),
        ("LINE", "50.5", "50.5", "65", "LOWERS the line floor from 85 % to 50.5 %"),
        ("BRANCH", "0", "85", "0", "LOWERS the branch floor from 65 % to 0 %"),
    ],
)
def test_an_override_is_used_and_recorded(  # noqa: PLR0913, PLR0917 - one argument for each column
    tmp_path: Path, kind: str, value: str, line: str, branch: str, told: str
) -> None:
    (module,) = _load(tmp_path, **{f"BILLING_COVERAGE_MIN_ROUTERS_{kind}": value}).modules
    assert (module.line, module.branch) == (line, branch)
    assert (module.file_line, module.file_branch) == ("85", "65")
    (override,) = module.overrides
    assert told in override


@pytest.mark.parametrize("value", ["", "  ", "85", "85.0"])
def test_an_override_that_changes_nothing_is_none(tmp_path: Path, value: str) -> None:
    (module,) = _load(tmp_path, BILLING_COVERAGE_MIN_ROUTERS_LINE=value).modules
    assert (module.line, module.overrides) == ("85", ())


@pytest.mark.parametrize("value", ["eighty", "NaN", "Infinity", "1e1", "101", "-5", "85%", "0x10"])
def test_an_override_that_is_no_percentage_is_wrong(tmp_path: Path, value: str) -> None:
    assert "BILLING_COVERAGE_MIN_ROUTERS_LINE" in _problems(
        tmp_path, GATE, BILLING_COVERAGE_MIN_ROUTERS_LINE=value
    )


def test_an_override_of_nothing_is_wrong(tmp_path: Path) -> None:
    told = _problems(tmp_path, GATE, BILLING_COVERAGE_MIN_ROUTER_LINE="90")
    assert "BILLING_COVERAGE_MIN_ROUTER_LINE" in told
    assert "BILLING_COVERAGE_MIN_ROUTERS_LINE" in told


def test_raised_floors_leave_comments_and_layout() -> None:
    text = f"# why\n{GATE.replace('line =', 'line   =')}# end\n"
    changed = with_floors(text, {("routers", "line"): "90.66"})
    assert changed == text.replace('"85"', '"90.66"')
