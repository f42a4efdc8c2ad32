"""The gateway as a whole: listens, looks at the spool, and hands due steps to threads."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from service.gateway.courier import Courier
from service.gateway.receiver import Receiver
from service.gateway.spool import ENDED, SpoolEntry

LOOK_SECONDS = 1.0

_log = structlog.get_logger()


class Gateway:
    """Runs until it is stopped; everything it knows is in the spool."""

    def __init__(self, courier: Courier, *, listens: bool = True) -> None:
        self._courier = courier
        self._wake = threading.Event()
        self._stopped = False
        self._receiver = Receiver(courier.configuration, courier.spool, self._wake.set) if listens else None
        self._busy: dict[str, Future[None]] = {}

    def start(self) -> None:
        """Begin to listen.

        Raises
        ------
        OSError
            When the port cannot be had.
        """
        if self._receiver is not None:
            self._receiver.start()

    def run(self, *, once: bool = False) -> None:
        """Take every scan as far as it goes, until ``stop``; with ``once`` until nothing is left to do."""
        with ThreadPoolExecutor(self._courier.configuration.workers, "step") as threads:
            try:
                while not self._stopped:
                    waiting = self._look(threads)
                    if once and not waiting:
                        return
                    self._wake.wait(LOOK_SECONDS)
                    self._wake.clear()
            finally:
                for future in self._busy.values():
                    future.cancel()

    def stop(self) -> None:
        """End after the steps that run now; what is in the spool goes on at the next start."""
        self._stopped = True
        self._wake.set()
        if self._receiver is not None:
            self._receiver.stop()
        self._courier.analyst.close()

    def _look(self, threads: ThreadPoolExecutor) -> bool:
        """Start every step that is due; whether anything waits."""
        now = self._courier.clock()
        for key in [key for key, future in self._busy.items() if future.done()]:
            self._busy.pop(key).result()
        self._forget(now)
        entries = self._courier.spool.all()
        self._sort_settled(entries, now)
        pending = [e for e in self._courier.spool.all() if e.state in ("received", "submitted", "built")]
        for entry in pending:
            is_sorted = entry.state != "received" or entry.due != 0.0
            if is_sorted and entry.due <= now and entry.key not in self._busy:
                self._busy[entry.key] = threads.submit(self._steps, entry.key)
        return bool(pending)

    def _steps(self, key: str) -> None:
        """As many steps as go without waiting."""
        before = None
        while not self._stopped:
            entry = self._courier.spool.entries.get(key)
            if entry is None or entry == before or entry.state in ENDED or entry.due > self._courier.clock():
                return
            if entry.state == "received" and entry.due == 0.0:  # came again meanwhile, and is not sorted yet
                return
            before = entry
            self._courier.step(entry)
        self._wake.set()

    def _sort_settled(self, entries: list[SpoolEntry], now: float) -> None:
        newest: dict[str, float] = {}
        unsorted = {entry.study for entry in entries if entry.state == "received" and entry.due == 0.0}
        for entry in entries:
            newest[entry.study] = max(newest.get(entry.study, 0.0), min(entry.received, now))
        for study in sorted(unsorted):
            if now - newest[study] >= self._courier.configuration.settle_seconds:
                self._courier.sort(study)

    def _forget(self, now: float) -> None:
        """Remove what could not be delivered for too long, and say so."""
        for entry in self._courier.spool.all():
            if now - entry.received > self._courier.configuration.forget_after:
                undelivered = entry.state not in ("reference", "member")
                if undelivered:
                    _log.error(
                        "forgotten undelivered",
                        sop_instance_uid=entry.sop_instance_uid,
                        state=entry.state,
                        days=round((now - entry.received) / 86_400, 1),
                    )
                self._courier.spool.forget(entry)
