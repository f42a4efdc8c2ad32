"""Correlations of one network in two groups: tests of the whole, and each edge with its interval."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from scipy import special

from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import Columns
from fitting.cohort.findings import Item, with_q
from fitting.cohort.group_difference import LEAST_RELIABILITY
from fitting.cohort.sample import Sample
from fitting.cohort.session_values import REFERENCE
from fitting.cohort.tables.table import Place
from fitting.statistics.correlation import fisher, fisher_interval, residuals
from fitting.statistics.correlation_matrices import jennrich, network_difference
from fitting.units import BoolArray, FloatArray

FEWEST_FOR_VERDICT = 20
"""People in each group below which edges have intervals and no verdict: at 9 that of r = 0 is ±0.66."""
ASSUMED_TCR_CV = 0.08
"""Coefficient of variation of tCr between people that is assumed for the correlation that ratios have by construction,
where concentrations are not at hand; 8 % is what studies of healthy people find of major metabolites at 3 T."""


@dataclass(frozen=True, slots=True)
class Network:
    """Columns of one network and the pairs of them that are its edges."""

    name: str
    columns: tuple[tuple[Place, str], ...]
    labels: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Residuals:
    """Values of a network without group means and covariates."""

    samples: tuple[Sample, ...]
    values: FloatArray
    """Shape (n, q)."""
    group: BoolArray
    covariates: int
    """Number k of columns taken out."""

    @property
    def halves(self) -> tuple[FloatArray, FloatArray]:
        """Values of the reference and of the other group."""
        return self.values[~self.group], self.values[self.group]

    @property
    def matrices(self) -> tuple[FloatArray, FloatArray]:
        """Correlation matrices of both groups."""
        first, second = (np.asarray(np.corrcoef(part, rowvar=False)) for part in self.halves)
        return first, second

    @property
    def freedom(self) -> tuple[int, int]:
        """Each group's n − 3 − k."""
        first, second = (len(part) - 3 - self.covariates for part in self.halves)
        return first, second

    @property
    def spread(self) -> float:
        """Standard error of a difference of atanh r."""
        return math.sqrt(sum(1.0 / n for n in self.freedom))


def compared(cohort: Cohort, samples: tuple[Sample, ...], columns: Columns, network: Network, other: str) -> Item:
    """Fields of an answer: tests of the whole network, and each edge."""
    group = samples[0].in_group(other)
    taken_out = np.column_stack([group, columns.matrix])
    values = residuals(np.column_stack([item.value for item in samples]), taken_out)
    found = _Residuals(samples, values, group, columns.matrix.shape[1])
    first, second = found.halves
    ids = np.array(samples[0].ids)
    edges = np.array(network.edges, dtype=np.intp)
    orders = cohort.orders([*ids[~group], *ids[group]])
    return {
        "n_reference": len(first),
        "n_other": len(second),
        **asdict(network_difference(first, second, orders, edges, found.spread)),
        "jennrich": _jennrich(found),
        "verdict_given": min(len(first), len(second)) >= FEWEST_FOR_VERDICT,
        "edges": _edges(found, network),
    }


def _jennrich(found: _Residuals) -> Item | None:
    people = [len(part) - found.covariates for part in found.halves]
    try:
        return asdict(jennrich(*found.matrices, *people))
    except np.linalg.LinAlgError:
        return None


def _edges(found: _Residuals, network: Network) -> list[Item]:
    samples, matrices = found.samples, found.matrices
    reliabilities = [
        [_reliability(item, found.values[:, i], members) for i, item in enumerate(samples)]
        for members in (~found.group, found.group)
    ]
    edges = []
    for a, b in network.edges:
        r = [float(matrix[a, b]) for matrix in matrices]
        z = (fisher(r[1]) - fisher(r[0])) / found.spread
        edge: Item = {"edge": [network.labels[a], network.labels[b]]}
        for name, value, free, known in zip(("reference", "other"), r, found.freedom, reliabilities, strict=True):
            low, high = fisher_interval(value, free)
            edge |= {f"r_{name}": value, f"low_{name}": low, f"high_{name}": high}
            edge[f"r_true_{name}"] = _without_errors(value, known[a], known[b])
        edge |= {"z": z, "p": 2.0 * float(special.ndtr(-abs(z)))}
        if samples[a].unit == REFERENCE and samples[b].unit == REFERENCE and samples[a].place == samples[b].place:
            edge["r_by_denominator"] = by_denominator(_cv(samples[a]), _cv(samples[b]), ASSUMED_TCR_CV)
        edges.append(edge)
    with_q(edges)
    return edges


def _reliability(sample: Sample, values: FloatArray, members: BoolArray) -> float | None:
    if not sample.has_errors:
        return None
    variance = float(np.var(values[members], ddof=1))
    return min(max(1.0 - float(np.mean(sample.sd[members] ** 2)) / variance, 0.0), 1.0)


def _without_errors(r: float, first: float | None, second: float | None) -> float | None:
    """r/√(λ_a λ_b), errors counted as independent, cut at ±1; None where a reliability is unknown or low."""
    if first is None or second is None or min(first, second) < LEAST_RELIABILITY:
        return None
    return min(max(r / math.sqrt(first * second), -1.0), 1.0)


def _cv(sample: Sample) -> float:
    return float(np.std(sample.value, ddof=1) / abs(np.mean(sample.value)))


def by_denominator(cv_first: float, cv_second: float, cv_denominator: float) -> float:
    """Correlation of two ratios over one denominator when nothing else correlates.

    r₀ = cv_c²/√((cv_a²+cv_c²)(cv_b²+cv_c²)); the observed coefficients of variation of the ratios stand for the sums
    (Pearson 1897, doi:10.1098/rspl.1896.0076). At most 1.
    """
    return min(cv_denominator**2 / max(cv_first * cv_second, 1e-300), 1.0)
