"""The control model: what published studies together say of healthy people in a laboratory that is none of them.

Fitted offline (``make norm-model``, package ``norm_model``) to the study rows of all regions, laboratories and
metabolites at once. Here its draws become the prior of a laboratory for one region, metabolite and field.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fitting.norms.composition import METABOLITES, PARTS, linear
from fitting.norms.study_rows import norm_folder
from fitting.statistics.laboratory import Prior
from fitting.units import FloatArray

FIELDS = (1.5, 3.0, 7.0)
"""Nominal fields of the studies, tesla; at 1.5 and 7 T with the effect of the field and its uncertainty."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One metabolite in one region at one field; a part or side of the region matters within one laboratory only."""

    metabolite: str
    region: str
    field_t: float = 3.0
    part: str = ""
    side: str = ""
    """``left`` or ``right``; empty for any other."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How healthy people of one laboratory differ: effects of covariates, sides, correlations within one person."""

    reference_age: float
    age: Mapping[str, float]
    """Change of the log ratio a year, by metabolite."""
    age_sd: Mapping[str, float]
    sex_sd: float
    grey_matter_sd: float
    sides_sd: float
    regions_correlation: Mapping[str, float]
    """Between two regions of one person, by metabolite."""
    metabolites_correlation: Mapping[frozenset[str], float]
    """Between two metabolites of one person; zero where absent."""
    largest_detectable_percent: float
    """A comparison that needs a larger decrease is not informative."""


@dataclass(frozen=True, slots=True)
class ControlModel:
    """Draws of the model; the first axis is the draw, h of them."""

    regions: tuple[str, ...]
    studies: int
    observations: int
    rows_sha256: str
    mean: FloatArray
    """Log parts of each of k regions, then the effects of 7 T and of 1.5 T; shape (h, 6 k + 12)."""
    covariance: FloatArray
    """Of one draw, mean over the draws, shape (6 k + 12, 6 k + 12)."""
    laboratory: FloatArray
    """Covariance of the parts between laboratories, shape (h, 6, 6)."""
    cell: FloatArray
    """The same of laboratory × region."""
    log_cv: FloatArray
    """Log of the spread of people, shape (metabolites, k)."""
    log_cv_sd: FloatArray
    """Of a new laboratory."""
    study_cv_sd: float
    """Part of it that all regions of one laboratory share."""

    def covers(self, region: str, metabolite: str) -> bool:
        """Whether the model has this region and metabolite."""
        return region in self.regions and metabolite in METABOLITES

    def prior(self, cell: Cell) -> Prior:
        """Prior of a laboratory's people for one cell."""
        weights, state, constant = self._weights(cell)
        row, column = METABOLITES.index(cell.metabolite), self.regions.index(cell.region)
        return Prior(
            mean=self.mean @ state + constant,
            region=np.full(self.mean.shape[0], float(state @ self.covariance @ state)),
            laboratory=np.einsum("i,hij,j->h", weights, self.laboratory + self.cell, weights),
            log_spread=float(self.log_cv[row, column]),
            log_spread_sd=float(self.log_cv_sd[row, column]),
        )

    def joint(self, cells: Sequence[Cell]) -> tuple[FloatArray, FloatArray]:
        """Means and covariances of one laboratory's means of several cells, shape (h, q) and (h, q, q).

        All cells share the laboratory. Cells of one part of a region share laboratory × region too; the two sides of it
        differ by the SD between sides.
        """
        found = [self._weights(cell) for cell in cells]
        means = np.stack([self.mean @ state + constant for _, state, constant in found], axis=1)
        covariance = np.empty((self.mean.shape[0], len(cells), len(cells)))
        for a, one in enumerate(cells):
            for b, other in enumerate(cells):
                alike = (one.region, one.part) == (other.region, other.part)
                levels = self.laboratory + self.cell if alike else self.laboratory
                covariance[:, a, b] = found[a][1] @ self.covariance @ found[b][1] + np.einsum(
                    "i,hij,j->h", found[a][0], levels, found[b][0]
                )
                if alike and {one.side, other.side} == {"left", "right"}:
                    covariance[:, a, b] -= 0.5 * habits().sides_sd ** 2
        return means, covariance

    def state(self, cell: Cell) -> FloatArray:
        """Weights of the regions' log parts and of the field in the log of a cell, shape (6 k + 12,)."""
        return self._weights(cell)[1]

    def _weights(self, cell: Cell) -> tuple[FloatArray, FloatArray, float]:
        """Weights of the parts, of the whole state, and the constant of the linearised sum."""
        count, places = len(PARTS), len(self.regions)
        start = count * self.regions.index(cell.region)
        blocks = [slice(start, start + count)]
        if cell.field_t in (7.0, 1.5):
            effect = count * (places + (0 if cell.field_t == 7.0 else 1))
            blocks.append(slice(effect, effect + count))
        average = self.mean.mean(axis=0)
        weights, constant = linear(cell.metabolite, sum((average[block] for block in blocks), np.zeros(count)))
        state = np.zeros(average.size)
        for block in blocks:
            state[block] = weights
        return weights, state, constant


@lru_cache(maxsize=1)
def control_model() -> ControlModel:
    """The shipped model, read once per process."""
    content = json.loads(norm_folder().joinpath("model.json").read_text(encoding="utf-8"))
    people = content["people"]
    sd = np.sqrt(np.array(people["log_cv_sd"]) ** 2 + people["study_sd"] ** 2 + people["rest_sd"] ** 2)
    return ControlModel(
        regions=tuple(content["regions"]),
        studies=content["studies"],
        observations=content["observations"],
        rows_sha256=content["rows_sha256"],
        mean=np.array(content["mean"]),
        covariance=_symmetric(np.array(content["covariance"])),
        laboratory=np.array([_symmetric(np.array(item)) for item in content["laboratory"]]),
        cell=np.array([_symmetric(np.array(item)) for item in content["cell"]]),
        log_cv=np.array(people["log_cv"]),
        log_cv_sd=sd,
        study_cv_sd=people["study_sd"],
    )


@lru_cache(maxsize=1)
def habits() -> Habits:
    """How people of one laboratory differ, from ``people.toml``."""
    content = tomllib.loads(norm_folder().joinpath("people.toml").read_text(encoding="utf-8"))
    age, same = content["age"], content["same_person"]
    return Habits(
        reference_age=age["reference_years"],
        age={name: slope / 10.0 for name, slope in age["per_decade"].items()},
        age_sd={name: slope / 10.0 for name, slope in age["per_decade_sd"].items()},
        sex_sd=content["sex"]["sd"],
        grey_matter_sd=content["grey_matter"]["sd"],
        sides_sd=content["sides"]["sd"],
        regions_correlation=same["regions"],
        metabolites_correlation={frozenset(pair.split("-")): value for pair, value in same["metabolites"].items()},
        largest_detectable_percent=content["comparison"]["largest_detectable_percent"],
    )


def _symmetric(lower: FloatArray) -> FloatArray:
    """Symmetric matrix of the rows of its lower triangle."""
    size = int((np.sqrt(8 * lower.size + 1) - 1) / 2)
    matrix = np.zeros((size, size))
    matrix[np.tril_indices(size)] = lower
    return matrix + np.tril(matrix, -1).T
