"""The last look after a run: what still carries its run id at the target is removed, too."""

from __future__ import annotations

from billing_canary.target.leftovers import find_leftovers
from billing_canary.target.operations import UnexpectedAnswerError
from billing_canary.target.removal import remove_leftovers
from billing_canary.target.stripe_provider import ProviderError
from billing_canary.target.target import Target


def sweep(target: Target, started_at: float) -> None:
    """Remove what the run left beside its closed accounts, and tell the guard.

    Args:
        target: the run's own.
        started_at: when the run started, in seconds since the epoch.

    Raises:
        RefusedError: the guard ended it; nothing more is sent.
    """
    try:
        removal = remove_leftovers(target, find_leftovers(target, started_at), (), started_at)
    except (UnexpectedAnswerError, ProviderError) as error:
        target.guard.swept(0, [f"what else carries the run id cannot be told: {error}"])
        return
    left = [f"{each.item.kind.value} {each.item.id}: {each.reason}" for each in removal.left]
    target.guard.swept(len(removal.removed), [*left, *removal.unknown])
