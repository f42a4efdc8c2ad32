"""Coordinates in which the macromolecules of a scanner are learned: known deviations, and lines at any place."""

from __future__ import annotations

from functools import cache, lru_cache
from hashlib import sha256

import numpy as np

from fitting.basis.basis_set import BasisDeviations
from fitting.basis.macromolecule_lines import AREA_SPREAD, PLACE_SPREAD_PPM, SAME_LINE_PPM, WIDTH_SPREAD
from fitting.basis.macromolecule_templates import METHYL_PROTONS, templates
from fitting.basis.macromolecules import Background, mixture
from fitting.fid import Axes
from fitting.units import WATER_PPM, ComplexArray, FloatArray

FIRST_PPM, LAST_PPM, SPACING_PPM = 0.8, 4.2, 0.09
"""Places of the free lines. Macromolecules have lines in the whole range (Cudalbu 2021, doi:10.1002/nbm.4393)."""

FWHM_PPM = 0.12
"""Width of a free line: neighbours overlap, so that together they can take any shape as broad as macromolecules."""

SPREAD = 0.2
"""Standard deviation of a free line's area, in parts of the methyl line at 0.92 ppm. Of 0.05 to 0.30 that were tried on
simulated scanners 0.2 left the least error; in itself it is as much as publications leave unexplained of each other."""


def free_lines(axes: Axes) -> ComplexArray:
    """Gaussian lines of area ``SPREAD`` of the methyl line's, from low to high ppm; shape (lines, points)."""
    hz_per_ppm, t = axes.frequency * 1e-6, axes.time
    places = np.arange(FIRST_PPM, LAST_PPM, SPACING_PPM)
    decay = (np.pi * FWHM_PPM * hz_per_ppm * t) ** 2 / (4 * np.log(2))
    offsets = (WATER_PPM - places) * hz_per_ppm
    return np.asarray(SPREAD * METHYL_PROTONS * np.exp(2j * np.pi * offsets[:, None] * t - decay))


@lru_cache(maxsize=8)
def coordinates(axes: Axes) -> Background:
    """The published mean with its deviations and those of the free lines behind those of single lines.

    A deviation of macromolecules of amplitude 1 from the mean is u @ rows, with u standard normal before anything is
    learned: first the templates' rows, then the others'.
    """
    published = mixture(axes)
    known = published.deviations
    if known is None:
        raise ValueError("the published mixture has no deviations")
    lines = np.concatenate([known.lines, free_lines(axes)])
    lines.setflags(write=False)
    free = BasisDeviations(known.templates, lines, known.multiples, fills_gaps=True)
    return Background(published.signal, free, published.description)


def learned_background(axes: Axes, mean: FloatArray, factor: FloatArray, common: FloatArray, words: str) -> Background:
    """Macromolecules whose deviations in ``coordinates`` are ``mean`` (n,) + ``factor`` (n, n) c, c standard normal.

    ``common`` (n,) is the part of the variance of each c that all spectra of a scanner share.
    """
    start = coordinates(axes)
    known = start.deviations
    if known is None:
        raise ValueError("the published mixture has no deviations")
    rows = np.concatenate([known.templates, known.lines])
    signal, lines = start.signal + mean @ rows, factor.T @ rows
    for shared in (signal, lines):
        shared.setflags(write=False)
    none = np.zeros((0, axes.points), dtype=np.complex128)
    return Background(signal, BasisDeviations(none, lines, {}, common, fills_gaps=True), words)


@cache
def grid_digest() -> str:
    """Digest of what the coordinates are made of: with equal ones a deviation means the same, on every axis."""
    chosen = [repr(entry) for entry in templates().values() if entry.default]
    spreads = (AREA_SPREAD, PLACE_SPREAD_PPM, WIDTH_SPREAD, SAME_LINE_PPM)
    grid = (FIRST_PPM, LAST_PPM, SPACING_PPM, FWHM_PPM, SPREAD)
    return sha256(repr((chosen, spreads, grid)).encode()).hexdigest()[:16]
