"""Remove residual water and reference the spectrum: each needs the other, so they are one step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fitting.fid import Fid
from fitting.preprocessing.referencing import (
    ELSEWHERE_PPM,
    SEARCH_BESIDE_WATER_PPM,
    SEARCH_PPM,
    FrequencyReference,
    find_reference,
)
from fitting.preprocessing.residual_water import DampedExponentials, decompose
from fitting.preprocessing.step import REGISTRATION, WATER_REMOVAL, Step, step

CARRIER_OFFSETS_PPM = (1.9, 2.5)
"""Displacements of a spectrum whose receiver was set between creatine and NAA, as sequences do that excite there; each
covers ``SEARCH_PPM`` to either side."""

FEWEST_FAR_PEAKS = 4
DISTINCT_FAR = 1.3
"""Far from where it is expected the pattern must be clearer than near: peaks visible, and height over other places."""

_REMOVED = "Not repeated: the file says that this program removed its residual water before."


@dataclass(frozen=True, slots=True)
class Referenced:
    """A FID (points,) without residual water, referenced."""

    fid: Fid
    found: FrequencyReference
    water: Fid
    """The residual water that was taken off, shape (points,)."""
    rest: Fid
    """Remainder without any decaying line: noise and signal that is not a decaying line; shape (points,)."""
    steps: tuple[Step, ...]

    @property
    def shift_ppm(self) -> float:
        """Shift of the FID toward higher ppm."""
        return _applied(self.found)


def referenced_without_water(fid: Fid, *, beside_water: bool, has_water: bool = True) -> Referenced:
    """Remove residual water from a FID (points,) and reference it.

    Residual water is found once, taken off to find the shift, and then taken off anew where the shift puts it.

    Without residual water (``has_water``), which this program removed before it exported the FID, the search would take
    signal off.
    """
    components = decompose(fid)
    search_ppm = SEARCH_BESIDE_WATER_PPM if beside_water else SEARCH_PPM
    watery = components if has_water else components.none
    stored_water = watery.water(fid.frequency).fid(fid.axes)
    found = find_reference(fid.with_same_noise(fid.samples - stored_water.samples), search_ppm)
    if found.pattern != "found":
        found = _far_from_carrier(fid, watery) or found
    shift_ppm = _applied(found)
    shift_hz = shift_ppm * fid.frequency * 1e-6
    water_lines = watery.water(fid.frequency, shift_ppm)
    water = water_lines.fid(fid.axes).shifted(shift_hz)
    steps = (
        step(
            WATER_REMOVAL, f"HSVD: {len(water_lines)} residual water components subtracted." if has_water else _REMOVED
        ),
        step(REGISTRATION, f"Referenced to several peaks by {shift_ppm:+.4f} ppm: {found.reason}."),
    )
    rest = _difference(fid, components.fid(fid.axes))
    return Referenced(_difference(fid.shifted(shift_hz), water), found, water, rest, steps)


def _far_from_carrier(fid: Fid, components: DampedExponentials) -> FrequencyReference | None:
    """The pattern of brain peaks in a scan whose receiver was not set to water; None unless it stands at one place.

    Some sequences record with the carrier between water and NAA, 1.7 to 2.7 ppm away. The same FID is held against the
    pattern around each of several carriers, without the water that each would imply.
    """
    candidates = []
    for offset in CARRIER_OFFSETS_PPM:
        back = fid.shifted(-offset * fid.frequency * 1e-6)
        water = components.water(fid.frequency, -offset).fid(fid.axes).shifted(-offset * fid.frequency * 1e-6)
        found = find_reference(back.with_same_noise(back.samples - water.samples), SEARCH_PPM)
        if found.trusted and found.visible >= FEWEST_FAR_PEAKS:
            candidates.append(replace(found, shift_ppm=found.shift_ppm + offset))
    if not candidates:
        return None
    best = max(candidates, key=lambda item: item.match)
    others = [item.match for item in candidates if abs(item.shift_ppm - best.shift_ppm) > ELSEWHERE_PPM]
    if others and best.match < DISTINCT_FAR * max(others):
        return None
    return replace(best, reason=f"the receiver was set {-best.shift_ppm:+.1f} ppm off water; {best.reason}")


def _applied(found: FrequencyReference) -> float:
    """Shift of a spectrum with this reference toward higher ppm; zero for a doubtful reference."""
    return -found.shift_ppm if found.trusted else 0.0


def _difference(fid: Fid, less: Fid) -> Fid:
    return fid.with_samples(fid.samples - less.samples)
