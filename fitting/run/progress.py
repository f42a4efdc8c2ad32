"""Progress of an analysis: the pipeline announces each stage to a watcher."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

Stage = Literal["reading", "preprocessing", "basis", "basis simulation", "fitting", "quantification", "comparison"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""In their order; ``basis simulation`` only when no cached basis set fits."""

Watcher = Callable[[Stage], None]

_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Call ``watcher`` at every stage that begins in this block, in this thread.

    Parameters
    ----------
    watcher : callable
        Takes the name of the stage; it must be quick and must not raise.
    """
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def begin(stage: Stage) -> None:
    """Announce the beginning of a stage; without a watcher this does nothing.

    Parameters
    ----------
    stage : str
        One of ``STAGES``.
    """
    watcher = _watcher.get()
    if watcher is not None:
        watcher(stage)
