"""A repository and dispatchers at work on it, without the web around them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from service.jobs.dispatcher import Dispatcher
from service.jobs.pool_supervisor import Limits
from service.metrics import Metrics
from service.storage.binding import Storage
from service.storage.events import EventRepository
from service.storage.files import StoredFile
from service.storage.queue import JobQueue
from service.storage.repositories import AnalysisRepository, Submission
from service.storage.tables import AnalysisRow
from tests import fake_pipeline


class Office:
    """Analyses in every state, with their workers and outcomes."""

    def __init__(self, folder: Path, stack: ExitStack, url: str | None = None) -> None:
        self.storage = Storage(url or f"sqlite:///{folder}/test.sqlite3", folder)
        self.storage.open()
        self.database, self.blobs = self.storage.database, self.storage.blobs
        stack.callback(self.database.close)
        self.repository = AnalysisRepository(self.database, self.blobs)
        self.queue = JobQueue(self.database, self.blobs)
        self.events = EventRepository(self.database)
        self.folder = folder
        self._stack = stack

    def submit(self, content: bytes, callback_url: str | None = None) -> str:
        """Queue a file; its analysis' id."""
        files = (StoredFile("metabolite", "metabolite.json", content),)
        submission = Submission(files, {}, "request", callback_url=callback_url)
        return self.repository.submit(submission, queue_limit=20_000)[0].id

    def dispatch(self, executor: str, limits: Limits | None = None) -> Dispatcher:
        """Put one more dispatcher to work."""
        dispatcher = Dispatcher(
            self.queue,
            self.events,
            executor=executor,
            limits=limits or Limits(),
            cache_dir=self.folder,
            instances_dir=self.folder / "claimants",
            metrics=Metrics(),
            analyse=fake_pipeline.analyse,
            inspect=fake_pipeline.inspect,
        )
        dispatcher.start()
        self._stack.callback(dispatcher.stop)
        return dispatcher

    def get(self, analysis_id: str) -> AnalysisRow:
        """The row as it is now."""
        return self.repository.get(analysis_id)

    def state(self, analysis_id: str) -> str:
        """Its state."""
        return self.get(analysis_id).state

    def stories(self, analysis_ids: list[str]) -> list[list[str]]:
        """The states each went through, in order."""
        return [
            [event.state for event in self.events.after(analysis_id, 0) or () if event.step is None]
            for analysis_id in analysis_ids
        ]

    def wait(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Until something is so."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)

    def wait_for_all(self, seconds: float = 60) -> None:
        """Until nothing is queued or running."""
        self.wait(lambda: not any(self.queue.depths().values()), seconds)
