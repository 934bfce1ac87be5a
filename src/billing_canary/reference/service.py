"""Start the reference service and its payment provider in this process."""

from __future__ import annotations

from contextlib import ExitStack

from billing_canary.errors import wrong_call
from billing_canary.reference.backend.app import Backend
from billing_canary.reference.backend.event import HANDLED_TYPES
from billing_canary.reference.clock import ServiceClock
from billing_canary.reference.faults import faulty_policies
from billing_canary.reference.provider.app import Provider
from billing_canary.reference.provider.schedules import SCHEDULES
from billing_canary.reference.server import Server
from billing_canary.reference.settings import Settings

__all__ = ["Running", "Settings", "start"]


class Running:
    """A service that runs, with the addresses to reach it (no trailing slash)."""

    def __init__(self, *, backend_url: str, provider_url: str, cleanup: ExitStack) -> None:
        self.backend_url = backend_url
        self.provider_url = provider_url
        self._cleanup = cleanup

    def stop(self) -> None:
        """End every thread and close every socket; a second call does nothing."""
        self._cleanup.close()


def start(settings: Settings) -> Running:
    """Start backend and provider on loopback ports.

    Raises:
        ProjectError: unknown faults or an unknown schedule.
        OSError: a port is taken.
        ValueError: `provider_url` is no http(s) address.
        sqlite3.Error: the database cannot be opened.
    """
    policies = faulty_policies(settings.faults)
    if settings.schedule not in SCHEDULES:
        fix = f"use one of {', '.join(SCHEDULES)}"
        raise wrong_call("webhook schedule", f"{settings.schedule!r} is not known", fix)
    clock = ServiceClock()
    with ExitStack() as cleanup:
        provider = None if settings.provider_url else _start_provider(settings, clock, cleanup)
        provider_url = settings.provider_url or (provider[1].url if provider else "")
        backend = Backend(settings, policies, clock, provider_url)
        cleanup.callback(backend.stop)
        server = _serve(backend.app(), settings.backend_port, cleanup)
        backend.start()
        if provider:
            provider[0].deliver_to(server.url, HANDLED_TYPES)
        return Running(backend_url=server.url, provider_url=provider_url, cleanup=cleanup.pop_all())


def _start_provider(settings: Settings, clock: ServiceClock, cleanup: ExitStack) -> tuple[Provider, Server]:
    provider = Provider(
        clock=clock,
        key=settings.provider_key,
        webhook_secret=settings.webhook_secret,
        schedule=SCHEDULES[settings.schedule],
    )
    server = _serve(provider.app(), settings.provider_port, cleanup)
    cleanup.callback(provider.stop)
    return provider, server


def _serve(app: object, port: int, cleanup: ExitStack) -> Server:
    server = Server(app, port)
    cleanup.callback(server.stop)
    server.start()
    return server
