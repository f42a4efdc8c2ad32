"""Clients that ask for one thing many times a second, none waiting for another."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from typing import NamedTuple


class Answer(NamedTuple):
    """What a poll got, and after how long."""

    status: int
    """0 when there was none, -1 for a 503 that does not say when to come again."""
    seconds: float


def status(url: str, headers: dict[str, str] | None = None) -> int:
    """The status as ``Answer`` has it."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code if error.code != 503 or "Retry-After" in error.headers else -1
    except (OSError, http.client.HTTPException):
        return 0


class Polling:
    """Polls of one address."""

    def __init__(self, url: str, per_second: float = 50) -> None:
        self.answers: list[Answer] = []
        self._url = url
        self._per_second = per_second
        self._threads: list[threading.Thread] = []

    def go_on(self, seconds: float) -> None:
        """Ask so long, at an even pace."""
        begin = time.monotonic()
        for number in range(int(seconds * self._per_second)):
            time.sleep(max(0.0, begin + number / self._per_second - time.monotonic()))
            thread = threading.Thread(target=self._ask)
            thread.start()
            self._threads.append(thread)

    def _ask(self) -> None:
        begin = time.monotonic()
        answered = status(self._url)
        self.answers.append(Answer(answered, time.monotonic() - begin))

    def end(self) -> None:
        """Until all are answered."""
        for thread in self._threads:
            thread.join()

    @property
    def statuses(self) -> set[int]:
        """All there were."""
        return {answer.status for answer in self.answers}

    @property
    def slowest(self) -> float:
        """Seconds the slowest one took."""
        return max(answer.seconds for answer in self.answers)
