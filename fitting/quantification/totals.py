"""Sums of metabolites the fit cannot separate well (tNAA, tCr, tCho, Glx) and the order they are reported in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.basis.macromolecules import is_background
from fitting.basis.metabolites import metabolites
from fitting.units import FloatArray

ORDER = tuple(item.name for item in metabolites())
"""Metabolites and sums in the order of every result; other components follow in the order of the fit."""


def totals() -> dict[str, tuple[str, ...]]:
    """Members of each sum."""
    return {item.name: item.members for item in metabolites() if item.members}


@dataclass(frozen=True, slots=True)
class Combinations:
    """Reported names as sums of fitted components: ``weights`` (M, K) is 1 where a component is a member."""

    names: tuple[str, ...]
    weights: FloatArray

    @property
    def creatine(self) -> int | None:
        """Index of tCr, the reference of all ratios; None without creatine."""
        return self.names.index("tCr") if "tCr" in self.names else None

    def apply(self, values: FloatArray, covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Values (M,) and covariance (M, M) of the reported names: W x and W C Wᵀ."""
        return self.weights @ values, self.weights @ covariance @ self.weights.T


def combine(components: tuple[str, ...]) -> Combinations:
    """All fitted components plus the sums of those present.

    A sum whose name is itself a component (a basis with one ``tCho`` signal) is left as fitted; a sum
    with no member present does not appear.

    Parameters
    ----------
    components : tuple of str
        Names of the K fitted components.

    Returns
    -------
    Combinations
        M ≥ K names in the order of ``ORDER``, then metabolites it does not know, then macromolecules.
    """
    rows = {name: np.eye(len(components))[index] for index, name in enumerate(components)}
    for total, members in totals().items():
        present = [rows[member] for member in members if member in components]
        if present and total not in components:
            rows[total] = np.sum(present, axis=0)
    known = [name for name in ORDER if name in rows]
    others = sorted((name for name in rows if name not in ORDER), key=is_background)
    names = (*known, *others)
    return Combinations(names, np.array([rows[name] for name in names]).reshape(len(names), len(components)))
