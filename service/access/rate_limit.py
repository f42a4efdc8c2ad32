"""Rate limits: token buckets in bounded memory, one for each principal or address.

The libraries for this keep every key of the window, so that an attacker with many addresses fills the memory;
here the bucket that was used least recently makes room. Each process counts for itself.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MAX_BUCKETS = 10_000


class RateLimit:
    """Allows ``per_minute`` events for each name, and as many at once after a quiet minute."""

    def __init__(
        self, per_minute: int, *, max_buckets: int = MAX_BUCKETS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 60.0 / per_minute
        self._burst = 60.0
        self._max_buckets = max_buckets
        self._now = now
        self._due: OrderedDict[str, float] = OrderedDict()  # when each bucket would be full again
        self._lock = threading.Lock()

    def wait(self, name: str) -> int:
        """Count one event of ``name``: 0 when it is allowed, else the whole seconds until the next one is."""
        with self._lock:
            now = self._now()
            due = max(self._due.pop(name, now), now) + self._interval
            excess = due - now - self._burst
            if excess > 1e-9:
                self._due[name] = due - self._interval
                return math.ceil(excess)
            self._due[name] = due
            if len(self._due) > self._max_buckets:
                self._due.popitem(last=False)
            return 0
