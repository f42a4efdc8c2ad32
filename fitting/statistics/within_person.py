"""Scatter of repeated measurements of unchanged people."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fitting.units import FloatArray


def within_person_cv(people: Sequence[FloatArray]) -> float:
    """Within-person coefficient of variation, with Σ (k_j − 1) degrees of freedom.

    cv² = Σ (x_ij / x̄_j − 1)² / Σ (k_j − 1) over people j with k_j repeats: scatter in proportion to the value
    (Bland & Altman 1996, doi:10.1136/bmj.313.7049.106).

    Parameters
    ----------
    people : sequence of float array, shape (k_j,)
        Positive values, two or more of each person.
    """
    scatter = 0.0
    for values in people:
        scatter += float(np.sum((values / values.mean() - 1.0) ** 2))
    return math.sqrt(scatter / sum(values.size - 1 for values in people))


def c4(repeats: int) -> float:
    """Mean of the sample standard deviation of normal values over their true one, √(2/(k−1)) Γ(k/2) / Γ((k−1)/2).

    Studies print the mean of each person's coefficient of variation, which is too small by this factor: 0.80 for
    two repeats, 0.92 for four (Gurland & Tripathi 1971, doi:10.1080/00031305.1971.10477279).
    """
    return math.sqrt(2.0 / (repeats - 1)) * math.exp(math.lgamma(repeats / 2.0) - math.lgamma((repeats - 1) / 2.0))
