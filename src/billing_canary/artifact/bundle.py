"""Writing a bundle: the run is announced first, evidence follows, and the final file comes last."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from billing_canary.artifact import schema
from billing_canary.artifact.atomic import sync_folder, write_atomically, writing
from billing_canary.artifact.capped_log import CappedLog
from billing_canary.artifact.claim import FolderLock
from billing_canary.artifact.index import Declared, build_index, count_missing
from billing_canary.artifact.json_text import to_json
from billing_canary.artifact.kinds import RUN_FILE, BundleKind, kind_named
from billing_canary.artifact.log_file import LogFile
from billing_canary.artifact.masking import MaskedBytes
from billing_canary.artifact.output_log import OutputLog
from billing_canary.artifact.paths import unsafe_reason
from billing_canary.artifact.run_id import check_run_id
from billing_canary.artifact.run_index import note_finished
from billing_canary.artifact.seal import sealed
from billing_canary.errors import EvidenceError, wrong_call
from billing_canary.redact import Redactor
from billing_canary.verdict import Status

SCHEMA_VERSION = "1"
_PIECE = 1 << 18


class BundleWriter:
    """One bundle while it is written. Everything passes the redactor here once more.

    Attributes:
        folder: where the bundle is.
        kind: which files it must hold and which one completes it.
        run_id: the name of the folder.
    """

    def __init__(self, folder: Path, kind: BundleKind, run: dict[str, Any], redact: Redactor) -> None:
        self.folder = folder
        self.kind = kind
        self.run_id = folder.name
        self._run = run
        self._redact = redact
        self._declared = {file.path: Declared(kind=file.kind) for file in kind.files}
        self._logs: dict[str, LogFile | OutputLog] = {}
        self._complete = False
        self._lock = FolderLock(folder)

    @classmethod
    def create(cls, root: Path, kind: str, run_id: str, head: Mapping[str, Any], redact: Redactor) -> Self:
        """Claim `<root>/<kind>/<run_id>` and write its `run.json` with state `running`.

        Args:
            root: the artifacts folder; made if need be.
            kind: a name in `kinds.KINDS`.
            run_id: as `check_run_id` allows it.
            head: what `run.json` says beside id, kind, state and pid: mode, argv, started_at, project.
            redact: knows the secrets of this run.

        Raises:
            ProjectError: the run id is malformed, looks like a secret, or is taken; or the folder cannot
                be made.
            EvidenceError: `run.json` cannot be written; the folder is given back.
        """
        check_run_id(run_id)
        if redact(run_id) != run_id:
            raise wrong_call("--run-id", "looks like a secret or a card number", "choose another run id")
        folder = _claim(root / kind_named(kind).name, run_id)
        run = {"schema_version": SCHEMA_VERSION, "run_id": run_id, "kind": kind, "pid": os.getpid(), **head}
        writer = cls(folder, kind_named(kind), run, redact)
        try:
            writer._set_state("running")
        except EvidenceError:
            writer._lock.release()
            with suppress(OSError):
                folder.rmdir()
            raise
        return writer

    def write_text(self, path: str, text: str, *, kind: str, required: bool = True) -> Path:
        """Write a text file; one of kind "log" is shortened to its head and tail when it is too long.

        Raises:
            EvidenceError: the path leads out of the bundle, or the file cannot be written.
        """
        data = self._redact(text).encode("utf-8", "backslashreplace")
        if kind != "log":
            return self._put(path, Declared(kind=kind, required=required), data)
        shortened = io.BytesIO()
        log = CappedLog(shortened)
        log.write(data)
        return self._put(path, Declared(kind=kind, required=required, size=log.close()), shortened.getvalue())

    def write_json(self, path: str, document: object, *, kind: str, required: bool = True) -> Path:
        """Write a JSON file, every string in it redacted. Raises as `write_text`."""
        data = to_json(self._redact.tree(document))
        return self._put(path, Declared(kind=kind, required=required), data)

    def write_bytes(self, path: str, data: bytes, *, kind: str, required: bool = True) -> Path:
        """Write `data`, its secrets masked where they stand there as text. Raises as `write_text`."""
        text = self._redact(data.decode("utf-8", "surrogateescape"))
        masked = text.encode("utf-8", "surrogateescape")
        return self._put(path, Declared(kind=kind, required=required), masked)

    def open_log(self, path: str = "logs/run.log") -> LogFile:
        """A stream for a log that is on disk line by line; `finish` and `interrupt` close it.

        Raises:
            EvidenceError: as `write_text`.
        """
        log = self._logs[path] = LogFile(self._inside(path), self._redact)
        self._declared[path] = Declared(kind="log")
        return log

    def open_output(self, path: str) -> OutputLog:
        """A log for the bytes that another program writes; otherwise as `open_log`."""
        log = self._logs[path] = OutputLog(self._inside(path), self._redact)
        self._declared[path] = Declared(kind="log")
        return log

    def keep_file(self, path: str, source: Path, *, kind: str, masked: bool = True) -> Path:
        """Copy the regular file `source` in bounded memory. Raises as `write_text`.

        Args:
            path: where it goes.
            source: any file.
            kind: what it is, as in the artifact index.
            masked: False only for a format of our own that masking would break and that holds no text.
        """
        file = self._inside(path)
        mask = MaskedBytes(self._redact if masked else _unchanged)
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            with source.open("rb") as found, file.open("xb") as kept:
                while data := found.read(_PIECE):
                    kept.write(mask.feed(data))
                kept.write(mask.finish())
                kept.flush()
                os.fsync(kept.fileno())
            sync_folder(file.parent)
        self._declared[path] = Declared(kind=kind)
        return file

    def missing_evidence(self) -> tuple[str, ...]:
        """Required files that are not there yet, those excepted that are rendered from the verdict."""
        rendered = {file.path for file in self.kind.files if file.rendered}
        return tuple(path for path in self._missing() if path not in rendered)

    def finish(self, document: Mapping[str, Any]) -> Path:
        """Complete the bundle: close the logs, build the index, validate, seal, write the final file.

        Then the index of runs learns of it, as well as the system allows.

        Args:
            document: the final document; `artifact_index` and `missing_count` are filled in here.

        Returns:
            The final file.

        Raises:
            EvidenceError: a file cannot be written, the document is not what its schema asks for, or it
                claims a pass although a required file is missing. The bundle then stays unfinished.
        """
        self._close_logs()
        self._set_state("finished")
        rows = build_index(self.folder, self._declared)
        indexed = {**document, "artifact_index": rows, "missing_count": count_missing(rows)}
        self._refuse_empty_pass(indexed)
        final = self._redact.tree(indexed)
        assert isinstance(final, dict)  # noqa: S101 - tree keeps the type; this tells the type checker
        schema.validate(final, self.kind.schema)
        data = sealed(final)
        target = self.folder / self.kind.final
        write_atomically(target, data)
        self._complete = True
        note_finished(self.folder, final, data)
        self._lock.release()
        return target

    def interrupt(self, reason: str) -> None:
        """Say in `run.json` that the run was interrupted, as well as the system still allows.

        A final file whose writing failed at its last step, the syncing of its folder, is taken away.
        """
        if self._complete:
            return
        with suppress(OSError):
            (self.folder / self.kind.final).unlink(missing_ok=True)
        with suppress(EvidenceError):
            self._close_logs()
        with suppress(EvidenceError):
            self._run["reason"] = reason
            self._set_state("interrupted")
        self._lock.release()

    def _put(self, path: str, declared: Declared, data: bytes) -> Path:
        file = self._inside(path)
        write_atomically(file, data)
        self._declared[path] = declared
        return file

    def _inside(self, path: str) -> Path:
        reason = unsafe_reason(path)
        if reason is None and path in {RUN_FILE, self.kind.final}:
            reason = "is written by the bundle itself"
        if reason is None and self._redact(path) != path:
            reason = "looks like a secret"
        if reason:
            raise EvidenceError(f"bundle path {self._redact(path)[:120]!r} {reason}")
        return self.folder / path

    def _missing(self) -> tuple[str, ...]:
        required = (path for path, declared in self._declared.items() if declared.required)
        return tuple(path for path in required if not (self.folder / path).is_file())

    def _refuse_empty_pass(self, document: Mapping[str, Any]) -> None:
        if document["missing_count"] and document.get("overall_status") == Status.PASS:
            raise EvidenceError(f"{self.folder}: a pass without {', '.join(self._missing())} is no pass")

    def _close_logs(self) -> None:
        for path, log in self._logs.items():
            self._declared[path] = Declared(kind="log", size=log.close())

    def _set_state(self, state: str) -> None:
        self._run["state"] = state
        document = self._redact.tree(self._run)
        # Held against its schema once, at the end: loading the validator takes longer than all else that
        # happens before a run, and can happen while the run waits for answers.
        if state == "finished":
            schema.validate(document, "run")
        write_atomically(self.folder / RUN_FILE, to_json(document))


def _unchanged(text: str) -> str:
    return text


def _claim(parent: Path, run_id: str) -> Path:
    """The new folder of the run. `mkdir` decides between two runs that race for one id."""
    folder = parent / run_id
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except FileExistsError as error:
        if not folder.exists():
            raise _unusable(parent, error) from error
        fix = "choose another --run-id, or leave it out to get a new one"
        raise wrong_call(str(folder), "run id taken: the folder exists already", fix) from error
    except OSError as error:
        raise _unusable(parent, error) from error
    return folder


def _unusable(parent: Path, error: OSError) -> Exception:
    return wrong_call(
        str(error.filename or parent),
        f"the bundle's folder cannot be made: {error.strerror}",
        "give --artifacts a folder that you may write to",
    )
