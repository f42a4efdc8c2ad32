"""One fault: what is done to a service, and what must hold afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.scene import DATABASES, Kind, Scene


@dataclass(frozen=True)
class Fault:
    """An entry of the registry ``tests.chaos.faults.FAULTS``, and a row of docs/chaos.md."""

    name: str
    done: str
    """What is done, for the page."""
    holds: str
    """What must hold, for the page."""
    run: Callable[[Scene], None]
    """Does it on a scene of its own; an ``AssertionError`` says in a sentence what does not hold."""
    databases: tuple[Kind, ...] = DATABASES
    """Kinds of database on which it can be done."""


@dataclass(frozen=True)
class Trial:
    """What came of a fault on one kind of database."""

    failure: str | None
    """What did not hold; None when everything did."""
