"""The service as a process whose clock is ahead: ``python -m tests.chaos.ahead PORT SECONDS``."""

from __future__ import annotations

import datetime
import runpy
import sys
import time
from typing import Any


def shift(seconds: float) -> None:
    """Let the clock of this process be ahead, for all that is imported from now on."""
    at_start, present = time.time, datetime.datetime

    class Ahead(present):  # type: ignore[valid-type, misc]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return present.now(tz) + datetime.timedelta(seconds=seconds)

    time.time = lambda: at_start() + seconds
    datetime.datetime = Ahead  # type: ignore[misc]


if __name__ == "__main__":
    sys.modules["pandas"] = None  # type: ignore[assignment]  # optional for others; its C code reads datetime's own layout
    shift(float(sys.argv.pop()))
    runpy.run_module("tests.chaos.service", run_name="__main__")
