"""Everything that an installation brings along may be used, changed and shipped by anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.packaging.conftest import Installed

# Runs in the user's environment: for each distribution, every place where it may state its licence.
PROGRAM = """
import json
from importlib.metadata import distributions
rows = {}
for dist in distributions():
    meta = dist.metadata
    classifiers = [row for row in meta.get_all("Classifier") or [] if row.startswith("License ::")]
    field = (meta.get("License") or "").strip().split("\\n")[0]
    texts = [meta.get("License-Expression"), field, *classifiers]
    rows[meta["Name"].lower()] = [text for text in texts if text]
print(json.dumps(rows))
"""

COPYLEFT = ("GPL", "GNU", "AFFERO", "MPL", "MOZILLA", "EPL", "ECLIPSE", "CDDL", "SSPL", "EUPL", "CC-BY-SA")
# Mozilla's list of certificate authorities, which requests brings: data under a licence that reaches no
# further than the file itself, shipped unchanged.
ALLOWED = {"certifi"}


def test_no_dependency_is_copyleft(installed: Installed, tmp_path: Path) -> None:
    licences: dict[str, list[str]] = json.loads(installed.evaluate(PROGRAM, tmp_path))
    assert {"billing-canary", "stripe", "requests", "certifi"} <= licences.keys()
    assert [name for name, texts in licences.items() if not texts] == []
    reach = {name: texts for name, texts in licences.items() if name not in ALLOWED and is_copyleft(texts)}
    assert reach == {}


def test_the_check_knows_copyleft_when_it_sees_it(installed: Installed, tmp_path: Path) -> None:
    licences: dict[str, list[str]] = json.loads(installed.evaluate(PROGRAM, tmp_path))
    assert is_copyleft(licences["certifi"])
    assert is_copyleft(["License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)"])
    assert not is_copyleft(licences["stripe"])


def is_copyleft(texts: list[str]) -> bool:
    return any(word in text.upper() for text in texts for word in COPYLEFT)
