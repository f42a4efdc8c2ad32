"""Laboratories beside the published ones: their shared means update the control model in closed form."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from fitting.norms.control_model import Cell, ControlModel, control_model
from fitting.statistics.laboratory import Prior

FIELDS = (1.5, 3.0, 7.0)


@dataclass(frozen=True, slots=True)
class LaboratoryMean:
    """Healthy people of one laboratory in one cell of the model, on the log scale."""

    cell: Cell
    n: int
    log_mean: float
    log_sd: float
    """Between people."""


@dataclass(frozen=True, slots=True)
class FurtherLaboratory:
    """What one laboratory shared."""

    id: str
    """SHA-256 of what was shared."""
    name: str
    means: tuple[LaboratoryMean, ...]


def model_with(laboratories: Sequence[FurtherLaboratory]) -> ControlModel:
    """The control model after the means of further laboratories, each taken once, in the order of their ids."""
    different = {item.id: item for item in laboratories}
    return _model_with(tuple(different[name] for name in sorted(different)))


@lru_cache(maxsize=1024)
def prior_with(laboratories: tuple[FurtherLaboratory, ...], cell: Cell) -> Prior:
    """Prior of a laboratory's people for one cell after these further laboratories; each is computed once."""
    return model_with(laboratories).prior(cell)


@lru_cache(maxsize=16)
def _model_with(laboratories: tuple[FurtherLaboratory, ...]) -> ControlModel:
    model = control_model()
    for laboratory in laboratories:
        model = updated(model, laboratory)
    return model


def updated(model: ControlModel, laboratory: FurtherLaboratory) -> ControlModel:
    """The model after one more laboratory.

    With the state x of the regions, N(m_h, C) in draw h, and the laboratory's means y = S x + c + e, the covariance R
    of e being that of laboratory and laboratory × region (mean over the draws) and of sampling s²/n, the posterior is
    m_h + G (y − S m_h − c) and C − G S C with G = C Sᵀ (S C Sᵀ + R)⁻¹. The SDs between laboratories keep their draws.

    Parameters
    ----------
    model : ControlModel
    laboratory : FurtherLaboratory
        Means that the model does not cover are left out.
    """
    means = [
        item
        for item in laboratory.means
        if item.cell.field_t in FIELDS and model.covers(item.cell.region, item.cell.metabolite)
    ]
    if not means:
        return model
    cells = [item.cell for item in means]
    states = np.stack([model.state(cell) for cell in cells])
    expected, covariance = model.joint(cells)
    sampling = np.diag([item.log_sd**2 / item.n for item in means])
    gain = np.linalg.solve(covariance.mean(axis=0) + sampling, states @ model.covariance).T
    observed = np.array([item.log_mean for item in means])
    return replace(
        model,
        mean=model.mean + (observed - expected) @ gain.T,
        covariance=model.covariance - gain @ states @ model.covariance,
        studies=model.studies + 1,
        observations=model.observations + len(means),
    )


def further_version(laboratories: Sequence[FurtherLaboratory]) -> str:
    """Suffix that further laboratories add to the version of the published norms; empty without any."""
    if not laboratories:
        return ""
    content = "\0".join(sorted({item.id for item in laboratories}))
    return f"+shared-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
