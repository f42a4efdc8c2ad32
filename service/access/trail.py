"""Audit entries of requests on their way to the log: gathered, so that reading does not wait for writing."""

from __future__ import annotations

import queue
import threading
import time

import structlog
from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError

from service.storage.audit import AuditLog, Entry

BATCH_SECONDS = 0.2
"""How long an entry may wait for others; a process that is killed loses at most these."""
MAX_WAITING = 10_000
"""Entries that may wait; beyond it requests wait until theirs is written."""

_MAX_BATCH = 1000
_RETRY_SECONDS = 1.0
_LAST_TRIES = 3

log = structlog.get_logger()


class Trail:
    """A thread that writes entries to the audit log."""

    def __init__(self, audit_log: AuditLog) -> None:
        self._log = audit_log
        self._waiting: queue.Queue[Entry] = queue.Queue(MAX_WAITING)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        self._stopping.set()
        self._thread.join()

    async def note(self, entry: Entry) -> None:
        """Hand over an entry; waits only while very many do."""
        try:
            self._waiting.put_nowait(entry)
        except queue.Full:
            await run_sync(self._waiting.put, entry)

    def _run(self) -> None:
        while True:
            is_last = self._stopping.is_set()
            batch = self._gathered()
            if not batch and is_last:
                return
            if batch and not self._patiently_written(batch):
                log.error("audit entries lost", count=len(batch) + self._waiting.qsize())
                return
            self._stopping.wait(BATCH_SECONDS)

    def _patiently_written(self, batch: list[Entry]) -> bool:
        """Write, as often as it takes; once the service stops, a few times more."""
        last_tries = _LAST_TRIES
        while not self._written(batch):
            if self._stopping.wait(_RETRY_SECONDS):
                last_tries -= 1
                if last_tries == 0:
                    return False
                time.sleep(_RETRY_SECONDS)
        return True

    def _gathered(self) -> list[Entry]:
        batch: list[Entry] = []
        while len(batch) < _MAX_BATCH:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _written(self, batch: list[Entry]) -> bool:
        try:
            self._log.append(batch)
        except SQLAlchemyError as error:
            log.error("audit log cannot be written", error=type(error).__name__, waiting=self._waiting.qsize())
            return False
        return True
