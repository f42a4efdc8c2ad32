"""Repeatability of one site: people who did not change, measured repeatedly as the sessions are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fitting.follow_up.repeatability import Repeatability
from fitting.norms.assessment import Absence
from fitting.quantification.concentrations import Ratio

FEWEST_DF = 5
"""Repeats beyond the first, over all people: with fewer the scatter is known to no better than a factor of two."""


def own_repeatability(repeats: Mapping[str, Sequence[Ratio]]) -> Repeatability | Absence:
    """Within-person scatter of repeated values, in parts of each person's mean.

    cv² = Σ (x_ij / x̄_j − 1)² / Σ (k_j − 1) over people j with k_j repeats: scatter in proportion to the value, as
    of Bland & Altman 1996 (doi:10.1136/bmj.313.7049.106), with its noise, the root mean square of the stated
    standard deviations, known apart.

    Parameters
    ----------
    repeats : mapping of str to sequence of Ratio
        Values of one metabolite for each person; those with fewer than two count for nothing.
    """
    people = [values for values in repeats.values() if len(values) >= 2 and all(item.value > 0.0 for item in values)]
    df = sum(len(values) - 1 for values in people)
    if df < FEWEST_DF:
        return Absence(
            "repeats-too-few",
            f"The people named as repeats have {df} comparable sessions beyond their first; {FEWEST_DF} are needed.",
        )
    scatter, noise = 0.0, []
    for values in people:
        measured = np.array([item.value for item in values])
        scatter += float(np.sum((measured / measured.mean() - 1.0) ** 2))
        noise += [(item.sd / measured.mean()) ** 2 for item in values]
    return Repeatability(
        id="own",
        kind="own",
        cv=math.sqrt(scatter / df),
        noise=math.sqrt(float(np.mean(noise))),
        df=float(df),
        people=len(people),
        grade="A",
        source=f"repeats of this site: {len(people)} people, {df + len(people)} sessions",
        note="measured and analysed as the sessions are; whoever named them says that they did not change",
    )
