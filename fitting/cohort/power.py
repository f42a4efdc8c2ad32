"""Power of a planned comparison, in per cent of the reference's mean."""

from __future__ import annotations

import math

from fitting.cohort.findings import Item
from fitting.errors import ImplausibleParameter
from fitting.statistics.study_power import detectable, exaggeration, people_per_group, power_of

FEWEST = 2
"""People in each group."""
LEAST_CV_PERCENT = 0.01
"""Two people do not agree to a ten-thousandth."""


def planned_power(
    difference_percent: float, cv_percent: float, measurement_cv_percent: float, n: tuple[int, int] | None
) -> Item:
    """Power, people needed, smallest difference, and how far a significant result exaggerates.

    CV² = CV_between² + CV_measurement²; two-sided t test at 5 %.

    Parameters
    ----------
    difference_percent : float
        True difference, per cent of the reference's mean.
    cv_percent, measurement_cv_percent : float
        Coefficients of variation between people and of one measurement, per cent.
    n : (int, int) or None
        People in each group; None takes the equal groups that reach 80 %.

    Raises
    ------
    ImplausibleParameter
        When a number is out of its range.
    """
    _check(difference_percent, cv_percent, measurement_cv_percent, n)
    spread = math.hypot(cv_percent, measurement_cv_percent)
    needed = people_per_group(abs(difference_percent) / spread)
    counts = n or ((needed, needed) if needed is not None else None)
    item: Item = {
        "difference_percent": difference_percent,
        "cv_percent": cv_percent,
        "measurement_cv_percent": measurement_cv_percent,
        "n_per_group_80": needed,
    }
    if counts is None:
        return item
    se = spread * math.sqrt(1.0 / counts[0] + 1.0 / counts[1])
    df = counts[0] + counts[1] - 2.0
    size = exaggeration(difference_percent / se, df)
    return {
        **item,
        "n": list(counts),
        "power": power_of(difference_percent / se, df),
        "detectable_percent_80": detectable(se, df),
        "exaggeration": size.ratio,
        "wrong_sign": size.wrong_sign,
    }


def _check(difference: float, cv: float, measurement: float, n: tuple[int, int] | None) -> None:
    if not 0.0 < abs(difference) <= 1000.0:
        raise ImplausibleParameter(
            f"difference = {difference:g} % is not a difference from 0 to 1000 %.", parameter="difference"
        )
    if not LEAST_CV_PERCENT <= cv <= 1000.0:
        raise ImplausibleParameter(f"cv = {cv:g} % is not from {LEAST_CV_PERCENT:g} to 1000 %.", parameter="cv")
    if not 0.0 <= measurement <= 1000.0:
        raise ImplausibleParameter(
            f"measurement-cv = {measurement:g} % is not from 0 to 1000 %.", parameter="measurement_cv"
        )
    if n is not None and not all(FEWEST <= count <= 1_000_000 for count in n):
        raise ImplausibleParameter(f"n = {n[0]},{n[1]}: each group needs {FEWEST} to 1000000 people.", parameter="n")
