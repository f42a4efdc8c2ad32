"""Day-to-day scatter of an unchanged person's value: the total error of one session."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fitting.quantification.concentrations import Ratio
from fitting.reason import Absence
from fitting.statistics.distributions import chi_squared_points
from fitting.statistics.within_person import within_person_cv
from fitting.units import FloatArray

FEWEST_DF = 5
"""Repeats beyond the first, over all people: with fewer the scatter is known to no better than a factor of two."""

POSSIBLE = 1000
"""Number of equally probable variances compatible with few people."""


@dataclass(frozen=True, slots=True)
class Repeatability:
    """Scatter of repeated sessions of unchanged people, relative to the value."""

    id: str
    """Row of the shipped table, or ``own``."""
    kind: Literal["published", "own"]
    """``published``, or ``own``: repeats of this site, measured and analysed as the sessions are."""
    cv: float
    """Within-person standard deviation between days over the mean, with the noise of those spectra."""
    noise: float | None
    """The part of ``cv`` that is noise of those spectra; null where it is not known, and then nothing is subtracted."""
    df: float
    """Degrees of freedom of ``cv``: people times repeats less one."""
    people: int
    """People behind it."""
    grade: str
    """A: own repeats; B: published for this region; C: few people."""
    source: str
    """Where it stands, with DOI."""
    note: str
    """Its limitations."""

    def session_variance(self, measured: Ratio, level: float) -> float:
        """Variance of one session's value about the person's true value, in the square of its unit.

        σ_d² level² + noise², where σ_d² = max(0, cv² − noise_cv²) is what days add to measurement noise. Of own
        repeats, noise is the stated standard deviation of this very fit. Published repeats were fitted by others,
        so the noise is theirs, or the stated one where that is larger. Noise counts once.
        """
        return float(self._days(np.array([self.cv**2]))[0]) * level**2 + self._noise(measured, level)

    def difference(self, before: Ratio, after: Ratio) -> tuple[float, FloatArray]:
        """Standard deviation of the difference of two sessions when nothing changes, and variances it may have.

        The scatter is proportional to the value and taken at the mean of both. The true cv² of few people may be
        cv² ν / χ²_ν; each of ``POSSIBLE`` equally probable ones gives a variance.
        """
        level = 0.5 * (before.value + after.value)
        noise = self._noise(before, level) + self._noise(after, level)
        sd = math.sqrt(self.session_variance(before, level) + self.session_variance(after, level))
        return sd, 2.0 * level**2 * self._days(self.cv**2 * (self.df / chi_squared_points(self.df, POSSIBLE))) + noise

    def _days(self, squares: FloatArray) -> FloatArray:
        return np.maximum(0.0, squares - (self.noise or 0.0) ** 2)

    def _noise(self, measured: Ratio, level: float) -> float:
        theirs = 0.0 if self.noise is None else min(self.noise, self.cv)
        return max(measured.sd, theirs * level if self.kind == "published" else 0.0) ** 2


def own_repeatability(repeats: Mapping[str, Sequence[Ratio]]) -> Repeatability | Absence:
    """Within-person scatter of a site's own repeats, in parts of each person's mean.

    The scatter is :func:`fitting.statistics.within_person.within_person_cv`, the noise the root mean square of the
    stated standard deviations.

    Parameters
    ----------
    repeats : mapping of str to sequence of Ratio
        Values of one metabolite for each person; people with fewer than two are ignored.
    """
    people = [values for values in repeats.values() if len(values) >= 2 and all(item.value > 0.0 for item in values)]
    df = sum(len(values) - 1 for values in people)
    if df < FEWEST_DF:
        return Absence(
            "repeats-too-few",
            f"The people named as repeats have {df} comparable sessions beyond their first; {FEWEST_DF} are needed.",
        )
    measured = [np.array([item.value for item in values]) for values in people]
    noise = [(item.sd / array.mean()) ** 2 for values, array in zip(people, measured, strict=True) for item in values]
    return Repeatability(
        id="own",
        kind="own",
        cv=within_person_cv(measured),
        noise=math.sqrt(float(np.mean(noise))),
        df=float(df),
        people=len(people),
        grade="A",
        source=f"repeats of this site: {len(people)} people, {df + len(people)} sessions",
        note="measured and analysed as the sessions are; the request states that they did not change",
    )
