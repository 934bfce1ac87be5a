from __future__ import annotations

from pathlib import Path

import pytest

from billing_canary.cli import project_copy


def test_nobody_s_decisions_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    for folder in ("probes", "suites", "gates"):
        (source / folder).mkdir(parents=True)
    (source / "gates/audit-log.jsonl").write_text("ours")
    (source / "gates/money.toml").write_text("caps")
    monkeypatch.setattr(project_copy, "bundled_root", lambda: source)

    assert project_copy.write_project(tmp_path / "new", as_json=True) == 0
    assert [file.name for file in (tmp_path / "new/gates").iterdir()] == ["money.toml"]
