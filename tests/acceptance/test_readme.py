"""README and docs say nothing that the program does not do: links, commands, exit codes, examples."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from billing_canary.cli.main import COMMANDS, cli
from billing_canary.errors import ExitCode
from billing_canary.project import Project
from billing_canary.reference.faults import catalogue
from billing_canary.reference.provider.schedules import SCHEDULES
from billing_canary.target.load import load_target
from billing_canary.target.operations import CONTRACTS, Operation

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
NAME = "billing-canary"
LONGEST_README = 300


def tokens(page: Path) -> list[Token]:
    text = page.read_text(encoding="utf-8")
    blocks = MarkdownIt().enable("table").parse(text)
    return [token for block in blocks for token in (block, *(block.children or ()))]


def fences(page: Path, language: str) -> list[str]:
    return [t.content for t in tokens(page) if t.type == "fence" and t.info == language]


def links(page: Path) -> Iterator[str]:
    for token in tokens(page):
        if token.type == "link_open":
            yield str(token.attrs["href"])


def anchors(page: Path) -> set[str]:
    found = tokens(page)
    titles = [found[i + 1].content for i, token in enumerate(found) if token.type == "heading_open"]
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def calls(page: Path) -> Iterator[str]:
    """Every complete command line: lines of shell blocks, and inline code."""
    for block in fences(page, "sh"):
        yield from (line for line in block.splitlines() if f"{NAME} " in line)
    for token in tokens(page):
        if token.type == "code_inline" and token.content.startswith(f"{NAME} "):
            yield token.content


CALLS = [(page, call) for page in PAGES for call in calls(page)]


def readme_table(heading: str) -> list[list[str]]:
    section = (ROOT / "README.md").read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return rows[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page: Path) -> None:
    broken = []
    for link in links(page):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        known = target.exists() and target.is_relative_to(ROOT)
        if not known or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_readme_links_every_page() -> None:
    linked = {(ROOT / link).resolve() for link in links(ROOT / "README.md")}
    assert set(PAGES[1:]) <= linked


def test_pages_hold_commands() -> None:
    assert len(CALLS) > 30


@pytest.mark.parametrize(("page", "call"), CALLS, ids=lambda value: getattr(value, "name", value))
def test_commands_are_as_written(page: Path, call: str) -> None:
    """Parsed by the command's own parser, as far as calling it; a wrong option or value is an error."""
    words = shlex.split(call, comments=True)
    arguments = words[words.index(NAME) + 1 :]
    command: click.Command = cli
    while isinstance(command, click.Group):
        assert arguments, f"{page.name}: no command in {call}"
        found = command.get_command(click.Context(command), arguments.pop(0))
        assert found is not None, f"{page.name}: {call}"
        command = found
    command.make_context(NAME, arguments)


def test_every_command_is_in_the_readme() -> None:
    named = {row[0].strip("`").split()[1] for row in readme_table("Commands")}
    assert named == set(COMMANDS)


def test_exit_codes_are_all_listed() -> None:
    assert [int(row[0]) for row in readme_table("Exit codes")] == [int(code) for code in ExitCode]


def test_the_readme_stays_short() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_README


def test_the_number_of_faults_is_right() -> None:
    for page in (ROOT / "README.md", ROOT / "docs" / "faults.md"):
        assert f"{len(catalogue())} known" in page.read_text(encoding="utf-8"), page


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the README's probe in the file that the README names."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("probes", "gates", "suites"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "billing-canary.toml").touch()
    (block,) = fences(ROOT / "README.md", "python")
    (folder / "probes" / "two_payments.py").write_text(block, encoding="utf-8")
    return folder


def canary(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "billing_canary", "probe", *arguments]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def example_calls() -> list[list[str]]:
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Add a probe")[1].split("\n## ")[0]
    (block,) = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [shlex.split(line)[2:] for line in block.splitlines()]


def test_the_example_probe_passes_and_notices_its_fault(project: Path) -> None:
    healthy, faulty = (canary(project, *arguments) for arguments in example_calls())
    assert healthy.returncode == ExitCode.YES, healthy.stderr + healthy.stdout
    assert healthy.stdout.startswith("PASS: ")
    assert faulty.returncode == ExitCode.NO, faulty.stderr + faulty.stdout
    assert "two_payments.both_arrive failed" in faulty.stdout


def shape(text: str) -> list[str]:
    """The lines of an output without what differs from run to run: times, counts, paths, spaces."""
    text = re.sub(r"[0-9]{8}T[0-9.]+Z-[0-9a-f]{4}", "RUN", text)
    text = re.sub(r"(?<!\S)/[^\s)]+", "PATH", text)
    text = re.sub(r"[0-9][0-9.]*( m?s\b)?", "#", text)
    return [" ".join(line.split()) for line in text.splitlines()]


def quoted(page: str, start: str) -> list[str]:
    """The lines of the output block that holds `start`, without the marks of what was left out."""
    (block,) = [block for block in fences(ROOT / page, "text") if start in block]
    return [line for line in shape(block) if not line.startswith("[...")]


def test_quoted_output_of_a_run_is_real(project: Path) -> None:
    """The whole run beside the example also shows that the example fits into the caps."""
    whole = canary(project)
    assert whole.returncode == ExitCode.YES, whole.stderr + whole.stdout
    real = shape(whole.stderr + whole.stdout)
    assert [line for line in quoted("README.md", "PASS: billing") if line not in real] == []


def test_quoted_false_alarms_are_real(tmp_path: Path) -> None:
    """To the last digit: they are computed, not drawn."""
    words = [sys.executable, "-m", "billing_canary", "triggers", "--simulate"]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == ExitCode.YES, ran.stderr
    (block,) = [block for block in fences(ROOT / "README.md", "text") if "caught 20 pt" in block]
    assert len(block.splitlines()) > 1
    assert set(block.splitlines()) <= set(ran.stdout.splitlines())


def test_quoted_refusal_is_real(project: Path) -> None:
    refused = canary(project, "--max-amount-rub", "0.50")
    assert refused.returncode == ExitCode.REFUSED, refused.stderr + refused.stdout
    real = shape(refused.stdout)
    assert [line for line in quoted("docs/money.md", "REFUSED") if line not in real] == []


def test_quoted_matrix_is_real(tmp_path: Path) -> None:
    """Four faults instead of all: their rows, the heading and the legend are those of the whole matrix."""
    rows = [line for line in quoted("README.md", "faults caught") if re.match(r"F# ", line)]
    ids = ("F01", "F02", "F03", "F04")
    assert len(rows) == len(ids)
    words = [sys.executable, "-m", "billing_canary", "faults", "--jobs", "2"]
    words += [word for fault in ids for word in ("--only", fault)]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == ExitCode.YES, ran.stderr + ran.stdout
    real = [without_cells(line) for line in shape(ran.stdout)]
    for page in ("README.md", "docs/faults.md"):
        assert [line for line in map(without_cells, quoted(page, "faults caught")) if line not in real] == []


def without_cells(line: str) -> str:
    """A row of the matrix without its cells: which further probes are red may differ from run to run."""
    return re.sub(r"(?<= )[X+.-]+(?= )", "", line)


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    (block,) = fences(ROOT / "docs" / "targets.md", "toml")
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "targets.toml").write_text(block, encoding="utf-8")
    return Project(tmp_path, "test")


def shop_environment() -> dict[str, str]:
    text = "\n".join(fences(ROOT / "docs" / "targets.md", "sh"))
    return dict(re.findall(r"\b(SHOP_[A-Z_]+)=(\S+)", text))


def test_the_worked_target_loads(shop: Project) -> None:
    settings = load_target(shop, "shop", shop_environment())
    operations = settings.backend.operations
    assert settings.backend.credit_minor == 10
    assert operations[Operation.CREATE_TOP_UP].form is not None
    assert {Operation.PAY, Operation.PAID_EVENT, Operation.CONSUME} <= settings.operations
    body = {"user": {"credits": 50}}
    balance = operations[Operation.READ_WALLET].extract["balance"].take(body, "RUB")
    assert str(balance) == "5.00 RUB"


def test_the_check_of_a_target_runs_as_written(shop: Project) -> None:
    (shop.root / "gates").mkdir()
    (shop.root / "billing-canary.toml").touch()
    (block,) = [b for b in fences(ROOT / "docs" / "targets.md", "sh") if "load_target" in b]
    script = block.replace("python -", f"{shlex.quote(sys.executable)} -", 1)
    ran = subprocess.run(["sh", "-ec", script], cwd=shop.root, capture_output=True, text=True, check=False)  # noqa: S607 - sh of the PATH, as a reader has it
    assert ran.returncode == 0, ran.stderr
    assert "create_top_up" in ran.stdout


def test_targets_page_lists_every_operation() -> None:
    text = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
    missing = []
    for operation, contract in CONTRACTS.items():
        row = next((line for line in text.splitlines() if line.startswith(f"| `{operation}`")), "")
        names = contract.variables | contract.outputs | contract.optional
        missing += [
            f"{operation}: {name}" for name in names if not re.search(rf"`{{?{re.escape(name)}}}?`", row)
        ]
    assert missing == []


def test_mock_page_lists_every_fault_and_schedule() -> None:
    text = (ROOT / "docs" / "mock.md").read_text(encoding="utf-8")
    rows = {
        f"| {fault.id} | {fault.title} | {(fault.apply.__doc__ or '').strip()} |" for fault in catalogue()
    }
    rows |= {f"| `{each.name}` | {each.title} |" for each in SCHEDULES.values()}
    assert rows <= set(text.splitlines())
