r"""Tissue content of the measured box from probability maps, with partial volumes, by integration over the box.

The share of tissue k is

.. math:: v_k = \frac{1}{V} \int_\mathrm{box} p_k(r)\,dr \approx \frac{1}{N} \sum_n p_k(r_n)

with p_k constant within each voxel of its map, as a segmentation defines it. The points r_n are an additive recurrence
in the box's own coordinates (Kuipers & Niederreiter 1974, Uniform Distribution of Sequences, chapter 2), so the answer
turns with the box and no resampled mask is needed; each map is read on its own grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fitting.acquisition import VoiGeometry
from fitting.io.nifti_image import Image
from fitting.units import FloatArray

POINTS = 2**18
"""Sample points: 33 in each cubic millimetre of a 20 mm cube; the share of a half-space is exact to some 2e-4."""


@dataclass(frozen=True, slots=True)
class Content:
    """Shares of the box: each map's mean over the whole box, and the part outside of at least one map; 0 to 1."""

    shares: Mapping[str, float]
    outside: float


def content(geometry: VoiGeometry, maps: Mapping[str, Image], points: int = POINTS) -> Content:
    """Share of the box that each map's tissue fills; outside of a map there is none of it.

    Parameters
    ----------
    geometry : VoiGeometry
    maps : mapping of str to Image
        Probability maps, each on its own grid.
    points : int
        Sample points.

    Returns
    -------
    Content
    """
    at = points_in(geometry, points)
    outside = np.zeros(points, dtype=bool)
    shares = {}
    for name, image in maps.items():
        index, inside = _nearest(image, at)
        outside |= ~inside
        shares[name] = float(np.sum(image.voxels[tuple(index[inside].T)], dtype=np.float64)) / points
    return Content(shares, float(np.mean(outside)))


def outside_share(geometry: VoiGeometry, image: Image, points: int = POINTS) -> float:
    """Share of the box that lies outside of the image, 0 to 1."""
    return 1.0 - float(np.mean(_nearest(image, points_in(geometry, points))[1]))


def points_in(geometry: VoiGeometry, points: int = POINTS) -> FloatArray:
    """Points that fill the box evenly, world coordinates (mm), shape (points, 3)."""
    at: FloatArray = np.asarray(geometry.center_mm) + (_recurrence(points) - 0.5) @ np.asarray(geometry.edges_mm)
    return at


@lru_cache(maxsize=1)
def _recurrence(points: int) -> FloatArray:
    """Fractional parts of n (g⁻¹, g⁻², g⁻³), g⁴ = g + 1: the best-known generators in three dimensions."""
    root = 2.0
    for _ in range(60):
        root = (1.0 + root) ** 0.25
    steps = root ** -np.arange(1.0, 4.0)
    return np.asarray((0.5 + np.arange(1.0, points + 1.0)[:, None] * steps) % 1.0)


def _nearest(image: Image, at: FloatArray) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Index of the voxel that each point lies in, shape (points, 3), and whether there is one."""
    back = np.linalg.inv(image.affine_mm)
    index = np.floor(at @ back[:3, :3].T + back[:3, 3] + 0.5)
    inside = np.all((index >= 0) & (index < image.voxels.shape), axis=1)
    return index.astype(np.intp), inside
