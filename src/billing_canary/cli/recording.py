"""What every command that writes a bundle does the same way."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from billing_canary import __version__
from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.head import ReportHead
from billing_canary.artifact.runner import git_state, tool_versions
from billing_canary.errors import ExitCode
from billing_canary.project import Project

_SECRET_WORDS = ("SECRET", "TOKEN", "PASSWORD", "API_KEY", "PRIVATE_KEY")


def environment_secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """Values of variables whose name says that they are secret: no probe may write them out."""
    for name, value in environ.items():
        if any(word in name.upper() for word in _SECRET_WORDS):
            yield value


def report_head(mode: str, project: Project) -> ReportHead:
    """Where a report of this process comes from: commit, command line, project, versions."""
    commit, dirty = git_state(project.root)
    return ReportHead(
        mode=mode,
        commit=commit,
        dirty=dirty,
        argv=tuple(sys.argv[1:]),
        project=project.files,
        versions={"billing-canary": __version__, **tool_versions()},
    )


@contextmanager
def truthful_bundle(writer: BundleWriter) -> Iterator[None]:
    """Say in the bundle that the run was interrupted, whatever ends it early.

    Raises:
        Exit: with code 130 after Ctrl-C or SIGTERM.
    """
    stream = sys.stderr
    try:
        yield
    except KeyboardInterrupt:
        writer.interrupt("interrupted by a signal")
        click.echo(f"interrupted; the bundle says so: {writer.folder}", file=stream)
        raise click.exceptions.Exit(int(ExitCode.INTERRUPTED)) from None
    except BaseException as error:
        writer.interrupt(f"ended by {type(error).__name__}")
        click.echo(f"the bundle is incomplete: {writer.folder}", file=stream)
        raise
