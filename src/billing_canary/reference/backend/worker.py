"""Threads that process the inbox."""

from __future__ import annotations

import logging
import threading

from billing_canary.reference.backend.inbox import Delivery, Inbox
from billing_canary.reference.backend.policies import Policies
from billing_canary.reference.backend.processor import Processor

LOG = logging.getLogger("billing_canary.reference")

_THREADS = 4
_STOP_LIMIT_S = 2.0


class Worker:
    """Takes due deliveries from the inbox until it is stopped."""

    def __init__(self, inbox: Inbox, processor: Processor, policies: Policies) -> None:
        self._inbox, self._processor, self._policies = inbox, processor, policies
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"inbox-worker-{number}", daemon=True)
            for number in range(_THREADS)
        ]

    @property
    def alive(self) -> bool:
        """Whether every thread runs."""
        return all(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; each finishes the delivery that it has."""
        self._stopping = True
        self._inbox.timer.wake_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(_STOP_LIMIT_S)

    def _run(self) -> None:
        while not self._stopping:
            ticket = self._inbox.timer.ticket()
            delivery = self._inbox.claim() if self._policies.processes_inbox else None
            if delivery is not None:
                self._work(delivery)
            else:
                until = self._inbox.next_due() if self._policies.processes_inbox else None
                self._inbox.timer.wait(ticket, until)

    def _work(self, delivery: Delivery) -> None:
        try:
            outcome = self._processor.process(delivery)
        except Exception as error:  # noqa: BLE001 - whatever failed, the delivery must not be lost
            LOG.debug("delivery %s failed: %s", delivery.id, error)
            if self._policies.swallows_errors:
                self._inbox.finish(delivery, "processed")
            else:
                self._inbox.try_later(delivery, f"{type(error).__name__}: {error}")
        else:
            self._inbox.finish(delivery, outcome.state, outcome.reason)
