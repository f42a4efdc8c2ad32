"""Correlation matrices of two groups: are they alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from fitting.statistics.least_squares import share_at_least
from fitting.units import FloatArray, IndexArray

STRONG_EDGE = 2.0
"""|z| from which an edge belongs to a component (network-based statistic)."""
FEWEST_FOR_COMPONENT = 8
"""Columns from which components are looked at."""
LARGEST = 0.999999


@dataclass(frozen=True, slots=True)
class Jennrich:
    """Test of equal correlation matrices."""

    chi2: float
    df: int
    p: float


def jennrich(reference: FloatArray, other: FloatArray, n_reference: float, n_other: float) -> Jennrich:
    """Jennrich's test in its original form (1970, doi:10.1080/01621459.1970.10481133).

    χ² = ½ tr Z² − dᵀS⁻¹d with Z = √c R̄⁻¹(R₁−R₂), d = diag Z, S = I + R̄∘R̄⁻¹, c = n₁n₂/(n₁+n₂) and R̄ the mean
    weighted by people.

    Parameters
    ----------
    reference, other : float array, shape (q, q)
        Correlation matrices.
    n_reference, n_other : float
        People, less the number of columns taken out.
    """
    total = n_reference + n_other
    pooled = (n_reference * reference + n_other * other) / total
    inverse = np.linalg.inv(pooled)
    z = np.sqrt(n_reference * n_other / total) * inverse @ (reference - other)
    diagonal = np.diag(z)
    s = np.eye(len(pooled)) + pooled * inverse
    chi2 = 0.5 * float(np.trace(z @ z)) - float(diagonal @ np.linalg.solve(s, diagonal))
    q = len(pooled)
    df = q * (q - 1) // 2
    return Jennrich(chi2, df, float(special.chdtrc(df, max(chi2, 0.0))))


@dataclass(frozen=True, slots=True)
class NetworkDifference:
    """Difference of two correlation networks as wholes, each with its permutation p."""

    strength: float
    """Mean difference of atanh r over the edges, other − reference."""
    p_strength: float
    structure: float
    """Mean |difference| of atanh r."""
    p_structure: float
    component: int | None
    """Edges of the largest connected component of edges with |z| > 2; None below eight columns."""
    p_component: float | None


def network_difference(
    reference: FloatArray, other: FloatArray, orders: IndexArray, edges: IndexArray, z_scale: float
) -> NetworkDifference:
    """Compare two groups' networks by permuting people who were standardised within their group.

    Standardising first keeps a difference of means or spreads from counting as one of correlations.

    Parameters
    ----------
    reference, other : float array, shape (n₁, q), (n₂, q)
        Values with group means and covariates taken out.
    orders : int array, shape (B, n₁ + n₂)
    edges : int array, shape (E, 2)
        Pairs of columns.
    z_scale : float
        Standard error of a difference of atanh r.
    """
    people = np.vstack([_standardised(reference), _standardised(other)])
    first = len(reference)
    observed = _differences(people[np.newaxis], first, edges)[0]
    strengths, structures, components = [], [], []
    with_component = people.shape[1] >= FEWEST_FOR_COMPONENT
    for block in np.array_split(orders, max(1, len(orders) * people.size // 2_000_000 + 1)):
        permuted = _differences(people[block], first, edges)
        strengths.append(np.abs(permuted.mean(axis=1)))
        structures.append(np.abs(permuted).mean(axis=1))
        if with_component:
            strong = np.abs(permuted) > STRONG_EDGE * z_scale
            components.append(np.array([largest_component(edges[row]) for row in strong]))
    strength, structure = float(observed.mean()), float(np.abs(observed).mean())
    component = largest_component(edges[np.abs(observed) > STRONG_EDGE * z_scale]) if with_component else None
    return NetworkDifference(
        strength,
        share_at_least(abs(strength), np.concatenate(strengths)),
        structure,
        share_at_least(structure, np.concatenate(structures)),
        component,
        None if component is None else share_at_least(component, np.concatenate(components)),
    )


def largest_component(edges: IndexArray) -> int:
    """Number of edges in the largest connected component of a graph given by its edges, shape (E, 2)."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for a, b in edges:
        parent[root(int(a))] = root(int(b))
    counts: dict[int, int] = {}
    for a, _ in edges:
        counts[root(int(a))] = counts.get(root(int(a)), 0) + 1
    return max(counts.values(), default=0)


def _standardised(values: FloatArray) -> FloatArray:
    centred = values - values.mean(axis=0)
    return np.asarray(centred / np.sqrt(np.mean(centred**2, axis=0)))


def _differences(people: FloatArray, first: int, edges: IndexArray) -> FloatArray:
    """Differences of atanh r, other − reference, for stacks of people, shape (B, n, q) to (B, E)."""
    return np.asarray(_atanh(people[:, first:], edges) - _atanh(people[:, :first], edges))


def _atanh(values: FloatArray, edges: IndexArray) -> FloatArray:
    centred = values - values.mean(axis=1, keepdims=True)
    products = np.matmul(centred.transpose(0, 2, 1), centred)
    scale = np.sqrt(np.diagonal(products, axis1=1, axis2=2))
    r = products[:, edges[:, 0], edges[:, 1]] / (scale[:, edges[:, 0]] * scale[:, edges[:, 1]])
    return np.asarray(np.arctanh(np.clip(r, -LARGEST, LARGEST)))
