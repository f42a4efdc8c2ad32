"""Does the denominator of ratios, tCr, differ between groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from fitting.cohort.findings import Caution
from fitting.cohort.group_difference import welch
from fitting.cohort.phrases import percent
from fitting.cohort.sample import Sample
from fitting.cohort.session_values import ABSOLUTE, REFERENCE
from fitting.cohort.tables.table import Place

if TYPE_CHECKING:
    from fitting.cohort.cohort import Cohort

DEFAULT_MARGIN_PERCENT = 10.0
FEWEST = 3


def margin_percent(cohort: Cohort) -> float:
    """The plan's equivalence margin, else 10 %."""
    levels = cohort.plan.sections.get("levels", ())
    given = levels[0].equivalence_percent if levels else None
    return DEFAULT_MARGIN_PERCENT if given is None else float(given)


def denominator_caution(cohort: Cohort, place: Place, other: str, margin: float) -> Caution | None:
    """``denominator-differs`` where tCr differs or is not shown to be equivalent, or where that cannot be seen."""
    found = [cohort.sample(place, REFERENCE, unit=unit) for unit in ABSOLUTE]
    sample = next((item for item in found if isinstance(item, Sample)), None)
    if sample is None:
        return Caution(
            "denominator-differs",
            f"{place.words}: whether tCr differs between groups cannot be seen from ratios alone; a "
            "difference of a ratio "
            "may be one of tCr.",
            place.words,
        )
    first, second = (sample.value[sample.in_group(group)] for group in (cohort.reference or "", other))
    if min(first.size, second.size) < FEWEST:
        return None
    difference, se, df, p = welch(first, second)
    limit = margin / 100.0 * abs(float(np.mean(first)))
    p_equivalent = float(special.stdtr(df, (abs(difference) - limit) / se)) if se > 0.0 else 0.0
    if p >= cohort.plan.common.alpha and p_equivalent < cohort.plan.common.alpha:
        return None
    amount = percent(100.0 * difference / float(np.mean(first)))
    how = "differs" if p < cohort.plan.common.alpha else f"is not shown to be alike within {margin:g} %"
    return Caution(
        "denominator-differs",
        f"{place.words}: tCr {how} between groups ({amount} %); a difference of a ratio may be one of tCr.",
        place.words,
    )
