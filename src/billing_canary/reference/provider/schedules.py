"""Named, replayable schedules by which the provider delivers its webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PROMPT_DELAY_S = 0.06
"""Several probes send their own copies of an event and need this head start before the provider's own."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How each event is delivered.

    Attributes:
        name: identifier.
        title: one line for people.
        copies: deliveries of each event; 0 delivers nothing.
        parallel: send the copies at once instead of one after the other.
        delay_s: service time between the event and its first delivery.
        order: "reversed" collects the events of one delay and sends the newest first.
        age_s: how old the signed timestamp is.
        signed_with: which secret; "rotated" signs twice, first with an old secret, then with the current one.
        then_good: send one more copy, fresh and with the current secret, after the others.
    """

    name: str
    title: str
    copies: int = 1
    parallel: bool = False
    delay_s: float = PROMPT_DELAY_S
    order: Literal["as-created", "reversed"] = "as-created"
    age_s: float = 0.0
    signed_with: Literal["current", "wrong", "rotated"] = "current"
    then_good: bool = False


_ALL = (
    Schedule(name="prompt", title="one copy of each event, soon"),
    Schedule(name="duplicated", title="three copies, one after the other", copies=3),
    Schedule(name="parallel", title="eight copies at once", copies=8, parallel=True),
    Schedule(name="delayed", title="one copy after half a second", delay_s=0.5),
    Schedule(name="reversed", title="events of one delay, newest first", order="reversed"),
    Schedule(
        name="stale-then-fresh", title="a ten minutes old copy, then a fresh one", age_s=600.0, then_good=True
    ),
    Schedule(
        name="wrong-secret-then-right",
        title="a forged copy, then a real one",
        signed_with="wrong",
        then_good=True,
    ),
    Schedule(
        name="rotated-secret", title="two signatures, the second by the current secret", signed_with="rotated"
    ),
    Schedule(name="silent", title="nothing is delivered", copies=0),
)

SCHEDULES = {schedule.name: schedule for schedule in _ALL}
"""Every schedule by its name."""
