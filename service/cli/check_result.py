"""What one check of ``mrsquant doctor`` found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from service.settings import Settings

Level = Literal["ok", "warning", "failure"]


class CheckResult(NamedTuple):
    """What a check found."""

    level: Level
    sentence: str


Check = Callable[[Settings], CheckResult]
