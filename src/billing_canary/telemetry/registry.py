"""Every kind of source; a new one is one module and one line here."""

from __future__ import annotations

from billing_canary.telemetry.audit_incidents import AUDIT_LOG
from billing_canary.telemetry.bundles import BUNDLES
from billing_canary.telemetry.files import FILE
from billing_canary.telemetry.prometheus import PROMETHEUS
from billing_canary.telemetry.sql import SQL

KINDS = {kind.name: kind for kind in (BUNDLES, PROMETHEUS, SQL, FILE, AUDIT_LOG)}
"""By the name that `kind` has in `[source.NAME]`."""
