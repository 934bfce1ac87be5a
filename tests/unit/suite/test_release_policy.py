"""`gates/release.toml`: the shipped one holds, and each mistake is told with file, key and fix."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.toml_text import dump, removed, replaced

from billing_canary.errors import ProjectError
from billing_canary.project import Project
from billing_canary.release import ItemKind, ReleasePolicy
from billing_canary.suite.release_policy import load_release_policy

ROOT = Path(__file__).parents[3]
SHIPPED: dict[str, Any] = tomllib.loads((ROOT / "gates/release.toml").read_text(encoding="utf-8"))
SUITE = 'name = "topup"\ntitle = "Top-ups"\ncommand = ["true", "{junit}"]\n'

PEOPLE = {
    "robin": {"names": ["Robin"], "emails": ["robin@example.com"], "roles": ["owner"]},
    "taylor": {"names": ["Taylor"], "emails": ["taylor@example.com"], "roles": ["lead"]},
}
GOOD: dict[str, Any] = {
    "title": "Checklist",
    "environment": "production",
    "release_owner": "robin",
    "tags": "v*",
    "people": PEOPLE,
    "item": [
        {"id": "t", "title": "Tier", "kind": "tier", "tier": "fast", "max_age_h": 24},
        {"id": "p", "title": "Probe", "kind": "probe", "mode": "mock", "max_age_h": 1},
        {
            "id": "s",
            "title": "Suites",
            "kind": "suites",
            "tier": "fast",
            "suites": ["topup"],
            "max_age_h": 24,
        },
        {"id": "c", "title": "Coverage", "kind": "coverage", "tier": "fast", "max_age_h": 24},
        {"id": "a", "title": "Artifacts", "kind": "artifacts", "required": False},
        {"id": "d", "title": "Defects", "kind": "defects", "file": "gates/defects.csv"},
        {"id": "r", "title": "Risks", "kind": "risks"},
        {"id": "f", "title": "Finance", "kind": "sign-off", "roles": ["finance"]},
        {
            "id": "b",
            "title": "Plan",
            "kind": "rollback-plan",
            "states": ["verified"],
            "max_age_days": 90,
        },
        {"id": "l", "title": "Lead", "kind": "approvals", "roles": ["lead"]},
    ],
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "gates").mkdir()
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites/fast.toml").write_text(f'title = "Fast"\ncoverage_gate = true\n[[suite]]\n{SUITE}')
    (tmp_path / "suites/plain.toml").write_text(f'title = "Plain"\n[[suite]]\n{SUITE}')
    (tmp_path / "suites/smoke.toml").write_text(f'title = "Smoke"\nchecks_harness = true\n[[suite]]\n{SUITE}')
    (tmp_path / "suites/broken.toml").write_text("title = 7\n")
    return Project(tmp_path, "test")


def load(project: Project, data: dict[str, Any]) -> ReleasePolicy:
    (project.root / "gates/release.toml").write_text(dump(data), encoding="utf-8")
    return load_release_policy(project)


def problems(project: Project, data: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ProjectError) as raised:
        load(project, data)
    assert all(found.fix for found in raised.value.problems)
    return [(found.key, found.message) for found in raised.value.problems]


def test_the_shipped_policy_holds_and_knows_nobody() -> None:
    policy = load_release_policy(Project(ROOT, "test"))

    assert policy.people == ()
    assert policy.release_owner == ""
    assert {item.kind for item in policy.items} == set(ItemKind)
    assert all(item.required for item in policy.items)
    tiers = [item.settings["tier"] for item in policy.items if item.kind is ItemKind.TIER]
    assert tiers == ["pr-fast", "merge-medium", "release-heavy"]
    modes = [item.settings["mode"] for item in policy.items if item.kind is ItemKind.PROBE]
    assert modes == ["mock", "staging"]


def test_its_example_people_load_when_they_are_uncommented(project: Project) -> None:
    text = (ROOT / "gates/release.toml").read_text(encoding="utf-8")
    lines = text.splitlines()
    opened = [
        line[2:]
        if line.startswith(("# [people", "# names", "# emails", "# roles", "# release_owner"))
        else line
        for line in lines
    ]
    held = tomllib.loads("\n".join(opened))

    assert sorted(held["people"]) == ["kim", "robin", "taylor"]
    assert held["release_owner"] in held["people"]
    emails = [email for person in held["people"].values() for email in person["emails"]]
    assert all(email.endswith("@example.com") for email in emails)
    assert load(project, {**GOOD, "people": held["people"]}).people[0].key == "robin"


def test_every_setting_arrives(project: Project) -> None:
    policy = load(project, GOOD)

    assert (policy.title, policy.environment, policy.release_owner, policy.tags) == (
        "Checklist",
        "production",
        "robin",
        "v*",
    )
    assert [person.key for person in policy.people] == ["robin", "taylor"]
    assert policy.people[1].roles == ("lead",)
    assert [(item.id, item.kind, item.required, dict(item.settings)) for item in policy.items] == [
        ("t", "tier", True, {"tier": "fast", "max_age_h": 24}),
        ("p", "probe", True, {"mode": "mock", "target": "", "max_age_h": 1}),
        ("s", "suites", True, {"tier": "fast", "suites": ("topup",), "max_age_h": 24}),
        ("c", "coverage", True, {"tier": "fast", "max_age_h": 24}),
        ("a", "artifacts", False, {}),
        ("d", "defects", True, {"file": "gates/defects.csv"}),
        ("r", "risks", True, {}),
        ("f", "sign-off", True, {"roles": ("finance",)}),
        ("b", "rollback-plan", True, {"states": ("verified",), "max_age_days": 90}),
        ("l", "approvals", True, {"roles": ("lead",)}),
    ]
    assert policy.items[1].place.endswith("gates/release.toml: item[1]")


def test_another_file_can_be_named(project: Project) -> None:
    (project.root / "gates/hotfix.toml").write_text(dump(GOOD), encoding="utf-8")

    assert load_release_policy(project, "gates/hotfix.toml").title == "Checklist"
    assert "gates/hotfix.toml" in project.files.sha256


REQUIRED = [
    ("title",),
    ("environment",),
    ("item",),
    ("people", "robin", "names"),
    ("people", "robin", "emails"),
    ("people", "robin", "roles"),
    *(("item", at, "id") for at in range(10)),
    *(("item", at, "title") for at in range(10)),
    *(("item", at, "kind") for at in range(10)),
    *(("item", at, "tier") for at in (0, 2, 3)),
    *(("item", at, "max_age_h") for at in (0, 1, 2, 3)),
    ("item", 1, "mode"),
    ("item", 2, "suites"),
    ("item", 8, "states"),
    ("item", 8, "max_age_days"),
    ("item", 9, "roles"),
]


@pytest.mark.parametrize("path", REQUIRED, ids=str)
def test_what_is_required_is_missed_by_its_name(project: Project, path: tuple[str | int, ...]) -> None:
    found = problems(project, removed(GOOD, path))

    assert len(found) == 1
    assert found[0][0].endswith(str(path[-1]))
    assert "is missing" in found[0][1]


@pytest.mark.parametrize("wrong", [7, True, {"a": 1}, [7], [""]])
@pytest.mark.parametrize(
    "path",
    [
        *REQUIRED,
        ("tags",),
        ("release_owner",),
        ("item", 7, "roles"),
        ("item", 5, "file"),
        ("item", 1, "target"),
        ("item", 4, "required"),
        ("people",),
        ("people", "robin"),
    ],
    ids=str,
)
def test_another_type_is_told(project: Project, path: tuple[str | int, ...], wrong: Any) -> None:
    good = {("item", 4, "required"): True, ("people",): {"a": 1}}
    if path[-1] in {"max_age_h", "max_age_days"} and wrong == 7 and type(wrong) is int:
        return
    if good.get(path) == wrong and type(good.get(path)) is type(wrong):
        return
    assert problems(project, replaced(GOOD, path, wrong))


@pytest.mark.parametrize(
    ("path", "wrong", "key", "message"),
    [
        (("title",), " ", "title", "is empty"),
        (("environment",), "", "environment", "is empty"),
        (("release_owner",), "kim", "release_owner", "'kim' is none of [people]"),
        (("item",), [], "item", "is empty: nothing would be asked for"),
        (("people", "robin", "names"), [], "people.robin.names", "is empty"),
        (("people", "robin", "roles"), ["a", " "], "people.robin.roles", "holds an empty text"),
        (("item", 0, "id"), "Tier One", "item[0].id", "is 'Tier One'"),
        (("item", 0, "title"), " ", "item[0].title", "is empty"),
        (("item", 0, "kind"), "tire", "item[0].kind", "is 'tire'"),
        (("item", 0, "tier"), "slow", "item[0].tier", "is 'slow'"),
        (
            ("item", 0, "tier"),
            "smoke",
            "item[0].tier",
            "tier smoke checks the harness and says nothing about billing",
        ),
        (("item", 3, "tier"), "plain", "item[3].tier", "tier plain has no coverage gate"),
        (("item", 0, "max_age_h"), 0, "item[0].max_age_h", "is 0"),
        (("item", 0, "max_age_h"), 8761, "item[0].max_age_h", "is 8761"),
        (("item", 1, "mode"), "live", "item[1].mode", "is 'live'"),
        (("item", 2, "suites"), ["quota"], "item[2].suites", "'quota' is none of tier fast"),
        (("item", 2, "suites"), [], "item[2].suites", "is []"),
        (("item", 2, "suites"), ["topup", "topup"], "item[2].suites", "names one twice"),
        (("item", 5, "file"), "../x.json", "item[5].file", "'../x.json' leads out of the project"),
        (("item", 5, "file"), "/x.json", "item[5].file", "'/x.json' leads out of the project"),
        (("item", 5, "file"), "a\\b.json", "item[5].file", "'a\\\\b.json' leads out of the project"),
        (("item", 5, "file"), "x.xml", "item[5].file", "'x.xml' is neither JSON nor CSV"),
        (("item", 7, "roles"), [], "item[7].roles", "is []"),
        (("item", 8, "states"), ["perfect"], "item[8].states", "holds 'perfect'"),
        (("item", 8, "max_age_days"), -1, "item[8].max_age_days", "is -1"),
        (("item", 9, "roles"), ["lead", ""], "item[9].roles", "is ['lead', '']"),
    ],
)
def test_a_value_that_cannot_be_meant(
    project: Project, path: tuple[str | int, ...], wrong: Any, key: str, message: str
) -> None:
    assert problems(project, replaced(GOOD, path, wrong)) == [(key, message)]


@pytest.mark.parametrize(
    "path", [("extra",), ("people", "robin", "nick"), ("item", 0, "suites"), ("item", 6, "tier")], ids=str
)
def test_an_unknown_key_is_told(project: Project, path: tuple[str | int, ...]) -> None:
    ((key, message),) = problems(project, replaced(GOOD, path, "x"))

    assert key.endswith(str(path[-1]))
    assert message == "is not known here"


def test_two_people_that_cannot_be_told_apart(project: Project) -> None:
    double = {**PEOPLE, "tailor": {"names": ["TAYLOR"], "emails": ["t@example.org"], "roles": ["lead"]}}

    ((key, message),) = problems(project, {**GOOD, "people": double})

    assert key == "people"
    assert "taylor and tailor" in message


def test_a_person_s_key_is_a_plain_word(project: Project) -> None:
    odd = {**PEOPLE, "Kim Sample": {"names": ["Kim"], "emails": ["kim@example.com"], "roles": ["x"]}}

    assert problems(project, {**GOOD, "people": odd}) == [("people.Kim Sample", "'Kim Sample' is no key")]


def test_an_id_stands_for_one_item(project: Project) -> None:
    assert problems(project, replaced(GOOD, ("item", 1, "id"), "t")) == [
        ("item", "id 't' stands there twice")
    ]


def test_one_item_at_least_is_required(project: Project) -> None:
    optional = {**GOOD, "item": [{**GOOD["item"][4]}]}

    assert problems(project, optional) == [("item", "none is required: every release would be GO")]


def test_an_item_is_a_table(project: Project) -> None:
    assert ("item[10]", "must be a table, not 'x'") in problems(
        project, {**GOOD, "item": [*GOOD["item"], "x"]}
    )


def test_what_is_wrong_with_a_tier_file_is_told_as_well_and_once(project: Project) -> None:
    data = replaced(replaced(GOOD, ("item", 0, "tier"), "broken"), ("item", 2, "tier"), "broken")

    found = problems(project, data)

    assert ("title", "must be a string, not 7") in found
    assert len(found) == len(set(found))


def test_everything_is_told_at_once(project: Project) -> None:
    data = replaced(GOOD, ("item", 0, "tier"), "slow")
    data = replaced(data, ("item", 1, "mode"), "live")
    data = replaced(data, ("release_owner",), "kim")
    data = {**data, "extra": 1}

    assert {key for key, _ in problems(project, data)} == {
        "item[0].tier",
        "item[1].mode",
        "release_owner",
        "extra",
    }


def test_a_file_that_is_not_there(project: Project) -> None:
    with pytest.raises(ProjectError, match=r"release\.toml: cannot be read"):
        load_release_policy(project)
