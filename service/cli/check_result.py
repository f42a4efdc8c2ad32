"""Result of one check of ``mrsquant doctor``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from service.settings import Settings

Level = Literal["ok", "warning", "failure"]


class CheckResult(NamedTuple):
    """Result of a check."""

    level: Level
    sentence: str


Check = Callable[[Settings], CheckResult]
