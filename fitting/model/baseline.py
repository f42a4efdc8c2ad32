"""Baselines: smooth columns whose stiffness the data decide.

``BASELINES`` is the whole list: each entry builds a ``Baseline`` for a ppm axis. A precision of every block is
found by restricted maximum likelihood (MacKay 1992, doi:10.1162/neco.1992.4.3.415; REML of p-splines as in Wood 2011,
doi:10.1111/j.1467-9868.2010.00749.x).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from scipy.interpolate import BSpline
from scipy.special import dawsn

from fitting.units import FloatArray

FARTHEST = 69.0
"""Square of the distance, in units of the width, from which a Gaussian column is constant: exp(-69) is 1e-30."""

KNOTS_PER_PPM = 8
BUMP_FWHM_PPM = 0.15
BUMP_SPACING_PPM = 0.06
LIPIDS_PPM = ((1.28, 0.15), (1.28, 0.089), (0.89, 0.14))
"""Position and FWHM of the methylene and methyl resonances of lipids, as LCModel simulates them (Provencher 1993,
doi:10.1002/mrm.1910300604; CHSIMU of LCModel 6.3)."""

BESIDE_WATER_PPM = (3.87, 4.24)
BESIDE_WATER_FWHM_PPM, BESIDE_WATER_SPACING_PPM = 0.06, 0.03
"""Where the suppression of water and what is left of it change the lines, and how narrow the columns are that take
this up: about as a line of a metabolite. LCModel leaves out what is above 4.0 ppm (PPMST) and has a line of its own for
the change of creatine's CH2 at 3.91 ppm (-CrCH2)."""

STIFF_SPLINE = (300.0, 20.0)
BUMPS = (3.0, 10.0)
BUMPS_BESIDE_FREE_LINES = 10.0
LIPIDS = (1e-2, 1.0)
BESIDE_WATER = (30.0, 0.3)
FREE_SPLINE = (1e-2, 1.0)
"""Mean and Gamma shape of each block's precision, in units of the noise. The data change a precision of shape 1 at will
and one of shape 20 hardly; one of shape 0.3 stays as large as it is only where nothing foreign is found. A spline that
is free as well as the bumps leaves the likelihood several maxima, in which it takes up what belongs to macromolecules;
the values were chosen on simulated spectra and published scans (decisions 0009 and 0014). Beside macromolecules whose
lines are free at any place bumps have less to take up; with hardly any left (a precision of 30) whatever else is in the
spectra is learned as macromolecules (decision 0021)."""

BROAD = "bumps"
"""Name of the block of bumps."""


@dataclass(frozen=True, slots=True)
class Block:
    """Columns ``start:stop`` with the penalty |root c|² (``root``: (rank, n)) and a prior of its precision.

    The prior of the coefficients is c ~ N(0, (precision · root'root)⁻¹), in units of the noise; that of the precision
    is a Gamma distribution with mean ``precision``, the narrower the larger ``shape``.
    """

    start: int
    stop: int
    root: FloatArray
    precision: float
    shape: float = 1.0
    name: str = ""
    parts: Mapping[int, FloatArray] = field(default_factory=dict)
    """What of the columns belongs to a component, by its index: shape (points, n) each"""
    common: FloatArray | None = None
    """Part (n, n) of the prior covariance, relative to it, that all spectra of one scanner share; None is nothing"""
    penalty: FloatArray = field(init=False)
    """root'root, made once"""
    plain: bool = field(init=False)
    """Whether every coefficient is penalised by itself, so that the root changes nothing"""

    def __post_init__(self) -> None:
        """Precompute values that every solution needs."""
        object.__setattr__(self, "penalty", self.root.T @ self.root)
        object.__setattr__(self, "plain", np.array_equal(self.root, np.eye(*self.root.shape)))

    def energy(self, coefficients: FloatArray) -> float:
        """Sum of squares of the penalised quantities, of all coefficients (..., n) of the baseline."""
        own = coefficients[..., self.start : self.stop]
        own = own if self.plain else own @ self.root.T
        return float(np.vdot(own, own))

    @property
    def rank(self) -> int:
        """Number of penalised directions."""
        return int(self.root.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Real columns, shape (points, n), in penalised blocks; equal to itself alone."""

    columns: FloatArray
    blocks: tuple[Block, ...]
    gram: FloatArray
    """Products (n, n) of the columns with each other."""

    @classmethod
    def of(cls, columns: FloatArray, blocks: tuple[Block, ...]) -> Self:
        """The baseline of these columns."""
        return cls(columns, blocks, columns.T @ columns)

    @property
    def expected(self) -> FloatArray:
        """Expected precision of each block, shape (blocks,)."""
        return np.array([block.precision for block in self.blocks])

    def with_columns(self, columns: FloatArray, *blocks: Block) -> Self:
        """The baseline with further columns (points, m) and their blocks; products already made are kept."""
        cross = self.columns.T @ columns
        gram = np.block([[self.gram, cross], [cross.T, columns.T @ columns]])
        return type(self)(np.hstack([self.columns, columns]), (*self.blocks, *blocks), gram)

    def with_precision(self, name: str, precision: float) -> Self:
        """The baseline with another expected precision of the blocks of that name."""
        blocks = tuple(replace(each, precision=precision) if each.name == name else each for each in self.blocks)
        return type(self)(self.columns, blocks, self.gram)


def _spline_columns(ppm: FloatArray) -> FloatArray:
    low, high = float(ppm.min()), float(ppm.max())
    segments = max(4, round((high - low) * KNOTS_PER_PPM))
    step = (high - low) / segments
    knots = low + step * np.arange(-3, segments + 4)
    knots[3], knots[-4] = low, high
    columns = BSpline.design_matrix(np.clip(ppm, low, high - 1e-9), knots, 3).toarray()
    return np.asarray(columns, dtype=np.float64)


def p_spline(ppm: FloatArray) -> Baseline:
    """Cubic penalised B-splines, 8 per ppm, second differences (Eilers & Marx 1996, doi:10.1214/ss/1038425655).

    Penalised splines for MRS baselines: Wilson 2021 (ABfit), doi:10.1002/mrm.28385.
    """
    return _spline(ppm, *FREE_SPLINE)


def _spline(ppm: FloatArray, precision: float, shape: float) -> Baseline:
    columns = _spline_columns(ppm)
    size = columns.shape[1]
    difference = np.diff(np.eye(size), n=2, axis=0)
    return Baseline.of(columns, (Block(0, size, difference, precision, shape),))


def _bumps(ppm: FloatArray, low: float, high: float, spacing: float, fwhm: float) -> FloatArray:
    sigma = fwhm / (2 * np.sqrt(2 * np.log(2)))
    return _bell((ppm[:, None] - np.arange(low, high, spacing)) / (np.sqrt(2) * sigma))


def _bell(distance: FloatArray) -> FloatArray:
    """exp(-distance²), but no smaller than 1e-30: products with still smaller numbers take ten times as long."""
    return np.asarray(np.exp(-np.minimum(distance**2, FARTHEST)), dtype=np.float64)


def _lipids(ppm: FloatArray) -> FloatArray:
    columns = []
    for centre, width in LIPIDS_PPM:
        scaled = (ppm - centre) / (width / (2 * np.sqrt(np.log(2))))
        columns += [_bell(scaled), 2 / np.sqrt(np.pi) * dawsn(scaled)]
    return np.column_stack(columns)


def two_scale(ppm: FloatArray) -> Baseline:
    """A stiff p-spline, bumps of the width of macromolecules, lipids, and lines beside water, each with a precision.

    The spline is the baseline proper. The bumps (0.15 ppm wide, one every 0.06 ppm) take up what a rigid
    macromolecule template gets wrong. Lipid from outside the measured volume comes with a phase of its own, so every
    lipid resonance has an absorptive and a dispersive column (its Hilbert transform); where there is no lipid their
    precision grows and removes them. Narrow columns above 3.87 ppm take up what the suppression of water and its
    removal do to the lines there, so that creatine and myo-inositol are not judged by theirs at 3.91 and 4.06 ppm; the
    precision of these columns falls only where there is such a thing.
    """
    baseline = _spline(ppm, *STIFF_SPLINE)
    everywhere = (float(ppm.min()), float(ppm.max()) + BUMP_SPACING_PPM, BUMP_SPACING_PPM, BUMP_FWHM_PPM)
    beside_water = (*BESIDE_WATER_PPM, BESIDE_WATER_SPACING_PPM, BESIDE_WATER_FWHM_PPM)
    for name, columns, prior in (
        (BROAD, _bumps(ppm, *everywhere), BUMPS),
        ("", _lipids(ppm), LIPIDS),
        ("", _bumps(ppm, *beside_water), BESIDE_WATER),
    ):
        start, count = baseline.columns.shape[1], columns.shape[1]
        block = Block(start, start + count, np.eye(count), *prior, name)
        baseline = baseline.with_columns(columns, block)
    return baseline


BASELINES: Mapping[str, Callable[[FloatArray], Baseline]] = {"p-spline": p_spline, "two-scale": two_scale}
