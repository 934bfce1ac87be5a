"""`decide` as people call it: GO, what it records, and what a wrong call comes to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.fakes.released import LOG, RELEASE, blocked, commit, decide, git, incident, withdraw

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary as Command


def test_everything_green_is_go(release: Command) -> None:
    done = release("decide")

    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("GO: 9 of 9 required items are green, commit ")
    assert max(map(len, lines[:-1])) <= 80
    (bundle,) = release.bundles("billing-decisions")
    assert bundle.state == "verified"
    first = bundle.text("decision.md").splitlines()[0]
    assert first.startswith("**GO**: 9 of 9 required items are green, commit ")
    assert "Since 2" in first
    assert "Next: release exactly this commit" in first


def test_the_document_has_the_public_fields(release: Command) -> None:
    code, document = decide(release)

    assert code == 0
    assert document["verdict"] == "GO"
    assert document["commit"] == git(release.home, "rev-parse", "HEAD")
    assert [set(item) for item in document["items"]] == [
        {"id", "title", "required", "status", "evidence", "reason", "fix"}
    ] * 9
    assert all((release.artifacts / item["evidence"]).is_dir() for item in document["items"][:4])
    kinds = [cited.partition("/")[0] for cited in document["cites"]]
    assert kinds == ["billing-confidence", "billing-canary"]
    last = (release.home / LOG).read_text().splitlines()[-1]
    assert document["log_head"] == json.loads(last)["digest"]
    assert document["risk"]["raw"] >= document["risk"]["score"]


def test_the_bundle_alone_shows_and_repeats_the_decision(release: Command, tmp_path: Path) -> None:
    decide(release, "--run-id", "rc1")
    alone = tmp_path / "alone/billing-decisions/rc1"
    shutil.copytree(release.artifacts / "billing-decisions/rc1", alone)
    shutil.rmtree(release.home / "gates")

    assert release("runs", "verify", "rc1", "--artifacts", str(tmp_path / "alone")).code == 0
    shown = release("runs", "show", "rc1", "--artifacts", str(tmp_path / "alone"))
    assert (shown.code, shown.stdout.partition(":")[0]) == (0, "GO")
    assert (alone / "release.toml").read_text() == RELEASE
    assert (alone / "audit-log.jsonl").is_file()


def test_explain_names_each_item_s_evidence(release: Command) -> None:
    done = release("decide", "--explain")

    assert done.code == 0
    assert done.stdout.count("evidence: ") == 9
    assert "evidence: billing-confidence/" in done.stdout
    assert "evidence: gates/audit-log.jsonl#" in done.stdout
    assert "derived: " in done.stdout


def test_quiet_is_one_line(release: Command) -> None:
    done = release("decide", "--quiet")

    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_json_is_one_document_and_the_same_as_on_disk(release: Command) -> None:
    done = release("decide", "--json")

    (bundle,) = release.bundles("billing-decisions")
    assert done.document == bundle.report
    assert done.stderr.startswith("GO: ")


@pytest.mark.parametrize("name", ["HEAD", "short", "v1-rc", "HEAD~0"])
def test_git_resolves_the_candidate(release: Command, name: str) -> None:
    full = git(release.home, "rev-parse", "HEAD")
    git(release.home, "tag", "v1-rc")

    code, document = decide(release, "--commit", full[:8] if name == "short" else name)

    assert (code, document["commit"]) == (0, full)


def test_since_when_the_verdict_stands(release: Command) -> None:
    _, first = decide(release)
    _, second = decide(release)
    assert (second["since"], second["since"] != second["started_at"]) == (first["started_at"], True)
    incident(release)

    _, third = decide(release)

    assert (third["verdict"], third["since"]) == ("NO-GO", third["started_at"])


def test_evidence_of_another_commit_is_none(release: Command) -> None:
    (release.home / "more.txt").touch()
    commit(release.home, "one more")

    red = blocked(release)

    assert set(red) == {"quick", "probe", "critical", "artifacts", "finance", "rollback", "approvals"}
    assert "; the newest one, billing-confidence/" in red["quick"]
    assert decide(release, "--commit", "HEAD~1")[0] == 0


def test_committing_the_log_leaves_the_candidate_go(release: Command) -> None:
    candidate = git(release.home, "rev-parse", "HEAD")
    commit(release.home, "approvals")

    assert decide(release, "--commit", candidate)[0] == 0


def test_the_shipped_policy_is_no_go_with_the_fix_for_nobody_listed(release: Command) -> None:
    shipped = Path(__file__).parents[2] / "gates/release.toml"
    shutil.copy(shipped, release.home / "gates/release.toml")
    shutil.rmtree(release.home / "suites")
    shutil.copytree(shipped.parents[1] / "suites", release.home / "suites")

    code, document = decide(release)

    assert (code, document["verdict"]) == (1, "NO-GO")
    (approvals,) = (item for item in document["items"] if item["id"] == "approvals")
    assert (approvals["reason"], approvals["fix"]) == (
        "nobody is listed who could approve",
        "add [people.NAME] to gates/release.toml",
    )


def test_another_policy_is_recorded_with_its_name(release: Command) -> None:
    text = RELEASE.replace("Small checklist", "Hotfix").replace(
        'kind = "approvals"', 'kind = "approvals"\nrequired = false'
    )
    (release.home / "gates/hotfix.toml").write_text(text)
    withdraw("approval")(release)

    code, document = decide(release, "--policy", "gates/hotfix.toml")

    assert (code, document["title"]) == (0, "Hotfix")
    assert "gates/hotfix.toml" in document["project"]["sha256"]
    assert document["items"][-1]["status"] == "inconclusive"


def test_a_tampered_decision_is_found(release: Command) -> None:
    incident(release)
    assert decide(release, "--run-id", "rc")[0] == 1
    folder = release.artifacts / "billing-decisions/rc"
    document = json.loads((folder / "decision.json").read_text())
    from billing_canary.artifact.seal import sealed  # noqa: PLC0415 - for this test only

    del document["document_sha256"]
    for item in document["items"]:
        item["status"] = "pass"
    document |= {"verdict": "GO", "blockers": [], "overall_status": "pass", "reasons": ["all is well"]}
    (folder / "decision.json").write_bytes(sealed(document))

    done = release("runs", "verify", "rc")

    assert done.code == 1
    assert "its evidence says fail" in done.stdout


def test_a_wrong_call_is_exit_2_with_every_problem(release: Command) -> None:
    release.edit("gates/release.toml", 'mode = "mock"', 'mode = "live"')
    release.edit("gates/risk.toml", "[weights]", "[wheights]")

    done = release("decide", "--commit", "nonsense")

    assert (done.code, done.stdout) == (2, "")
    assert "item[1].mode: is 'live'" in done.stderr
    assert "wheights" in done.stderr
    assert "'nonsense' is no commit here" in done.stderr
    assert not release.bundles("billing-decisions")


def test_a_policy_that_is_not_there_is_a_wrong_call(release: Command) -> None:
    done = release("decide", "--policy", "gates/other.toml")

    assert (done.code, done.stdout) == (2, "")
    assert "gates/other.toml is not there" in done.stderr


def test_no_colours_where_nobody_asked_for_them(release: Command) -> None:
    assert "\x1b" not in release("decide", env={"NO_COLOR": "1"}).stdout


def test_a_taken_run_id_is_a_wrong_call(release: Command) -> None:
    assert release("decide", "--run-id", "rc").code == 0
    done = release("decide", "--run-id", "rc")

    assert done.code == 2
    assert "run id taken" in done.stderr
