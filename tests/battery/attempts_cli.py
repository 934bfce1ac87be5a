"""The command line as a person uses it on staging: keys in the wrong place, caps, hosts, no proof."""

from __future__ import annotations

import copy
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from tests.battery.arena import PROJECT_FILE, ROOT, TEST_KEY, Attempt, Observed, World, doing
from tests.battery.attempts_keys import LIVE
from tests.fakes.project_folder import MONEY, TARGETS, make_project
from tests.fakes.server import Reply, answer_json

from billing_canary.cli.main import run

PREFIX = "BILLING_CANARY_STAGING_"
VARIABLES = ("URL", "BUILD_ID", "ADMIN_KEY", "WEBHOOK_SECRET", "PROVIDER_KEY")
FORMS = {
    "secret": LIVE,
    "restricted": "rk_live_51battery",
    "organisation": "sk_org_51battery",
    "in-a-list": f"sk_test_battery,{LIVE}",
    "with-spaces": " sk_ live_51battery ",
    "url-quoted": "sk%5Flive%5F51battery",
    "basic": b64encode(f"{LIVE}:".encode()).decode(),
}
OPTIONS = (
    "--only",
    "--project",
    "--artifacts",
    "--run-id",
    "--max-amount",
    "--max-amount-rub",
    "--expect-build",
    "--mode",
    "--fault",
    "--schedule",
    "--no-such-option",
)
Files = Callable[[dict[str, Any], dict[str, Any]], None]
_CODES = {0: "", 1: "", 2: PROJECT_FILE, 3: ""}


def _same(targets: dict[str, Any], money: dict[str, Any]) -> None:
    """The files as they are."""


def call(
    world: World,
    *options: str,
    env: Mapping[str, str] | None = None,
    files: Files = _same,
    process: bool = False,
) -> Observed:
    """`probe --mode staging` in a project whose staging target is the arena's own servers."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write_project(world, root, files)
        argv = [
            "probe",
            "--mode",
            "staging",
            "--project",
            folder,
            "--artifacts",
            f"{folder}/artifacts",
            "--json",
        ]
        start = _process if process else _within
        code, out, err = start([*argv, *options], _environment(world) | dict(env or {}))
    return _observed(code, out, err)


def _write_project(world: World, root: Path, files: Files) -> None:
    targets, money = copy.deepcopy(TARGETS), copy.deepcopy(MONEY)
    targets["staging"]["provider"]["base_url"] = world.arena.provider.url
    targets["staging"]["patience"] = dict(targets["mock"]["patience"])
    money["hosts"]["allow"] = [world.arena.backend.host, world.arena.provider.host]
    files(targets, money)
    make_project(root, targets=targets, money=money)
    shutil.copy(ROOT / "probes/provider.py", root / "probes")
    (root / "pyproject.toml").write_text("[tool.billing-canary]\n", encoding="utf-8")


def _environment(world: World) -> dict[str, str]:
    values = (world.arena.backend.url, "build-7", "admin", "whsec_battery", TEST_KEY)
    return {f"{PREFIX}{name}": value for name, value in zip(VARIABLES, values, strict=True)}


def _within(argv: list[str], env: Mapping[str, str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with environment(env), redirect_stdout(out), redirect_stderr(err):
        code = run(argv)
    return code, out.getvalue(), err.getvalue()


def _process(argv: list[str], env: Mapping[str, str]) -> tuple[int, str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BILLING_", "COV"))}
    command = [sys.executable, "-m", "billing_canary", *argv]
    done = subprocess.run(
        command, env=kept | dict(env), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """These environment variables, for a while."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _observed(code: int, out: str, err: str) -> Observed:
    """The rule that the call named. No byte of its output may hold the key that it was given."""
    assert LIVE not in out + err, "the live key was shown"
    if code != 4:
        return Observed(rule=_CODES.get(code, f"exit {code}"), reported=code == 2, said=err[-300:])
    if out:
        checks = json.loads(out)["safety_checks"]
        refused = [check["id"] for check in checks if check["status"] == "refused"]
        return Observed(rule=", ".join(refused), reported=bool(refused), said=err[-300:])
    return Observed(rule=err.partition(":")[0], reported=True, said=err[-300:])


def _keys() -> Iterator[Attempt]:
    for variable in VARIABLES:
        for name, value in FORMS.items():
            env = {PREFIX + variable: value}
            yield _attempt("keys", f"variable-{variable}-{name}", doing(call, env=env))
    for option in OPTIONS:
        for name, value in FORMS.items():
            yield _attempt("keys", f"option{option}-{name}", doing(call, option, value))
        yield _attempt("keys", f"option{option}-joined", doing(call, f"{option}={LIVE}"))
    for number, words in enumerate(
        (("runs", "show", LIVE), ("doctor", "--project", LIVE), (LIVE,), ("--help", LIVE))
    ):
        yield _attempt("keys", f"command-{number}", doing(_other, *words))
    url = f"http://{LIVE}@127.0.0.1:1"
    yield _attempt("keys", "url-with-user", lambda world: call(world, env={f"{PREFIX}URL": url}))
    yield _attempt(
        "keys",
        "two-test-keys",
        lambda world: call(world, env={f"{PREFIX}PROVIDER_KEY": "sk_test_a,sk_test_b"}),
    )
    yield _attempt(
        "keys", "no-test-key", lambda world: call(world, env={f"{PREFIX}PROVIDER_KEY": "mock_key"})
    )


def _other(world: World, *words: str) -> Observed:
    del world
    return _observed(*_within(list(words), {}))


def _caps() -> Iterator[Attempt]:
    for name, options in {
        "max-amount": ("--max-amount", "1000 RUB"),
        "max-amount-rub": ("--max-amount-rub", "1000"),
        "small-letters": ("--max-amount", "1000 rub"),
        "highest-of-two": ("--max-amount", "0.50 RUB", "--max-amount", "1000 RUB"),
        "other-currency-beside": ("--max-amount-rub", "1000", "--max-amount", "1000 JPY"),
    }.items():
        yield _attempt("planned-spend", f"raise-{name}", doing(call, *options, files=_little))
    yield _attempt("planned-spend", "lower", lambda world: call(world, "--max-amount-rub", "0.50"))
    yield _attempt("planned-spend", "nothing", lambda world: call(world, "--max-amount-rub", "0"))
    for text in (
        "5 EUR",
        "5 XYZ",
        "1e3 RUB",
        "-5 RUB",
        "10,5 RUB",
        "١٠ RUB",  # noqa: RUF001 - the look-alike is the attempt
        "0x10 RUB",
        "inf RUB",
        "RUB",
        "5",
        "5RUB",
    ):
        yield _attempt(PROJECT_FILE, f"cap-{text}", doing(call, "--max-amount", text))
    for text in ("inf", "-1", "1e3", "1_0", "", "10 USD"):
        yield _attempt(
            PROJECT_FILE,
            f"cap-rub-{text!r}",
            doing(call, f"--max-amount-rub={text}"),
        )


def _little(targets: dict[str, Any], money: dict[str, Any]) -> None:
    del targets
    money["caps"]["per_run"]["RUB"] = "0.50"


def _hosts() -> Iterator[Attempt]:
    def no_host(targets: dict[str, Any], money: dict[str, Any]) -> None:
        del targets
        money["hosts"]["allow"] = []

    def no_provider_host(targets: dict[str, Any], money: dict[str, Any]) -> None:
        del targets
        money["hosts"]["allow"].pop()

    def connectivity(targets: dict[str, Any], money: dict[str, Any]) -> None:
        del money
        targets["staging"]["connectivity"] = ["https://example.com"]

    yield _attempt("hosts", "none-allowed", lambda world: call(world, files=no_host))
    yield _attempt("hosts", "provider-not-allowed", lambda world: call(world, files=no_provider_host))
    yield _attempt("hosts", "connectivity-not-allowed", lambda world: call(world, files=connectivity))
    for name, url in {
        "elsewhere": "{}",
        "name": "http://localhost:1",
        "https": "https://staging.example.com",
    }.items():
        yield _attempt("hosts", f"backend-{name}", doing(_at, url))


def _at(world: World, url: str) -> Observed:
    return call(world, env={f"{PREFIX}URL": url.format(world.arena.elsewhere.url)})


def _proofs() -> Iterator[Attempt]:
    def no_provider(targets: dict[str, Any], money: dict[str, Any]) -> None:
        del money
        del targets["staging"]["provider"]
        targets["staging"]["connectivity"] = []

    yield _attempt("sandbox", "no-provider", lambda world: call(world, files=no_provider))
    for name, (rule, reply) in {
        "silent": ("sandbox", answer_json({"object": "balance"})),
        "empty": ("sandbox", answer_json({})),
        "list": ("sandbox", answer_json([])),
        "null": ("sandbox", answer_json({"object": "balance", "livemode": None})),
        "text": ("sandbox", answer_json({"object": "balance", "livemode": "false"})),
        "error": ("sandbox", answer_json({"error": {"message": "no", "type": "api_error"}}, 500)),
        "unauthorised": ("sandbox", answer_json({"error": {"message": "no"}}, 401)),
        "not-json": ("sandbox", Reply(body=b"<html>")),
        "live": ("never-live", answer_json({"object": "balance", "livemode": True})),
        "live-text": ("never-live", answer_json({"object": "balance", "livemode": "true"})),
    }.items():
        yield _attempt(rule, f"balance-{name}", doing(_balance, reply))
    yield _attempt("never-live", "live-without-proof", _live_health)


def _balance(world: World, reply: Reply) -> Observed:
    usual = world.arena.provider.script
    world.arena.provider.script = lambda asked: reply if asked.path == "/v1/balance" else usual(asked)
    return call(world)


def _live_health(world: World) -> Observed:
    world.arena.backend.script = lambda _: answer_json({"ok": True, "livemode": True})
    return call(world, "--no-require-sandbox")


def _processes() -> Iterator[Attempt]:
    """A few of the above in a process of their own, from the first import on."""
    key = {f"{PREFIX}ADMIN_KEY": LIVE}
    yield _attempt("keys", "process-variable", lambda world: call(world, env=key, process=True))
    yield _attempt("keys", "process-option", lambda world: call(world, "--only", LIVE, process=True))
    yield _attempt(
        "planned-spend", "process-cap", lambda world: call(world, "--max-amount-rub", "0.5", process=True)
    )


def _attempt(rule: str, name: str, act: Callable[[World], object]) -> Attempt:
    return Attempt(id=f"cli-{name}", rule=rule, act=act)


ATTEMPTS = (*_keys(), *_caps(), *_hosts(), *_proofs(), *_processes())
