"""Results of follow-up: sessions of one person over time, their changes, and comparisons that are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fitting.follow_up.association import Association
from fitting.follow_up.comparable import Difference
from fitting.follow_up.repeatability import Repeatability
from fitting.reason import Absence
from fitting.statistics.reliable_change import ReliableChange
from fitting.statistics.trend import Trend

Axis = Literal["days", "order"]
FollowedQuantity = Literal["ratio_tcr", "concentration"]


@dataclass(frozen=True, slots=True)
class Visit:
    """One analysis with its place in time."""

    id: str
    """Identifier of the analysis."""
    session: str | None
    """Pseudonym of the visit."""
    time: float
    """Place on the axis: days since the first visit, or the number of the visit from 1."""
    region: str | None
    """Region of the brain, as the request named it."""
    hemisphere: str | None
    """``left``, ``right`` or ``midline``."""
    usable: Literal["yes", "limited", "no"]
    """Whether the spectrum may be interpreted."""
    series: int | None
    """Number of the series it belongs to; null where it was left out."""
    clinical: dict[str, float]
    """Clinical measures of the visit."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An analysis, or one of its values, that is excluded from comparison, with the reason."""

    id: str
    """Identifier of the analysis."""
    code: str
    """For programs."""
    sentence: str
    """For people."""


@dataclass(frozen=True, slots=True)
class ValueAt:
    """A value of one session."""

    id: str
    """Identifier of the analysis."""
    time: float
    """Place on the axis."""
    value: float
    """In the unit of the series."""
    sd: float | None
    """Standard deviation of the measurement among scans of one scanner (``sd_scan``; the whole one in analyses made
    before it was computed); null for clinical measures."""


@dataclass(frozen=True, slots=True)
class Change:
    """The difference of a value between two sessions."""

    earlier: str
    """Identifier of the earlier analysis."""
    later: str
    """Identifier of the later analysis."""
    change: float
    """Later value less earlier one."""
    percent: float
    """The same, per cent of the earlier value."""
    measurement_sd: float
    """Standard deviation of the difference from both fits alone, without day-to-day variation and without what all
    scans of one scanner share."""
    reliable: ReliableChange | None
    """Comparison with repeats of unchanged people; null without their data (see ``repeatability_absent``)."""
    q: float | None
    """Benjamini-Hochberg adjusted p value among all changes of this quantity in the series."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One metabolite over the sessions of a series."""

    metabolite: str
    """Metabolite or sum."""
    quantity: FollowedQuantity
    """Ratio to total creatine, or concentration."""
    unit: str
    """``tCr``, ``mmol/kg`` or ``iu``."""
    values: tuple[ValueAt, ...]
    """In the order of time."""
    left_out: tuple[LeftOut, ...]
    """Sessions without this value, and why."""
    changes: tuple[Change, ...]
    """Of each session since the first, and since the one before."""
    trend: Trend | None
    """Slope over three or more sessions, per ``time_unit``."""
    trend_absent: Absence | None
    """Why there is none."""
    repeatability: Repeatability | None
    """Variation between repeats of unchanged people."""
    repeatability_absent: Absence | None
    """Why that is not known."""


@dataclass(frozen=True, slots=True)
class Together:
    """A clinical measure and a ratio to tCr over the sessions of a series."""

    measure: str
    """Clinical measure."""
    metabolite: str
    """Metabolite or sum."""
    association: Association
    """Correlation of the two."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The changes of one quantity in a series that were compared with repeats."""

    quantity: FollowedQuantity
    """Ratio to total creatine, or concentration: two views of the same spectra, so counted apart."""
    tests: int
    """Changes that were judged."""
    expected_by_chance: float
    """Of these, beyond the minimal detectable change if nothing changed: 5 %."""
    beyond: int
    """Of these, beyond it."""
    beyond_q: int
    """Of these, left when a false discovery rate of 5 % is kept."""


@dataclass(frozen=True, slots=True)
class Series:
    """Sessions that may all be compared with each other."""

    number: int
    """From 1, in the order in which they begin."""
    region: str
    """Region of the brain."""
    hemisphere: str | None
    """``left``, ``right`` or ``midline``."""
    sessions: tuple[str, ...]
    """Identifiers of the analyses, in the order of time."""
    followed: tuple[Followed, ...]
    """Every metabolite that two or more of them have."""
    judged: tuple[Judged, ...]
    """Number of changes judged for each quantity, and number expected by chance."""
    together: tuple[Together, ...]
    """Clinical measures and ratios, with at least ten sessions."""
    together_absent: Absence | None
    """Why there are none."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Two sessions of one place that are not compared, with everything in which they differ."""

    earlier: str
    """Identifier of the earlier analysis."""
    later: str
    """Identifier of the later analysis."""
    differences: tuple[Difference, ...]
    """What differs."""
    sentence: str
    """The same for people."""


@dataclass(frozen=True, slots=True)
class ClinicalCourse:
    """One clinical measure on the same axis."""

    measure: str
    """Such as ``pain_vas``."""
    values: tuple[ValueAt, ...]
    """One of each visit that has it."""


@dataclass(frozen=True, slots=True)
class Course:
    """All sessions of one person."""

    axis: Axis
    """``days`` when every session says its day, else ``order``."""
    time_unit: str
    """Unit of slopes: ``30 days`` or ``session``."""
    visits: tuple[Visit, ...]
    """Every analysis with a result, in the order of time."""
    series: tuple[Series, ...]
    """Sessions that may be compared, together."""
    refusals: tuple[Refusal, ...]
    """Sessions of one place that may not be compared with each other."""
    left_out: tuple[LeftOut, ...]
    """Sessions that are in no series."""
    clinical: tuple[ClinicalCourse, ...]
    """Clinical measures."""
