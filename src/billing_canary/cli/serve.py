"""Serving the reference service in the foreground, and saying how to talk to it."""

from __future__ import annotations

import json
import signal
import sqlite3
import threading

import click

from billing_canary.cli.signals import terminate_as_interrupt
from billing_canary.errors import ExitCode, wrong_call
from billing_canary.reference.faults import catalogue
from billing_canary.reference.provider.schedules import SCHEDULES
from billing_canary.reference.service import Running, start
from billing_canary.reference.settings import Settings

_HOW = """\
Reference billing service   {backend}
Payment provider            {provider}
Build                       {build}
Faults                      {faults}
Webhook schedule            {schedule}

{keys}
Open an account, top it up, pay, and look:

  curl -s -X POST $BACKEND/accounts -H "X-Admin-Key: $ADMIN_KEY" \\
    -H 'Content-Type: application/json' -d '{{"currency": "RUB"}}'
  curl -s -X POST $BACKEND/accounts/ACCOUNT/topups -H "X-Admin-Key: $ADMIN_KEY" \\
    -H 'Idempotency-Key: try-1' -H 'Content-Type: application/json' \\
    -d '{{"amount": 500}}'
  curl -s $PROVIDER/v1/payment_intents/INTENT/confirm -u $PROVIDER_KEY: \\
    -d payment_method=pm_card_visa
  curl -s $BACKEND/accounts/ACCOUNT/wallet -H "X-Admin-Key: $ADMIN_KEY"

Also: $BACKEND/healthz /version /metrics. Ctrl-C ends it.
"""


_MADE_UP = """\
The keys below are made up for this start and worth nothing:

  export BACKEND={backend} PROVIDER={provider}
  export ADMIN_KEY={admin}
  export PROVIDER_KEY={key}
  export WEBHOOK_SECRET={secret}
"""

_YOURS = """\
Key and webhook secret of the provider are yours; let it send its events to {backend}/webhooks/stripe.
The admin key is made up for this start:

  export BACKEND={backend} PROVIDER={provider}
  export ADMIN_KEY={admin}
  export PROVIDER_KEY=$BILLING_CANARY_MOCK_PROVIDER_KEY
"""

_LOOK_S = 1.0
"""A signal that comes right before a wait begins is heard only when that wait ends."""


def serve(settings: Settings, *, as_json: bool) -> int:
    """Serve until Ctrl-C or SIGTERM; both are the expected end, so the exit code says yes.

    Raises:
        ProjectError: an unknown fault or schedule, or a port or database that cannot be used.
    """
    try:
        running = start(settings)
    except (OSError, sqlite3.Error) as error:
        fix = "choose another --port, --provider-port or --database"
        raise wrong_call("billing-canary mock", f"cannot start: {error}", fix) from error
    try:
        with terminate_as_interrupt():  # before the announcement: whoever reads it may end us at once
            _announce(running, settings, as_json=as_json)
            while not threading.Event().wait(_LOOK_S):
                pass
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not cut the clean-up short
        click.echo("stopped", err=True)
    finally:
        running.stop()
    return int(ExitCode.YES)


def _announce(running: Running, settings: Settings, *, as_json: bool) -> None:
    document = {
        "backend_url": running.backend_url,
        "provider_url": running.provider_url,
        "build_id": settings.build_id,
        "faults": list(settings.faults),
        "schedule": settings.schedule,
        "admin_key": settings.admin_key,
    }
    if settings.provider_url is None:  # keys of somebody else's provider are not ours to show
        document |= {"provider_key": settings.provider_key, "webhook_secret": settings.webhook_secret}
    if as_json:
        click.echo(json.dumps(document))
        return
    click.echo(_how(running, settings))


def _how(running: Running, settings: Settings) -> str:
    addresses = {"backend": running.backend_url, "provider": running.provider_url}
    keys = (_MADE_UP if settings.provider_url is None else _YOURS).format(
        admin=settings.admin_key, key=settings.provider_key, secret=settings.webhook_secret, **addresses
    )
    return _HOW.format(
        keys=keys,
        build=settings.build_id,
        faults=", ".join(settings.faults) or "none",
        schedule=settings.schedule if settings.provider_url is None else "the provider's own",
        **addresses,
    )


def list_catalogue(*, as_json: bool) -> int:
    """Print every fault and every webhook schedule."""
    faults = [{"id": fault.id, "title": fault.title, "source": fault.source} for fault in catalogue()]
    schedules = [{"name": each.name, "title": each.title} for each in SCHEDULES.values()]
    if as_json:
        click.echo(json.dumps({"faults": faults, "schedules": schedules}))
        return int(ExitCode.YES)
    click.echo("Faults (--fault ID):")
    for fault in faults:
        click.echo(f"  {fault['id']}  {fault['title']}")
    click.echo("\nWebhook schedules (--schedule NAME):")
    for each in schedules:
        click.echo(f"  {each['name']:<24}{each['title']}")
    return int(ExitCode.YES)
