"""A thread that does the storage's chores: retention every hour, the sweep for orphaned files at start and daily."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.logs import frames_of
from service.storage.upkeep import Upkeep

HOUR_SECONDS = 3600.0
SWEEPS_EVERY = 24
"""Hours between two sweeps."""

log = structlog.get_logger()


class Maintenance:
    """The chores of one service process."""

    def __init__(self, upkeep: Upkeep, retention_days: int | None) -> None:
        self._upkeep = upkeep
        self._retention = None if retention_days is None else timedelta(days=retention_days)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End after the chore at hand."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        hours = 0
        while not self._stopping.is_set():
            try:
                self.do(sweeps=hours % SWEEPS_EVERY == 0)
            except (SQLAlchemyError, OSError) as error:
                log.error("database or disk does not answer", error=type(error).__name__)
            except Exception as error:
                log.error("maintenance defect", error=type(error).__name__, frames=frames_of(error))
            hours += 1
            self._stopping.wait(HOUR_SECONDS)

    def do(self, *, sweeps: bool) -> None:
        """The chores, once."""
        begin = time.monotonic()
        expired = 0 if self._retention is None else self._upkeep.expire(datetime.now(UTC) - self._retention)
        orphans = self._upkeep.sweep() if sweeps else 0
        self._upkeep.erase()
        seconds = round(time.monotonic() - begin, 3)
        log.info("maintenance", expired=expired, orphaned_files=orphans, seconds=seconds)
