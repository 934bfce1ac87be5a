"""LCOV and Cobertura of other tools: read where they fit together, refused where they do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.covered_project import gated, make_covered, policy_of

from billing_canary.errors import EvidenceError
from billing_canary.module_coverage import ModuleMeasure
from billing_canary.suite.coverage_file import open_coverage
from billing_canary.suite.coverage_measure import Freshness, measure_modules

LATE = Freshness(hashes=None, written_ns=2**62)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_covered(tmp_path / "project")


def _measure(root: Path, file: Path) -> ModuleMeasure:
    (found,) = measure_modules(policy_of(root, gated(root)), open_coverage(file), LATE, ends=lambda _: True)
    return found


def _counts(found: ModuleMeasure) -> tuple[int, ...]:
    return (found.lines_covered, found.lines_total, found.branches_covered, found.branches_total)


LCOV = """TN:
SF:app/billing.py
DA:1,1
DA:2,0
BRDA:1,0,0,1
BRDA:1,0,1,-
LF:2
LH:1
BRF:2
BRH:1
end_of_record
"""


def _lcov(root: Path, text: str) -> ModuleMeasure:
    (root / "lcov.info").write_text(text, encoding="utf-8")
    return _measure(root, root / "lcov.info")


def test_lcov_of_other_tools_is_read(root: Path) -> None:
    assert _counts(_lcov(root, LCOV)) == (1, 2, 1, 2)
    absolute = LCOV.replace("app/billing.py", str(root / "app/billing.py"))
    assert _counts(_lcov(root, absolute.replace("\n", "\r\n"))) == (1, 2, 1, 2)


def test_lcov_records_of_several_tests_are_added_up(root: Path) -> None:
    second = (
        LCOV.replace("DA:2,0", "DA:2,3")
        .replace("LH:1", "LH:2")
        .replace("1,-", "1,1")
        .replace("BRH:1", "BRH:2")
    )
    assert _counts(_lcov(root, LCOV + second)) == (2, 2, 2, 2)


def test_two_names_of_one_module_are_ambiguous(root: Path) -> None:
    other = LCOV.replace("app/billing.py", "/elsewhere/app/billing.py")
    assert _lcov(root, LCOV + other).problem == "ambiguous"


@pytest.mark.parametrize("path", ["/elsewhere/xapp/billing.py", "/elsewhere/billing.py", "../app/billing.py"])
def test_a_name_elsewhere_must_end_with_the_whole_path(root: Path, path: str) -> None:
    found = _lcov(root, LCOV.replace("app/billing.py", path))
    assert found.problem == "missing"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LH:1", "LH:2"),
        ("LF:2", "LF:1"),
        ("BRH:1", "BRH:2"),
        ("BRF:2", "BRF:1"),
        ("DA:2,0\n", ""),
        ("DA:2,0", "DA:2,0\nDA:2,5"),
        ("DA:2,0", "DA:0,0"),
        ("DA:2,0", "DA:2,-1"),
        ("DA:2,0", "DA:2,nan"),
        ("DA:2,0", "DA:2," + "9" * 5_000),
        ("DA:2,0", "DA:99999999999,0"),
        ("BRDA:1,0,1,-", "BRDA:1,0"),
        ("BRDA:1,0,1,-", "BRDA:1,0,1,x"),
        ("end_of_record\n", ""),
        ("LF:2", "LF:two"),
    ],
)
def test_lcov_that_disagrees_with_itself_is_unreadable(root: Path, old: str, new: str) -> None:
    assert old in LCOV
    assert _lcov(root, LCOV.replace(old, new)).problem == "unreadable"


def test_an_lcov_line_without_an_end_is_refused(root: Path) -> None:
    with pytest.raises(EvidenceError, match="characters"):
        _lcov(root, f"SF:{'a' * 200_000}\n")


XML = """<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage><sources><source>{root}</source></sources><packages><package><classes>
<class name="billing" filename="app/billing.py">
<methods><method name="charge"><lines><line number="1" hits="1"/></lines></method></methods>
<lines>
<line number="1" hits="1" branch="true" condition-coverage="50% (1/2)"/>
<line number="2" hits="0" branch="false"/>
</lines></class>
</classes></package></packages></coverage>
"""


def _xml(root: Path, text: str) -> ModuleMeasure:
    (root / "cobertura.xml").write_text(text.replace("{root}", str(root)), encoding="utf-8")
    return _measure(root, root / "cobertura.xml")


def test_cobertura_of_other_tools_is_read(root: Path) -> None:
    assert _counts(_xml(root, XML)) == (1, 2, 1, 2)
    assert _counts(_xml(root, XML.replace("{root}", "."))) == (1, 2, 1, 2)
    assert _counts(
        _xml(root, XML.replace("{root}", "{root}/app").replace("app/billing.py", "billing.py"))
    ) == (1, 2, 1, 2)
    assert _counts(_xml(root, XML.replace("<source>{root}</source>", ""))) == (1, 2, 1, 2)


def test_a_class_of_another_source_folder_is_another_file(root: Path) -> None:
    assert _xml(root, XML.replace("{root}", "{root}/vendor")).problem == "missing"


def test_inner_classes_of_one_file_are_added_up_and_two_files_of_one_name_are_ambiguous(root: Path) -> None:
    start, end = XML.index("<class "), XML.index("</class>") + len("</class>")
    inner = '<class filename="app/billing.py"><lines><line number="3" hits="1"/></lines></class>'
    assert _counts(_xml(root, XML[:end] + inner + XML[end:])) == (2, 3, 1, 2)
    assert _xml(root, XML[:end] + XML[start:end] + XML[end:]).problem == "ambiguous"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('condition-coverage="50% (1/2)"', 'condition-coverage="50%"'),
        ('condition-coverage="50% (1/2)"', 'condition-coverage="50% (3/2)"'),
        (' condition-coverage="50% (1/2)"', ""),
        ('number="2" hits="0"', 'number="2" hits="-1"'),
        ('number="2" hits="0"', 'number="2"'),
        ('number="2" hits="0"', 'number="0" hits="1"'),
        ('number="2" hits="0"', 'number="1" hits="1"'),
        ('number="2" hits="0"', 'number="1e9" hits="1"'),
    ],
)
def test_cobertura_without_counts_is_unreadable(root: Path, old: str, new: str) -> None:
    assert old in XML
    assert _xml(root, XML.replace(old, new)).problem == "unreadable"


BOMB = '<!DOCTYPE coverage [<!ENTITY a "aaaaaaaaaa">{more}]><coverage>&z;</coverage>'


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE coverage [<!ENTITY a "b">]><coverage/>',
        '<!DOCTYPE coverage [<!ENTITY a SYSTEM "file:///etc/passwd">]><coverage>&a;</coverage>',
        '<!DOCTYPE coverage [<!ENTITY % a SYSTEM "http://127.0.0.1:1/"> %a;]><coverage/>',
        "<!DOCTYPE coverage [<!ELEMENT coverage ANY>]><coverage/>",
        BOMB.replace(
            "{more}",
            "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefg", "bcdefgz", strict=True)),
        ),
        "<coverage>" * 500_000,
        "<testsuite/>",
        "<coverage>",
        "<coverage/><coverage/>",
        "<",
    ],
    ids=["entity", "file", "parameter", "element", "laughs", "deep", "junit", "open", "two", "nothing"],
)
def test_xml_that_is_no_report_or_declares_something_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "report").write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError):
        open_coverage(tmp_path / "report")


def test_utf_16_is_read_and_an_unknown_encoding_refused(root: Path) -> None:
    text = XML.replace("{root}", str(root)).replace('version="1.0"', 'version="1.0" encoding="utf-16"')
    (root / "wide.xml").write_bytes(text.encode("utf-16"))
    assert _counts(_measure(root, root / "wide.xml")) == (1, 2, 1, 2)
    (root / "odd.xml").write_bytes(b'<?xml version="1.0" encoding="klingon"?><coverage/>')
    with pytest.raises(EvidenceError):
        open_coverage(root / "odd.xml")


PEAK = """
import sys
from pathlib import Path
from billing_canary.suite.coverage_file import open_coverage
source = open_coverage(Path(sys.argv[1]))
found = source.measure("app/m7.py", Path("/dev/null"), ends=False)
status = Path("/proc/self/status").read_text().split()
print(status[status.index("VmHWM:") + 1], found.lines_total)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here to ask for peak memory")
def test_a_large_report_is_read_in_little_memory(tmp_path: Path) -> None:
    line = '<line number="{n}" hits="1"/>'
    body = "".join(line.format(n=n) for n in range(1, 20_001))
    with (tmp_path / "large.xml").open("w") as stream:
        stream.write("<coverage><packages>")
        for number in range(40):
            stream.write(f'<class filename="app/m{number}.py"><lines>{body}</lines></class>')
        stream.write("</packages></coverage>")
    assert (tmp_path / "large.xml").stat().st_size > 20_000_000
    argv = [sys.executable, "-c", PEAK, str(tmp_path / "large.xml")]
    peak, lines = map(int, subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split())
    assert lines == 20_000
    assert peak < 64 * 1024
