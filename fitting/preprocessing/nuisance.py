"""Remove residual water and reference the spectrum: each needs the other, so they are one step."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.fid import Fid
from fitting.preprocessing.referencing import SEARCH_BESIDE_WATER_PPM, SEARCH_PPM, Reference, find_reference
from fitting.preprocessing.residual_water import decompose
from fitting.preprocessing.step import REGISTRATION, WATER_REMOVAL, Step, step


@dataclass(frozen=True, slots=True)
class Referenced:
    """A FID (points,) without residual water, referenced."""

    fid: Fid
    found: Reference
    water: Fid
    """The residual water that was taken off, shape (points,)."""
    rest: Fid
    """Remainder without any decaying line: noise and signal that is not a decaying line; shape (points,)."""
    steps: tuple[Step, ...]

    @property
    def shift_ppm(self) -> float:
        """Shift of the FID toward higher ppm."""
        return _applied(self.found)


def referenced_without_water(fid: Fid, *, beside_water: bool) -> Referenced:
    """Remove residual water from a FID (points,) and reference it.

    Residual water is found once, taken off to find the shift, and then taken off anew where the shift puts it.
    """
    components = decompose(fid)
    search_ppm = SEARCH_BESIDE_WATER_PPM if beside_water else SEARCH_PPM
    stored_water = components.water(fid.frequency).fid(fid.axes)
    found = find_reference(fid.with_same_noise(fid.samples - stored_water.samples), search_ppm)
    shift_ppm = _applied(found)
    shift_hz = shift_ppm * fid.frequency * 1e-6
    water_lines = components.water(fid.frequency, shift_ppm)
    water = water_lines.fid(fid.axes).shifted(shift_hz)
    steps = (
        step(WATER_REMOVAL, f"HSVD: {len(water_lines)} residual water components subtracted."),
        step(REGISTRATION, f"Referenced to several peaks by {shift_ppm:+.4f} ppm: {found.reason}."),
    )
    rest = _difference(fid, components.fid(fid.axes))
    return Referenced(_difference(fid.shifted(shift_hz), water), found, water, rest, steps)


def _applied(found: Reference) -> float:
    """Shift of a spectrum with this reference toward higher ppm; zero for a doubtful reference."""
    return -found.shift_ppm if found.trusted else 0.0


def _difference(fid: Fid, less: Fid) -> Fid:
    return fid.with_samples(fid.samples - less.samples)
