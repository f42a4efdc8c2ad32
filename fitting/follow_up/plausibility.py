"""Whether sessions under one pseudonym can be of one person, and those of one region of one volume."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from fitting.reason import Reason

DAYS_PER_YEAR = 365.25
AGE_SLACK_YEARS = 1.5
"""Ages are given in whole years: two may differ from the time between them by less than one on each side, and some
laboratories round instead of counting birthdays."""
LARGEST_VOLUME_RATIO = 1.25
"""A repeated protocol measures the same volume; editing its edges by a few mm stays within a quarter."""
LARGEST_GREY_MATTER_DIFFERENCE = 0.3
"""Volumes of one place differ by repositioning, which changes the fraction of grey matter by a few per cent."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What a session says of its person and volume; None where it says nothing."""

    name: str
    """How sentences call the session."""
    sex: str | None = None
    age_years: float | None = None
    day: float | None = None
    """Days since the first visit."""
    region: str | None = None
    hemisphere: str | None = None
    volume_ml: float | None = None
    gm: float | None = None
    """Volume fraction of grey matter, 0 to 1."""


def implausibilities(sessions: Sequence[SessionFacts]) -> tuple[Reason, ...]:
    """Why sessions cannot be of one person or volume, each contradiction once with the first pair that shows it.

    Codes are ``sex-differs``, ``age-differs``, ``volume-differs`` and ``tissue-differs``.
    """
    found: dict[str, Reason] = {}
    for one, other in combinations(sessions, 2):
        for reason in (*_person(one, other), *_volume(one, other)):
            found.setdefault(reason.code, reason)
    return tuple(found.values())


def _person(one: SessionFacts, other: SessionFacts) -> Iterable[Reason]:
    both = f"{one.name} and {other.name}"
    if one.sex is not None and other.sex is not None and one.sex != other.sex:
        yield Reason("sex-differs", f"{both} give different sexes ({one.sex}, {other.sex}): not one person.")
    if one.age_years is None or other.age_years is None or one.day is None or other.day is None:
        return
    years, expected = other.age_years - one.age_years, (other.day - one.day) / DAYS_PER_YEAR
    if abs(years - expected) > AGE_SLACK_YEARS:
        yield Reason(
            "age-differs",
            f"{both} give ages {one.age_years:g} and {other.age_years:g}, {abs(other.day - one.day):g} days apart: "
            "not one person.",
        )


def _volume(one: SessionFacts, other: SessionFacts) -> Iterable[Reason]:
    if one.region is None or (one.region, one.hemisphere) != (other.region, other.hemisphere):
        return
    both = f"{one.name} and {other.name}"
    if one.volume_ml and other.volume_ml:
        small, large = sorted((one.volume_ml, other.volume_ml))
        if large / small > LARGEST_VOLUME_RATIO:
            yield Reason(
                "volume-differs",
                f"{both} measure {one.volume_ml:.3g} and {other.volume_ml:.3g} ml of {one.region}: not one volume.",
            )
    if one.gm is not None and other.gm is not None and abs(one.gm - other.gm) > LARGEST_GREY_MATTER_DIFFERENCE:
        yield Reason(
            "tissue-differs",
            f"{both} have {100 * one.gm:.0f} and {100 * other.gm:.0f} % grey matter in {one.region}: not one volume.",
        )
