"""Audit entries of requests on their way to the log: gathered, so that reading does not wait for writing.

No entry keeps the others from being written: what the database refuses for its content is set aside. While the
database takes nothing, entries wait; once very many do, requests are refused before anything is shown.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import Literal

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from service.errors import Unavailable
from service.logs import frames_of
from service.metrics import Metrics
from service.storage.audit import AuditEntry, AuditLog
from service.storage.audit_folder import AuditFolder, UnreadableHead

BATCH_SECONDS = 0.2
"""How long an entry may wait for others; a process that is killed loses at most these."""
MAX_WAITING = 10_000
"""Entries that may wait; beyond it requests are refused until some are written."""
HEAD_SECONDS = 1.0
"""How often the newest row is kept outside the database."""
STOP_SECONDS = 5.0
"""How long a stopping service tries to write; what is left then is written at the next start."""

_MAX_BATCH = 1000
_RETRY_SECONDS = 1.0
_UNAVAILABLE = (OperationalError, InterfaceError, NoConnection, OSError)
"""Errors that say nothing about an entry: the database is away, busy or full."""

_Outcome = Literal["written", "refused", "later"]

log = structlog.get_logger()


class AuditWriter:
    """A thread that writes entries to the audit log, and watches that the log stays what it was."""

    def __init__(self, audit_log: AuditLog, folder: AuditFolder, metrics: Metrics) -> None:
        self._log = audit_log
        self._folder = folder
        self._metrics = metrics
        self._waiting: queue.SimpleQueue[AuditEntry] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._stop_by = float("inf")
        self._next_check = 0.0
        self._faults: tuple[str, ...] = ()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Compare the log with what is known of it, write what an earlier process left, and begin."""
        self._check()
        with self._folder.left() as entries:
            if entries:
                self._log.append(entries)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, within seconds, and end."""
        self._stop_by = time.monotonic() + STOP_SECONDS
        self._stopping.set()
        self._thread.join()

    @property
    def waiting(self) -> int:
        """Entries that are not written yet."""
        return self._waiting.qsize()

    @property
    def is_full(self) -> bool:
        """Whether so many entries wait that requests must be refused."""
        return self.waiting >= MAX_WAITING

    def admit(self) -> None:
        """Let a request begin whose answer will be noted.

        Raises
        ------
        Unavailable
            When it could not be recorded.
        """
        if self.is_full:
            detail = "The audit log cannot be written now, and nothing is done that is not recorded; try again."
            raise Unavailable(detail, headers={"Retry-After": "5"})

    def note(self, entry: AuditEntry) -> None:
        """Hand over an entry; never waits."""
        self._waiting.put(entry)

    def _run(self) -> None:
        while True:
            is_last = self._stopping.is_set()
            batch = self._gathered()
            left = self._delivered(batch)
            if left:
                self._leave(left)
                return
            self._guarded_check(is_last)
            if is_last and not batch:
                return
            self._stopping.wait(BATCH_SECONDS)

    def _gathered(self) -> list[AuditEntry]:
        batch: list[AuditEntry] = []
        while len(batch) < _MAX_BATCH:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _delivered(self, batch: list[AuditEntry]) -> list[AuditEntry]:
        """Write the batch, in smaller and smaller parts where it holds what is refused; what the end leaves over."""
        parts = [batch] if batch else []
        while parts:
            outcome = self._outcome(parts[-1])
            if outcome == "later":
                if time.monotonic() > self._stop_by:
                    return [entry for part in reversed(parts) for entry in part]
                self._pause()
                continue
            part = parts.pop()
            if outcome == "refused":
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
        return []

    def _outcome(self, part: list[AuditEntry]) -> _Outcome:
        try:
            self._log.append(part)
            return "written"
        except _UNAVAILABLE as error:
            log.error("audit log cannot be written", error=type(error).__name__, waiting=self.waiting + len(part))
            return "later"
        except Exception as error:
            return self._refused(part, error)

    def _refused(self, part: list[AuditEntry], error: Exception) -> _Outcome:
        """Distinguish a fault in the content of this part from a log that accepts no entry at all."""
        try:
            self._log.try_out()
        except Exception as general:
            log.error("audit log takes no entry", error=type(general).__name__, frames=frames_of(general))
            return "later"
        return "refused" if len(part) > 1 else self._set_aside(part[0], type(error).__name__)

    def _set_aside(self, entry: AuditEntry, reason: str) -> _Outcome:
        try:
            is_kept = self._folder.refuse(entry, reason)
        except OSError as error:
            log.error("refused audit entry cannot be kept", error=type(error).__name__)
            return "later"
        self._metrics.audit_refused.inc()
        log.error("audit entry refused", error=reason, request_id=entry.request_id, kept=is_kept)
        return "written"

    def _pause(self) -> None:
        if not self._stopping.wait(_RETRY_SECONDS):
            return
        time.sleep(min(_RETRY_SECONDS, max(0.0, self._stop_by - time.monotonic()) + 0.01))

    def _leave(self, left: list[AuditEntry]) -> None:
        while not self._waiting.empty():
            left.append(self._waiting.get_nowait())
        try:
            self._folder.leave(left)
            log.error("audit entries wait for the next start", count=len(left))
        except OSError as error:
            log.error("audit entries lost", count=len(left), error=type(error).__name__)

    def _guarded_check(self, is_last: bool) -> None:
        if time.monotonic() < self._next_check and not is_last:
            return
        self._next_check = time.monotonic() + HEAD_SECONDS
        try:
            self._check()
        except (SQLAlchemyError, OSError) as error:
            log.error("audit log cannot be looked at", error=type(error).__name__)
        except Exception as error:
            log.error("audit defect", error=type(error).__name__, frames=frames_of(error))

    def _check(self) -> None:
        """Keep the newest row outside, unless the log is not what it was: then what was kept is the evidence."""
        try:
            head, faults = self._log.examine(self._folder.head())
        except UnreadableHead as error:
            head, faults = None, (f"{error}.",)
        if head is not None and head.position and not faults:
            self._folder.keep(head)
        if faults and faults != self._faults:
            log.error("audit log is not what it was", faults=list(faults))
        self._faults = faults
        self._metrics.audit_intact.set(not faults)
