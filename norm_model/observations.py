"""Observations of the control model: the log of one study's mean ratio for one region and metabolite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitting.norms.composition import METABOLITES
from fitting.norms.study_rows import StudyRow
from fitting.units import FloatArray

COVARIATES = ("derived", "7T", "1.5T", "PRESS")
"""Ratio of group means instead of a mean of ratios; field of 5 T or more; field below 2 T; share of PRESS."""
USUAL_PRESS = 0.65
"""Share of PRESS among the rows, where its covariate is zero."""
CV_PRIOR_SD = 0.35
"""SD of the log of a study's coefficient of variation about its metabolite's median."""
SPECTROSCOPIC_IMAGING_SD = 0.10
"""Extra SD of the log of a mean from spectroscopic imaging, whose voxels and shimming differ from a single voxel's."""
SAME_PEOPLE_CORRELATION = 0.3
"""Between two metabolites of one person, which share total creatine: 0.2 to 0.5 in published individual values."""
PART_OF_SUM_CORRELATION = {
    frozenset(("NAA", "tNAA")): 0.8,
    frozenset(("Glu", "Glx")): 0.8,
    frozenset(("Gln", "Glx")): 0.5,
}
"""Between a sum and its part in one person."""


@dataclass(frozen=True, slots=True)
class Observations:
    """Rows of the likelihood; arrays have one entry for each observation, shape (n,)."""

    study: NDArray[np.str_]
    region: NDArray[np.str_]
    metabolite: NDArray[np.str_]
    log_mean: FloatArray
    people: FloatArray
    cv: FloatArray
    """Coefficient of variation between people; NaN where none is usable."""
    covariates: FloatArray
    """Shape (n, 4), in the order of :data:`COVARIATES`."""
    imaging: NDArray[np.bool_]
    """From spectroscopic imaging."""

    @property
    def whole_sum(self) -> NDArray[np.bool_]:
        """Glx of a study that reports no Gln: its Glx was fitted or judged as a whole."""
        parts = set(self.study[self.metabolite == "Gln"])
        return (self.metabolite == "Glx") & np.array([study not in parts for study in self.study])

    def without(self, studies: Iterable[str]) -> Observations:
        """The same without some studies."""
        return self.where(~np.isin(self.study, list(studies)))

    def where(self, chosen: NDArray[np.bool_]) -> Observations:
        """The chosen observations."""
        return Observations(
            *(
                getattr(self, name)[chosen]
                for name in ("study", "region", "metabolite", "log_mean", "people", "cv", "covariates", "imaging")
            )
        )


def observations(rows: Iterable[StudyRow]) -> Observations:
    """One observation for each study, region and metabolite, from the rows of ratios to tCr.

    Sides, subregions and groups are averaged on the log scale by their numbers of people; the number of people is that
    of the largest row, since sides and subregions show the same people. A field that is not stated counts as 3 T.
    """
    groups: dict[tuple[str, str, str], list[StudyRow]] = defaultdict(list)
    for row in rows:
        if row.unit == "tCr" and row.metabolite in METABOLITES:
            groups[row.study, row.region, row.metabolite].append(row)
    keys = sorted(groups)
    members = [groups[key] for key in keys]
    return Observations(
        study=np.array([key[0] for key in keys]),
        region=np.array([key[1] for key in keys]),
        metabolite=np.array([key[2] for key in keys]),
        log_mean=np.array([_log_mean(group) for group in members]),
        people=np.array([max(row.n for row in group) for group in members], dtype=np.float64),
        cv=np.array([_cv(group) for group in members]),
        covariates=np.array([_covariates(group) for group in members]).reshape(len(keys), len(COVARIATES)),
        imaging=np.array([any("MRSI" in row.flags for row in group) for group in members], dtype=np.bool_),
    )


def sampling_covariance(data: Observations) -> FloatArray:
    """Covariance of the sampling errors of the log means, shape (n, n).

    The variance is cv² / n, the coefficient of variation of a row drawn towards its metabolite's median. Errors of
    one study and region are correlated, because the same people were measured and the ratios share tCr.
    """
    error = _usual_cv(data) / np.sqrt(data.people)
    together = (data.study[:, None] == data.study) & (data.region[:, None] == data.region)
    correlation = np.full(together.shape, SAME_PEOPLE_CORRELATION)
    for pair, value in PART_OF_SUM_CORRELATION.items():
        one, other = tuple(pair)
        both = (data.metabolite[:, None] == one) & (data.metabolite == other)
        correlation[both | both.T] = value
    np.fill_diagonal(correlation, 1.0)
    covariance: FloatArray = correlation * together * np.outer(error, error)
    covariance[np.diag_indices_from(covariance)] += np.where(data.imaging, SPECTROSCOPIC_IMAGING_SD**2, 0.0)
    return covariance


def _usual_cv(data: Observations) -> FloatArray:
    medians = {name: float(np.nanmedian(data.cv[data.metabolite == name])) for name in set(data.metabolite)}
    usual = np.log([medians[name] for name in data.metabolite])
    variance = 1.0 / (2.0 * (data.people - 1.0))
    known = ~np.isnan(data.cv)
    drawn = (usual / CV_PRIOR_SD**2 + np.log(data.cv, where=known, out=usual.copy()) / variance) / (
        1.0 / CV_PRIOR_SD**2 + 1.0 / variance
    )
    return np.exp(np.where(known, drawn, usual))


def _log_mean(rows: list[StudyRow]) -> float:
    return float(np.average(np.log([row.mean for row in rows]), weights=[row.n for row in rows]))


def _cv(rows: list[StudyRow]) -> float:
    known = [row.sd / row.mean for row in rows if row.sd is not None]
    return float(np.mean(known)) if known else float("nan")


def _covariates(rows: list[StudyRow]) -> list[float]:
    field = rows[0].field_t or 3.0
    press = float(np.mean([row.sequence == "PRESS" for row in rows]))
    return [float(all(row.derived for row in rows)), float(field >= 5.0), float(field < 2.0), press - USUAL_PRESS]
