"""How far people of one laboratory differ: the log of their coefficient of variation by metabolite and region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from fitting.norms.composition import METABOLITES
from fitting.units import FloatArray
from norm_model.observations import Observations

PRIOR_MEAN, PRIOR_SD = float(np.log(0.12)), 1.0
"""Of the log coefficient of variation of a metabolite."""
SCALE = 0.3
"""Half-normal scale of the SDs of studies, regions and the rest."""
START = np.log([0.25, 0.10, 0.30])


@dataclass(frozen=True, slots=True)
class PeopleFit:
    """Log coefficients of variation, shape (metabolites, regions), and the SDs of the three levels."""

    mean: FloatArray
    sd: FloatArray
    """Of ``mean``, without the SDs of a new study."""
    study_sd: float
    region_sd: float
    rest_sd: float


def fit_people(data: Observations, regions: tuple[str, ...]) -> PeopleFit:
    """Fit log cv = metabolite + study + region + rest + sampling, whose variance is 1 / (2 (n − 1)).

    The three SDs are at their posterior mode; metabolites, studies and regions are integrated out.
    """
    known = data.where(~np.isnan(data.cv))
    values = np.log(known.cv) - PRIOR_MEAN
    same = [(labels[:, None] == labels).astype(np.float64) for labels in (known.metabolite, known.study, known.region)]
    sampling = 1.0 / (2.0 * (known.people - 1.0))

    def spread(logs: FloatArray) -> FloatArray:
        study, region, rest = np.exp(2.0 * logs)
        return PRIOR_SD**2 * same[0] + study * same[1] + region * same[2] + np.diag(rest + sampling)

    def objective(logs: FloatArray) -> float:
        factor = linalg.cholesky(spread(logs), lower=True)
        white = linalg.solve_triangular(factor, values, lower=True)
        prior = float(np.sum(logs - 0.5 * (np.exp(logs) / SCALE) ** 2))
        return float(np.log(np.diag(factor)).sum() + 0.5 * white @ white) - prior

    logs = np.asarray(optimize.minimize(objective, START, method="Nelder-Mead").x)
    study_sd, region_sd, rest_sd = (float(item) for item in np.exp(logs))
    factor = linalg.cho_factor(spread(logs), lower=True)
    solved = linalg.cho_solve(factor, values)
    mean, sd = np.zeros((len(METABOLITES), len(regions))), np.zeros((len(METABOLITES), len(regions)))
    for row, name in enumerate(METABOLITES):
        for column, region in enumerate(regions):
            cross = PRIOR_SD**2 * (known.metabolite == name) + region_sd**2 * (known.region == region)
            mean[row, column] = PRIOR_MEAN + cross @ solved
            sd[row, column] = np.sqrt(PRIOR_SD**2 + region_sd**2 - cross @ linalg.cho_solve(factor, cross))
    return PeopleFit(mean, sd, study_sd, region_sd, rest_sd)
