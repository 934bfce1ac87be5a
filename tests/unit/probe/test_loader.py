"""Loading probe files: every broken one is told at once, with its line, and none harms another."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from tests.fakes.probes import fine, make_probe
from tests.fakes.project_folder import make_project

from billing_canary.errors import Problem, ProjectError
from billing_canary.model import Severity
from billing_canary.probe.loader import load_probes, select
from billing_canary.probe.registry import MODES, Phase, Probe, Spends, billing_probe
from billing_canary.project import bundled_root
from billing_canary.target.operations import Operation

HEAD = """from billing_canary import Operation, Phase, ProbeContext, Severity, Spends, billing_probe
"""
GOOD = f"""{HEAD}
@billing_probe(title="It works", severity=Severity.CRITICAL, owner="billing")
def works(run: ProbeContext) -> None:
    run.expect("it works", True)
"""


def declared(arguments: str, name: str = "works") -> str:
    return f"{HEAD}\n@billing_probe({arguments})\ndef {name}(run):\n    pass\n"


def load(root: Path, **files: str) -> tuple[Probe, ...]:
    return load_probes(make_project(root, probes=files))


def problems(root: Path, **files: str) -> tuple[Problem, ...]:
    with pytest.raises(ProjectError) as caught:
        load(root, **files)
    assert all(problem.fix for problem in caught.value.problems)
    return caught.value.problems


def only(root: Path, source: str) -> Problem:
    found = problems(root, wallet=source)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("def broken(:\n", 1, "syntax error"),
        (f"{GOOD}\n  x = 1\n", 7, "syntax error: unindent does not match"),
        ("x = 1\n\nraise ValueError('boom')\n", 3, "ValueError: boom"),
        ("import nowhere_at_all\n", 1, "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
        ("raise SystemExit\n", 1, "SystemExit"),
        ("def f():\n    g()\ndef g():\n    1 / 0\nf()\n", 4, "ZeroDivisionError"),
        ("f = lambda: f()\nf()\n", 1, "RecursionError"),
        ("x = 1\0\n", 0, "null bytes"),
        ("raise BaseException('odd')\n", 1, "BaseException: odd"),
        ("from billing_canary import nothing\n", 1, "ImportError"),
    ],
)
def test_a_file_that_cannot_be_executed_is_told_with_its_line(
    tmp_path: Path, source: str, line: int, message: str
) -> None:
    problem = only(tmp_path, source)
    where, _, told = problem.where.rpartition(":")
    assert where.endswith("probes/wallet.py")
    assert message in problem.message
    assert int(told) == line or not line


def test_a_file_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (tmp_path / "probes/wallet.py").write_bytes(b"x = '\xff'\n")
    with pytest.raises(ProjectError, match=r"wallet\.py"):
        load_probes(project)


def test_an_interrupt_is_no_problem_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path, wallet="raise KeyboardInterrupt\n")


def test_every_broken_file_is_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path, a="1 +\n", b=GOOD, c="raise ValueError\n", d=declared("title='', severity=1, owner=''")
    )
    assert [problem.where.rpartition("probes/")[2].partition(".")[0] for problem in found] == ["a", "c", "d"]


@pytest.mark.parametrize("source", ["", "x = 1\n", "def works(run):\n    pass\n"])
def test_a_folder_without_a_probe_is_told(tmp_path: Path, source: str) -> None:
    problem = only(tmp_path, source)
    assert problem.message == "holds no probe"
    assert "billing-canary init" in problem.fix


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path)[0].message == "holds no probe"


def test_one_name_twice_is_told(tmp_path: Path) -> None:
    problem = only(tmp_path, GOOD + GOOD)
    assert (problem.key, problem.message) == ("wallet.works", "is declared twice")


def test_one_name_in_two_files_is_two_probes(tmp_path: Path) -> None:
    assert [probe.id for probe in load(tmp_path, b=GOOD, a=GOOD)] == ["a.works", "b.works"]


PLAIN = "title='t', severity=Severity.MAJOR, owner='o'"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("title=' ', severity=Severity.MAJOR, owner='o'", "needs a title"),
        ("title='a\\nb', severity=Severity.MAJOR, owner='o'", "needs a title of one line"),
        ("title='t', severity=Severity.MAJOR, owner=''", "needs an owner"),
        (f"{PLAIN}, modes=()", "has modes ()"),
        (f"{PLAIN}, modes=('mock', 'live')", "has modes ('mock', 'live')"),
        (f"{PLAIN}, modes='mock'", "has modes ('m', 'o', 'c', 'k')"),
        ("title=None, severity=Severity.MAJOR, owner='o'", "wrong title"),
        ("title='t', severity='high', owner=3", "wrong owner, severity"),
        (f"{PLAIN}, phase='later'", "wrong phase"),
        (f"{PLAIN}, needs=('fly',)", "wrong needs"),
        (f"{PLAIN}, needs='consume'", "wrong needs"),
        (f"{PLAIN}, spends=3", "wrong spends"),
        # Fewer than none would make room in the plan for what others spend.
        (f"{PLAIN}, spends=Spends(payments=-1)", "wrong spends"),
        (f"{PLAIN}, spends=Spends(payments=0.5)", "wrong spends"),
        (f"{PLAIN}, spends=Spends(payments=True)", "wrong spends"),
    ],
)
def test_a_declaration_that_the_runner_cannot_use_is_told(
    tmp_path: Path, arguments: str, message: str
) -> None:
    found = problems(tmp_path, wallet=declared(arguments))
    assert {problem.key for problem in found} == {"wallet.works"}
    assert set(found[0].message.replace(",", "").split()) >= set(message.replace(",", "").split())


@pytest.mark.parametrize("arguments", ["title='t'", "severity=Severity.MAJOR", f"{PLAIN}, colour='red'", ""])
def test_a_declaration_that_is_no_call_is_told(tmp_path: Path, arguments: str) -> None:
    assert "TypeError" in only(tmp_path, declared(arguments)).message


def test_a_probe_is_read_as_declared(tmp_path: Path) -> None:
    arguments = (
        f"{PLAIN}, needs=[Operation.CONSUME], spends=Spends(payments=2, currency='JPY'), phase=Phase.LAST"
    )
    (probe,) = load(tmp_path, wallet=declared(f"{arguments}, modes=['mock']"))
    assert (probe.id, probe.surface, probe.title, probe.owner) == ("wallet.works", "wallet", "t", "o")
    assert (probe.severity, probe.phase, probe.modes) == (Severity.MAJOR, Phase.LAST, ("mock",))
    assert (probe.needs, probe.spends) == ((Operation.CONSUME,), Spends(payments=2, currency="JPY"))


def test_defaults_are_harmless(tmp_path: Path) -> None:
    (probe,) = load(tmp_path, wallet=GOOD)
    assert (probe.needs, probe.spends, probe.phase, probe.modes) == ((), Spends(), Phase.TOGETHER, MODES)


def test_files_come_by_name_and_probes_as_written(tmp_path: Path) -> None:
    two = declared(PLAIN, "zebra") + declared(PLAIN, "ant")
    assert [probe.id for probe in load(tmp_path, b=GOOD, a=two)] == ["a.zebra", "a.ant", "b.works"]


def test_a_dataclass_with_late_annotations_can_stand_in_a_probe_file(tmp_path: Path) -> None:
    source = f"""from __future__ import annotations
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar
{GOOD}
@dataclass(frozen=True)
class Step:
    count: ClassVar[int] = 3
    _: KW_ONLY
    name: str = "x"

assert Step(name="y").name == "y"
"""
    assert len(load(tmp_path, wallet=source)) == 1


def test_two_projects_with_equal_file_names_do_not_mix(tmp_path: Path) -> None:
    made = [
        load(
            tmp_path / name,
            wallet=f"{GOOD}\n    run.append({name!r})\n".replace('run.expect("it works", True)', ""),
        )
        for name in ("one", "two")
    ]
    seen: list[str] = []
    for probes in made:
        probes[0].run(seen)  # type: ignore[arg-type]  # the made-up probes take a list
    assert seen == ["one", "two"]
    names = {probes[0].run.__module__ for probes in made}
    assert len(names) == 2
    assert all(name in sys.modules for name in names)


def test_a_probe_file_shadows_no_module_of_that_name(tmp_path: Path) -> None:
    load(tmp_path, json=GOOD, stripe=GOOD, types=GOOD)
    assert sys.modules["types"] is types
    assert "probes" not in str(getattr(sys.modules["json"], "__file__", ""))


def test_loading_twice_gives_the_file_s_present_content(tmp_path: Path) -> None:
    assert len(load(tmp_path, wallet=GOOD)) == 1
    assert len(load(tmp_path, wallet=GOOD + declared(PLAIN, "another_probe"))) == 2


def test_other_files_are_not_executed_and_all_probe_files_are_recorded(tmp_path: Path) -> None:
    project = make_project(tmp_path, probes={"a": GOOD, "b": GOOD})
    (tmp_path / "probes/notes.txt").write_text("raise SystemExit")
    (tmp_path / "probes/deep").mkdir()
    (tmp_path / "probes/deep/c.py").write_text("raise SystemExit")
    load_probes(project)
    assert sorted(project.files.sha256) == ["probes/a.py", "probes/b.py"]


def test_the_shipped_probes_load(tmp_path: Path) -> None:
    sources = {path.stem: path.read_text() for path in (bundled_root() / "probes").glob("*.py")}
    probes = load(tmp_path, **sources)
    assert {probe.surface for probe in probes} == set(sources)
    assert any(probe.severity is Severity.CRITICAL for probe in probes)


def test_a_decorated_function_outside_of_loading_stays_a_function() -> None:
    @billing_probe(title="t", severity=Severity.MINOR, owner="o")
    def alone(run: object) -> None:
        assert run == "called"

    alone("called")  # type: ignore[arg-type]  # it is a plain function


PROBES = tuple(make_probe(name, fine) for name in ("top_up", "top_down", "quota"))


@pytest.mark.parametrize("pattern", ["", "wallet.*", "test", "test.Top*", "test.top_up ", "[", "top_up"])
def test_a_pattern_that_selects_nothing_is_a_wrong_call(pattern: str) -> None:
    with pytest.raises(ProjectError, match="matches no probe") as caught:
        select(PROBES, ["test.*", pattern])
    assert caught.value.problems[0].where == "--only"
    assert "test.*" in caught.value.problems[0].fix


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ([], ["top_up", "top_down", "quota"]),
        (["*"], ["top_up", "top_down", "quota"]),
        (["test.quota", "test.top_*"], ["top_up", "top_down", "quota"]),
        (["test.top_?own"], ["top_down"]),
        (["test.quota", "test.quota"], ["quota"]),
    ],
)
def test_a_selection_keeps_the_order_and_names_nothing_twice(patterns: list[str], names: list[str]) -> None:
    assert [probe.id.removeprefix("test.") for probe in select(PROBES, patterns)] == names
