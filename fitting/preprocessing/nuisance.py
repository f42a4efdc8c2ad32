"""Residual water taken off and the spectrum moved to its place: each needs the other, so they are one step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.preprocessing.referencing import SEARCH_BESIDE_WATER_PPM, SEARCH_PPM, Reference, find_reference
from fitting.preprocessing.residual_water import Components, decompose
from fitting.preprocessing.sampling import Sampling
from fitting.preprocessing.step import REGISTRATION, WATER_REMOVAL, Step, step
from fitting.signal import time_axis
from fitting.units import ComplexArray


@dataclass(frozen=True, slots=True)
class Referenced:
    """A FID (points,) without residual water and where its peaks belong."""

    fid: ComplexArray
    found: Reference
    water: ComplexArray
    """The residual water that was taken off, shape (points,)."""
    rest: ComplexArray
    """What is left without any decaying line: noise, and signal that is none; shape (points,)."""
    steps: tuple[Step, ...]

    @property
    def shift_ppm(self) -> float:
        """How far the FID was moved toward higher ppm."""
        return _applied(self.found)


def referenced_without_water(fid: ComplexArray, sampling: Sampling, *, beside_water: bool) -> Referenced:
    """The FID (points,) without residual water and moved to where its peaks belong.

    Residual water is found once, taken off to find the shift, and then taken off anew where the shift puts it.
    """
    components = decompose(fid, sampling.dwell_time, sampling.spectrometer_frequency)
    search_ppm = SEARCH_BESIDE_WATER_PPM if beside_water else SEARCH_PPM
    found = find_reference(
        fid - _sum(components.water(sampling.spectrometer_frequency), fid.size, sampling),
        sampling.dwell_time,
        sampling.spectrometer_frequency,
        search_ppm,
    )
    shift_ppm = _applied(found)
    water_lines = components.water(sampling.spectrometer_frequency, shift_ppm)
    water = _shifted(_sum(water_lines, fid.size, sampling), shift_ppm, sampling)
    steps = (
        step(WATER_REMOVAL, f"HSVD: {len(water_lines)} residual water components subtracted."),
        step(REGISTRATION, f"Referenced to several peaks by {shift_ppm:+.4f} ppm: {found.reason}."),
    )
    clean = _shifted(fid, shift_ppm, sampling) - water
    return Referenced(clean, found, water, fid - _sum(components, fid.size, sampling), steps)


def _applied(found: Reference) -> float:
    """How far a spectrum with this reference is moved toward higher ppm; a doubtful one moves nothing."""
    return -found.shift_ppm if found.trusted else 0.0


def _sum(components: Components, points: int, sampling: Sampling) -> ComplexArray:
    return components.fid(points, sampling.dwell_time)


def _shifted(fid: ComplexArray, shift_ppm: float, sampling: Sampling) -> ComplexArray:
    """The FID moved by ``shift_ppm`` toward higher ppm."""
    shift_hz = shift_ppm * sampling.spectrometer_frequency * 1e-6
    return np.asarray(fid * np.exp(-2j * np.pi * shift_hz * time_axis(fid.size, sampling.dwell_time)))
