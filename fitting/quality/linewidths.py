"""Widths of lines: of the fitted model, of the two clearest singlets in the data, and of the water."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.fid import Fid
from fitting.model.result import Traces
from fitting.preprocessing.peaks import full_width_at_half_maximum, line_width_hz
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number

NAA_PPM = (1.9, 2.12)
CREATINE_PPM = (2.95, 3.1)
"""Where the highest point is that singlet's."""

INTERPOLATION = 16
"""Points for each point of a trace when a width or height is read from it."""

VISIBLE = 5.0
"""Times the residual that a singlet must rise above to have a width."""


def naa_linewidth_ppm(traces: Traces) -> float | None:
    """FWHM (ppm) of the tNAA singlet: the data without all else that was fitted; None where it is not visible."""
    return _singlet_width(traces, ("NAA", "NAAG"), NAA_PPM)


def creatine_linewidth_ppm(traces: Traces) -> float | None:
    """FWHM (ppm) of the tCr singlet at 3.03 ppm, as for tNAA."""
    return _singlet_width(traces, ("Cr", "PCr"), CREATINE_PPM)


def _singlet_width(traces: Traces, names: tuple[str, ...], band: tuple[float, float]) -> float | None:
    own = np.isin(traces.names, names)
    line = traces.components[own].sum(axis=0) + traces.residual
    spacing = float(np.abs(np.diff(traces.ppm)).mean())
    near = np.flatnonzero((traces.ppm >= band[0] - spacing) & (traces.ppm <= band[1] + spacing))
    if not np.any(own) or near.size < 3:
        return None
    start, stop = max(0, near[0] - near.size), min(traces.ppm.size, near[-1] + near.size + 1)
    fine = np.linspace(start, stop - 1, INTERPOLATION * (stop - start))
    height = np.interp(fine, np.arange(start, stop), line[start:stop])
    inside = (fine >= near[0]) & (fine <= near[-1])
    top = float(height[inside].max())
    if top <= VISIBLE * float(np.sqrt(np.mean(traces.residual**2))) or top < height.max():
        return None
    return full_width_at_half_maximum(height, spacing * float(fine[1] - fine[0]))


def water_linewidth_hz(water: Fid) -> float:
    """FWHM (Hz) of the water reference (points,), whose first samples give the phase."""
    in_phase = water.phased(-float(np.angle(np.sum(water.samples[:4]))))
    return line_width_hz(in_phase.samples, water.dwell_time)


@dataclass(frozen=True)
class Linewidths(Instrument):
    """Full widths at half maximum: how well metabolites can be told apart."""

    linewidth_hz: float = field(
        metadata=number(
            "Full width at half maximum of a metabolite singlet, Hz.",
            unit="Hz",
            definition="Full width at half maximum of a metabolite singlet in the fitted model.",
            good="below 0.05 ppm",
            source="Wilson et al. 2019, doi:10.1002/mrm.27742; Near et al. 2021, doi:10.1002/nbm.4257",
            example=9.8,
        )
    )
    linewidth_ppm: float = field(
        metadata=number(
            "The same, ppm.",
            unit="ppm",
            definition="`linewidth_hz` over the spectrometer frequency, to compare fields.",
            good="below 0.05",
            source="Wilson et al. 2019, doi:10.1002/mrm.27742",
            example=0.0795,
        )
    )
    tnaa_linewidth_hz: float | None = field(
        metadata=number(
            "Full width at half maximum of tNAA at 2.01 ppm in the data less all else that was fitted, Hz; "
            "null where it is not visible.",
            unit="Hz",
            definition=(
                "Full width at half maximum of tNAA at 2.01 ppm in the data less all else that was fitted; NAAG "
                "under it widens it a little."
            ),
            good="as `linewidth_hz`",
            source="Lin et al. 2021, doi:10.1002/nbm.4484: linewidth of NAA or creatine",
            example=10.1,
        )
    )
    tnaa_linewidth_ppm: float | None = field(
        metadata=number(
            "The same, ppm.",
            unit="ppm",
            definition="`tnaa_linewidth_hz` over the spectrometer frequency, to compare fields.",
            good="as `linewidth_ppm`",
            source="Lin et al. 2021, doi:10.1002/nbm.4484",
            example=0.0819,
        )
    )
    tcr_linewidth_hz: float | None = field(
        metadata=number(
            "Full width at half maximum of tCr at 3.03 ppm, as for tNAA, Hz.",
            unit="Hz",
            definition="Full width at half maximum of tCr at 3.03 ppm in the data less all else that was fitted.",
            good="as `linewidth_hz`",
            source="Lin et al. 2021, doi:10.1002/nbm.4484: linewidth of NAA or creatine",
            example=9.7,
        )
    )
    tcr_linewidth_ppm: float | None = field(
        metadata=number(
            "The same, ppm.",
            unit="ppm",
            definition="`tcr_linewidth_hz` over the spectrometer frequency, to compare fields.",
            good="as `linewidth_ppm`",
            source="Lin et al. 2021, doi:10.1002/nbm.4484",
            example=0.0787,
        )
    )
    water_linewidth_hz: float | None = field(
        metadata=number(
            "Full width at half maximum of the water reference, Hz.",
            unit="Hz",
            definition=(
                "Full width at half maximum of the water reference after eddy-current correction, absorption spectrum."
            ),
            good="below 0.1 ppm",
            source="Wilson et al. 2019, doi:10.1002/mrm.27742; Oz et al. 2020, doi:10.1002/nbm.4236",
            example=8.9,
        )
    )
    water_linewidth_ppm: float | None = field(
        metadata=number(
            "The same, ppm.",
            unit="ppm",
            definition="`water_linewidth_hz` over the spectrometer frequency, to compare fields.",
            good="below 0.1",
            source="Wilson et al. 2019, doi:10.1002/mrm.27742",
            example=0.0722,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        fit, to_hz, reference = evidence.fit, evidence.hz_per_ppm, evidence.preprocessed.water
        naa, creatine = naa_linewidth_ppm(fit.traces), creatine_linewidth_ppm(fit.traces)
        water = None if reference is None else water_linewidth_hz(reference)
        return cls(
            linewidth_hz=fit.linewidth_hz,
            linewidth_ppm=fit.linewidth_hz / to_hz,
            tnaa_linewidth_hz=None if naa is None else naa * to_hz,
            tnaa_linewidth_ppm=naa,
            tcr_linewidth_hz=None if creatine is None else creatine * to_hz,
            tcr_linewidth_ppm=creatine,
            water_linewidth_hz=water,
            water_linewidth_ppm=None if water is None else water / to_hz,
        )
