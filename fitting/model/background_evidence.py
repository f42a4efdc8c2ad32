"""What one spectrum says of the deviations of its macromolecules, everything else marginalised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from fitting.model.background import LINES, TEMPLATES
from fitting.model.forward import State
from fitting.model.least_squares import Problem
from fitting.units import FloatArray

RIDGE = 1e-10
"""Added to the diagonal of information matrices scaled to a diagonal of 1, for collinear components (Cr, PCr)."""


INFORMATIVE = 1.0
"""Information, relative to the prior's, from which a direction counts in the comparison with the prior. With 3 too few
are left at ordinary quality, with 0.1 the noise of so many hides the few that differ."""


@dataclass(frozen=True, slots=True)
class BackgroundEvidence:
    """Gaussian log likelihood b'u - u'Hu/2 of deviations u (n,), each in units of its prior standard deviation."""

    information: FloatArray
    """H, shape (n, n)."""
    linear: FloatArray
    """b, shape (n,)."""

    def moved(self, mean: FloatArray, factor: FloatArray) -> BackgroundEvidence:
        """The likelihood of u = mean + factor c, given this one of c; ``factor`` (n, n) is invertible."""
        inverse = np.linalg.inv(factor)
        information = inverse.T @ self.information @ inverse
        return BackgroundEvidence(information, information @ mean + inverse.T @ self.linear)


def evidence_of(problem: Problem, state: State) -> BackgroundEvidence:
    """The likelihood of the deviations of ``MM`` near a solution, without their own prior.

    Amplitudes, phases, shifts, widths and the rest of the baseline are marginalised with their priors by the Schur
    complement of the penalised Gauss-Newton Hessian. At the solution the slope of the likelihood is the pull of the
    prior, p c. What the residual exceeds the noise makes the likelihood wider.
    """
    model, precisions = problem.model, problem.projection.precisions
    size = state.amplitudes.size + model.layout.size
    information = _information(problem, state)
    count = information.shape[0]
    chosen, slopes, spread = np.zeros(count, dtype=bool), np.zeros(count), np.ones(count)
    for block, precision in zip(model.baseline.blocks, precisions, strict=True):
        inside = np.arange(size + block.start, size + block.stop)
        if block.name in {TEMPLATES, LINES}:
            chosen[inside] = True
            slopes[inside] = precision * state.coefficients[block.start : block.stop]
            spread[inside] = 1.0 / np.sqrt(block.precision)
        else:
            information[np.ix_(inside, inside)] += precision * block.penalty
    scale = np.sqrt(np.maximum(np.diagonal(information), np.finfo(float).tiny))
    scaled = information / np.outer(scale, scale)
    scaled[np.diag_indices_from(scaled)] += RIDGE
    rest = np.logical_not(chosen)
    cross = scaled[np.ix_(chosen, rest)]
    remaining = scaled[np.ix_(chosen, chosen)] - cross @ np.linalg.solve(scaled[np.ix_(rest, rest)], cross.T)
    unit = scale[chosen] * spread[chosen]
    inflation = max(1.0, float(np.mean(state.residual**2)))
    kept = remaining * np.outer(unit, unit) / inflation
    coefficients = state.coefficients[chosen[size:]] / spread[chosen]
    return BackgroundEvidence(kept, kept @ coefficients + slopes[chosen] * spread[chosen] / inflation)


def _information(problem: Problem, state: State) -> FloatArray:
    """Information of amplitudes, non-linear parameters and baseline, in this order, without the baseline's priors."""
    products, cross = problem.products(state)
    information = np.block([[products, cross.T], [cross, problem.model.baseline.gram]])
    tail = np.arange(state.amplitudes.size, state.amplitudes.size + problem.model.layout.size)
    information[tail, tail] += problem.soft_weights()
    return np.asarray(information)


def probability(evidence: BackgroundEvidence) -> float:
    """Probability of a spectrum at least as unlike its prior, u standard normal, as this one.

    Then b ~ N(0, H + H²), so that along the principal axes of H, with information h, b²/(h + h²) is a draw of χ²₁.
    Those that the spectrum says more of than the prior does count together.
    """
    information, axes = np.linalg.eigh(evidence.information)
    seen = information > INFORMATIVE
    draws = (axes.T @ evidence.linear)[seen] ** 2 / (information[seen] * (1.0 + information[seen]))
    return float(chdtrc(int(seen.sum()), float(draws.sum()))) if seen.any() else 1.0
