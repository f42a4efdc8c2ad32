"""Residual water and lipid beside the metabolites."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.fid import Fid
from fitting.preprocessing.peaks import peak_height
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number

EVERYWHERE_PPM = (-np.inf, np.inf)
NAA_BAND_PPM = (1.85, 2.15)
METABOLITES_BAND_PPM = (1.85, 3.35)
"""tNAA, tCr and tCho: the highest peaks of any brain, also of one without NAA."""

LIPID_BAND_PPM = (1.15, 1.5)
"""Methylene of lipid at 1.3 ppm; in brain only macromolecules and lactate stand there (Kreis 2004,
doi:10.1002/nbm.891)."""


def residual_water(water: Fid, clean: Fid) -> float | None:
    """Height of the removed water over that of tNAA in the rest (both (points,)); None without signal."""
    return _over(peak_height(water, EVERYWHERE_PPM), peak_height(clean, NAA_BAND_PPM))


def lipid(clean: Fid) -> float | None:
    """Height of lipid over the highest metabolite peak of an FID (points,) without water; None without signal."""
    return _over(peak_height(clean, LIPID_BAND_PPM), peak_height(clean, METABOLITES_BAND_PPM))


def _over(height: float, unit: float) -> float | None:
    return height / unit if unit > 0 else None


@dataclass(frozen=True)
class WaterAndLipid(Instrument):
    """Heights of residual water and lipid."""

    residual_water: float | None = field(
        metadata=number(
            "Height of the residual water over the height of tNAA, before its removal.",
            unit="1",
            definition="Height of the residual water that was removed over the height of tNAA, magnitude spectra.",
            good="below 5",
            source="Kreis 2004, doi:10.1002/nbm.891; Wilson et al. 2019, doi:10.1002/mrm.27742",
            example=0.8,
        )
    )
    lipid: float | None = field(
        metadata=number(
            "Height from 1.15 to 1.5 ppm over the highest peak from 1.85 to 3.35 ppm, both of the magnitude spectrum.",
            unit="1",
            definition=(
                "Height from 1.15 to 1.5 ppm over the highest peak from 1.85 to 3.35 ppm, magnitude spectrum "
                "after removal of water; macromolecules make 0.1 to 0.3 at short echo time."
            ),
            good="below 0.5",
            source="Kreis 2004, doi:10.1002/nbm.891, on lipid from outside the measured volume; the measure is ours",
            example=0.21,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        found = evidence.preprocessed
        return cls(residual_water=residual_water(found.residual_water, found.clean), lipid=lipid(found.clean))
