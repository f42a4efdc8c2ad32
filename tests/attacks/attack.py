"""The noun of the registry, and how one variant is tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx2

from tests.attacks.target import SECONDS, Target

Variant = Callable[[Target], None]
"""Attacks, and raises AssertionError when something did not hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Attack:
    """One kind of attack."""

    name: str
    holds: str
    """What must hold, for people."""
    variants: Mapping[str, Variant]


def attempt(variant: Variant, target: Target) -> str | None:
    """Why the service did not hold, or None: beside the variant's own check it must answer soon and have no defect."""
    before, begin = target.defects(), time.monotonic()
    try:
        variant(target)
        assert time.monotonic() - begin < SECONDS, "the answer came too late"
        assert target.send("GET", "/healthz", key=None).status_code == 200, "the service does not answer any more"
        assert target.defects() == before, "an exception was not foreseen"
    except (AssertionError, httpx2.HTTPError, OSError) as error:
        return str(error).partition("\n")[0] or type(error).__name__
    return None


def refused(answer: httpx2.Response, *statuses: int) -> None:
    """The answer has one of the statuses and keeps what is the attacked project's to itself."""
    assert answer.status_code in statuses, f"answered {answer.status_code}"


def no_fault(answer: httpx2.Response) -> None:
    """Anything but a fault of the service."""
    assert answer.status_code < 500, f"answered {answer.status_code}"
