"""A thread that does the storage's chores.

Retention and the renewal of calibrations run every hour, the sweep and a look for damage at start and daily.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.logs import frames_of
from service.metrics import Metrics
from service.storage.binding import Storage, UnusableStorage
from service.storage.site_renewal import SiteRenewal
from service.storage.sweep import Sweep, Swept
from service.storage.upkeep import Upkeep

HOUR_SECONDS = 3600.0
RETRY_SECONDS = 30.0
"""How soon the erasure of deleted rows is retried after a concurrent reader prevented it."""
SWEEPS_EVERY = 24
"""Hours between two sweeps."""

log = structlog.get_logger()


class Maintenance:
    """The chores of one service process."""

    def __init__(
        self, storage: Storage, retention_days: int | None, metrics: Metrics, queue_limit: int = 10_000
    ) -> None:
        self._storage = storage
        self._upkeep = Upkeep(storage.database, storage.blobs)
        self._sweep = Sweep(storage)
        self._renewal = SiteRenewal(storage.database, storage.blobs, queue_limit)
        self._retention = None if retention_days is None else timedelta(days=retention_days)
        self._metrics = metrics
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
            self._guarded(sweeps=hours % SWEEPS_EVERY == 0)
            hours += 1
            next_hour = time.monotonic() + HOUR_SECONDS
            while not self._stopping.is_set() and (left := next_hour - time.monotonic()) > 0:
                self._stopping.wait(min(left, RETRY_SECONDS))
                if self._upkeep.has_remains:
                    self._upkeep.erase()
                if self._renewal.is_waiting:
                    self._guarded_call(self._renewal.run)

    def _guarded(self, *, sweeps: bool) -> None:
        self._guarded_call(partial(self.do, sweeps=sweeps))

    def _guarded_call(self, chore: Callable[[], object]) -> None:
        try:
            chore()
        except UnusableStorage as error:
            log.error("storage cannot be used", reason=str(error))
        except (SQLAlchemyError, OSError) as error:
            log.error("database or disk does not answer", error=type(error).__name__)
        except Exception as error:
            log.error("maintenance defect", error=type(error).__name__, frames=frames_of(error))

    def do(self, *, sweeps: bool) -> None:
        """The chores, once."""
        begin = time.monotonic()
        if sweeps:
            self._storage.look_for_damage()
        expired = 0 if self._retention is None else self._upkeep.expire(datetime.now(UTC) - self._retention)
        renewed = self._renewal.run()
        swept = self._sweep.run() if sweeps else Swept()
        if sweeps:
            self._metrics.held_orphans.set(swept.held)
        self._upkeep.erase()
        seconds = round(time.monotonic() - begin, 3)
        log.info("maintenance", expired=expired, renewed=renewed, **swept._asdict(), seconds=seconds)
