"""`billing-canary mock`: the reference billing service and its payment provider, to try things by hand."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  billing-canary mock
  billing-canary mock --fault F01 --port 8080
  billing-canary mock --list-faults
  billing-canary mock --provider-url http://127.0.0.1:8420
"""


@click.command(epilog=EPILOG)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Backend's port (default: a free one)."
)
@click.option("--provider-port", type=click.IntRange(0, 65535), default=0, help="Payment provider's port.")
@click.option(
    "--provider-url",
    metavar="URL",
    help="Another provider with Stripe's API, in test mode, instead of the built-in one. Its key is read "
    "from BILLING_CANARY_MOCK_PROVIDER_KEY, its webhook secret from BILLING_CANARY_MOCK_WEBHOOK_SECRET.",
)
@click.option("--database", default=":memory:", show_default=True, help="SQLite file to keep the store in.")
@click.option(
    "--fault", "faults", multiple=True, metavar="ID", help="Switch a catalogued fault on. Repeatable."
)
@click.option("--schedule", default="prompt", show_default=True, help="Webhook delivery schedule.")
@click.option("--list-faults", is_flag=True, help="List the faults and the schedules, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Addresses and keys as one JSON document on stdout.")
def command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    port: int,
    provider_port: int,
    provider_url: str | None,
    database: str,
    faults: tuple[str, ...],
    schedule: str,
    list_faults: bool,
    as_json: bool,
) -> int:
    """Serve the reference billing service on this machine until Ctrl-C.

    It binds loopback only and moves no real money. Keys are made up for this start, but for those of a
    provider of your own.
    """
    from billing_canary.cli.serve import list_catalogue, serve
    from billing_canary.reference.settings import Settings

    if list_faults:
        return list_catalogue(as_json=as_json)
    from billing_canary import __version__
    from billing_canary.cli.outer_provider import outer_keys
    from billing_canary.target.mock import mock_keys

    keys = mock_keys()
    if provider_url is not None:
        keys |= outer_keys(provider_url, built_in=provider_port != 0 or schedule != "prompt")
    settings = Settings(
        faults=faults,
        build_id=f"mock-{__version__}",
        schedule=schedule,
        backend_port=port,
        provider_port=provider_port,
        database=database,
        provider_url=provider_url,
        **keys,
    )
    return serve(settings, as_json=as_json)
