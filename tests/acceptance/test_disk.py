"""Disks that are full, read-only or somebody else's: no evidence, no pass."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Outcome

# In a mount namespace of its own, so that nothing stays mounted whatever happens. What was written is
# copied out before the namespace ends.
ON_A_SMALL_DISK = """
set -eu
mkdir -p small artifacts
mount -t tmpfs -o size="$1" tmpfs small
[ "$2" = rw ] || mount -o remount,ro small
shift 2
code=0
"$@" --artifacts small || code=$?
cp -a small/. artifacts/
exit "$code"
"""


def _on_disk(canary: Canary, own_mounts: tuple[str, ...], size: str, mode: str = "rw") -> Outcome:
    before = (*own_mounts, "sh", "-c", ON_A_SMALL_DISK, "sh", size, mode)
    return canary.ended(canary.start("probe", "--run-id", "one", before=before))


@pytest.mark.parametrize("size", ["4k", "8k", "24k", "40k", "64k"])
def test_a_full_disk_is_no_pass(canary: Canary, own_mounts: tuple[str, ...], size: str) -> None:
    done = _on_disk(canary, own_mounts, size)
    assert done.code in {2, 3}, done.stdout
    assert "PASS" not in done.stdout
    assert "small/billing-canary" in done.stderr
    assert "No space left on device" in done.stderr
    assert not list(canary.artifacts.rglob("billing-canary-report.json"))
    assert not list(canary.artifacts.rglob("*.tmp"))
    assert canary.bundle.state == "interrupted"


@pytest.mark.parametrize("size", ["128k", "1m", "4m"])
def test_a_small_disk_holds_all_or_says_so(canary: Canary, own_mounts: tuple[str, ...], size: str) -> None:
    done = _on_disk(canary, own_mounts, size)
    assert done.code == (0 if canary.bundle.final.exists() else 3)
    assert canary("runs", "verify", "--all").code == done.code
    assert done.code == 0 or size == "128k"


def test_a_read_only_disk_is_a_wrong_call(canary: Canary, own_mounts: tuple[str, ...]) -> None:
    done = _on_disk(canary, own_mounts, "1m", "ro")
    assert (done.code, done.stdout) == (2, "")
    assert "small/billing-canary: the bundle's folder cannot be made: Read-only file system" in done.stderr
    assert "fix: give --artifacts" in done.stderr


@pytest.mark.parametrize("blocks", [2, 16, 48])
def test_a_limit_on_file_sizes_is_no_pass(canary: Canary, blocks: int) -> None:
    """A quota needs no mount: some file ends too early."""
    before = ("bash", "-c", f'ulimit -f {blocks}; "$@"', "bash")
    done = canary.ended(canary.start("probe", "--run-id", "one", before=before))
    assert done.code == 3
    assert "cannot be written: File too large" in done.stderr
    assert canary.bundle.state == "interrupted"


@pytest.mark.parametrize("way", ["artifacts", "artifacts/billing-canary"])
def test_a_file_in_the_way_is_a_wrong_call(quick: Canary, way: str) -> None:
    (quick.home / way).parent.mkdir(exist_ok=True)
    (quick.home / way).write_text("I was here first", encoding="utf-8")
    done = quick("probe")
    assert (done.code, done.stdout) == (2, "")
    assert way in done.stderr
    assert "fix: " in done.stderr
    assert (quick.home / way).read_text(encoding="utf-8") == "I was here first"


@pytest.fixture
def forbidden(tmp_path: Path) -> tuple[Path, tuple[str, ...]]:
    """A folder that may not be written to, and a command prefix under which that is true."""
    folder = tmp_path / "forbidden"
    folder.mkdir(mode=0o500)
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:  # permissions mean nothing to root, unless it gives that right up
        os.chown(folder, 65534, 65534)
        prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    trial = subprocess.run([*prefix, "touch", str(folder / "trial")], capture_output=True, check=False)
    if trial.returncode != 1:
        pytest.skip("no folder can be forbidden here")
    return folder, prefix


@pytest.mark.parametrize("words", ["probe --only operations.build_at_start", "faults --only F85"])
def test_a_forbidden_folder_is_a_wrong_call(
    canary: Canary, forbidden: tuple[Path, tuple[str, ...]], words: str
) -> None:
    folder, prefix = forbidden
    process = canary.start(*words.split(), "--artifacts", str(folder / "artifacts"), before=prefix)
    done = canary.ended(process)
    assert (done.code, done.stdout) == (2, "")
    assert f"{folder}/artifacts" in done.stderr
    assert "Permission denied" in done.stderr


def test_doctor_finds_a_forbidden_folder(canary: Canary, forbidden: tuple[Path, tuple[str, ...]]) -> None:
    folder, prefix = forbidden
    done = canary.ended(canary.start("doctor", "--artifacts", str(folder / "artifacts"), before=prefix))
    assert done.code == 2
    assert f"FAIL artifacts: {folder}/artifacts: Permission denied" in done.stdout
    assert "fix: name a folder that you may write to" in done.stdout


def test_a_link_out_of_the_artifacts_is_not_followed_by_a_run(quick: Canary, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (quick.artifacts / "billing-canary").mkdir(parents=True)
    (quick.artifacts / "billing-canary" / "one").symlink_to(tmp_path / "elsewhere")
    done = quick("probe", "--run-id", "one")
    assert done.code == 2
    assert not list((tmp_path / "elsewhere").iterdir())
