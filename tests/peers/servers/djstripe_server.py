"""A Django project around dj-stripe, in one file, in dj-stripe's own environment; argument: the port.

From the environment: FOLDER (for its database), WEBHOOK_SECRET, API_KEY, API_HOST (a server with Stripe's
API, which dj-stripe asks for the objects that events name).

Its webhook endpoint is dj-stripe's own. /events/ID tells what became of an event: a handler of this
project notes, in the transaction of the event, that the event took effect, as a shop would credit a wallet.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django  # type: ignore[import-not-found]  # it lives in the peer's environment only
from django.conf import settings  # type: ignore[import-not-found]  # the same
from django.core.management import call_command  # type: ignore[import-not-found]  # the same

ENDPOINT = "11111111-1111-4111-8111-111111111111"
FOLDER = Path(os.environ["FOLDER"])

settings.configure(
    DEBUG=True,  # dj-stripe allows another API host in debug mode only
    SECRET_KEY="made up",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "db.sqlite3",
            # Parallel deliveries wait for each other instead of failing on a locked database.
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
        }
    },
    MIGRATION_MODULES={"djstripe": None},  # its real migrations take half a minute
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    STRIPE_API_HOST=os.environ["API_HOST"],
    STRIPE_LIVE_MODE=False,
    STRIPE_TEST_SECRET_KEY=os.environ["API_KEY"],
    LOGGING={
        "version": 1,
        "handlers": {"stderr": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application  # type: ignore[import-not-found]  # noqa: E402 - after setup
from django.db import connection  # type: ignore[import-not-found]  # noqa: E402 - the same
from django.http import JsonResponse  # type: ignore[import-not-found]  # noqa: E402 - the same
from django.urls import include, path  # type: ignore[import-not-found]  # noqa: E402 - the same
from djstripe.event_handlers import djstripe_receiver  # type: ignore[import-not-found]  # noqa: E402 - the same
from djstripe.models import Account, APIKey, WebhookEndpoint  # type: ignore[import-not-found]  # noqa: E402 - the same


@djstripe_receiver("payment_intent.succeeded")  # type: ignore[untyped-decorator]  # it has no type hints
def _take_effect(event: Any, **_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effect (event) VALUES (%s)", [event.id])


def _story(_request: Any, event: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM effect WHERE event = %s", [event])
        (effects,) = cursor.fetchone()
    return JsonResponse({"state": "processed" if effects else "unknown", "effects": effects})


urlpatterns = [
    path("stripe/", include("djstripe.urls", namespace="djstripe")),
    path("events/<str:event>", _story),
]


def _prepare() -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("CREATE TABLE effect (event TEXT NOT NULL)")
    account = Account.objects.create(id="acct_peer", livemode=False)
    APIKey.objects.create(
        id="key_peer",
        type="secret",
        name="peer",
        secret=os.environ["API_KEY"],
        livemode=False,
        djstripe_owner_account=account,
    )
    WebhookEndpoint.objects.create(
        id="we_peer",
        djstripe_uuid=ENDPOINT,
        secret=os.environ["WEBHOOK_SECRET"],
        djstripe_owner_account=account,
        djstripe_validation_method="verify_signature",
        enabled_events=["*"],
        url=f"http://127.0.0.1/stripe/webhook/{ENDPOINT}/",
        status="enabled",
        livemode=False,
    )


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    _prepare()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    port = int(sys.argv[1])
    with make_server("127.0.0.1", port, get_wsgi_application(), _Server, _Quiet) as server:
        server.serve_forever()
