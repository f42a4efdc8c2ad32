"""One spectrum of a study, small enough to keep thousands: facts, values and its curves as SVG paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fitting.analysis import Analysis, MetaboliteResult
from fitting.model.result import Traces
from fitting.quality.verdict.usable import Usable
from fitting.reason import Reason
from fitting.units import FloatArray
from service.reports import numbers
from service.reports.figures.spectrum_figure import HIGH_PPM, LOW_PPM
from service.reports.paths import path
from service.reports.values import MAIN, TOTALS

WIDTH, HEIGHT = 200.0, 96.0
"""SVG units of the small figure; its lower edge is the lowest point of the curves."""
RESIDUAL_MIDDLE = 10.0
"""Ordinate of the residual's zero line, in a strip above the spectrum."""
SPECTRUM_TOP = 22.0
SMALL_TOLERANCE = 0.5
"""Largest distance in SVG units between a curve and its path: half a line's width on the small figure."""


@dataclass(frozen=True, slots=True)
class StudyValue:
    """One metabolite of one spectrum."""

    metabolite: str
    ratio: float | None
    """Ratio to total creatine."""
    concentration: float | None
    unit: str | None
    """Of the concentration."""
    counts: bool
    """Whether it belongs to the distributions: detected, and neither it nor its spectrum is judged unusable."""


@dataclass(frozen=True, slots=True)
class Curves:
    """The ``d`` attributes of the small figure's curves."""

    data: str
    fit: str
    residual: str


@dataclass(frozen=True, slots=True)
class StudySpectrum:
    """One row of a study. A refused or failed one has a code and a sentence instead of a verdict and curves."""

    id: str
    region: str | None
    hemisphere: str | None
    group: str | None
    verdict: Usable | None
    """None when there is no analysis."""
    reasons: tuple[Reason, ...]
    """Against the spectrum; of a refused one its problem alone."""
    quality: Mapping[str, float | None]
    """Quality numbers by name."""
    transients: tuple[int, int] | None
    """Kept and rejected."""
    protocol: str
    """Field, sequence, echo and repetition time, and file format in words; empty when there is no analysis."""
    values: tuple[StudyValue, ...]
    curves: Curves | None


MEASURED = (*TOTALS, *MAIN)
"""Values of the page, in the order of its figures."""
QUALITY = ("snr", "linewidth_hz", "residual_rms_over_noise", "residual_water", "frequency_drift_hz")
"""Quality numbers of the page, in the order of its table."""


def analysed_spectrum(id: str, analysis: Analysis, traces: Traces, said: Mapping[str, Any]) -> StudySpectrum:
    """The spectrum of an analysis.

    Parameters
    ----------
    id : str
        The caller's name of it.
    analysis : Analysis
    traces : Traces
    said : mapping
        The request's document; of it the group.
    """
    facts, verdict = analysis.acquisition, analysis.verdict
    rejected = facts.transients_rejected
    early = [] if analysis.outcome.code == "converged" else [_of_outcome(analysis)]
    return StudySpectrum(
        id=id,
        region=facts.region,
        hemisphere=facts.hemisphere,
        group=said.get("group"),
        verdict=verdict.usable,
        reasons=(*early, *verdict.reasons),
        quality={name: numbers.finite(getattr(analysis.quality, name)) for name in QUALITY},
        transients=(facts.transients - rejected, rejected),
        protocol=_protocol(analysis),
        values=tuple(_value(item, verdict.usable) for item in analysis.metabolites if item.name in MEASURED),
        curves=curves(traces),
    )


def unanalysed_spectrum(id: str, code: str, sentence: str, said: Mapping[str, Any]) -> StudySpectrum:
    """A spectrum that was refused or failed, with the problem's code and sentence."""
    return StudySpectrum(
        id=id,
        region=said.get("region"),
        hemisphere=said.get("hemisphere"),
        group=said.get("group"),
        verdict=None,
        reasons=(Reason(code, sentence),),
        quality={},
        transients=None,
        protocol="",
        values=(),
        curves=None,
    )


def curves(traces: Traces) -> Curves | None:
    """Data, fit and residual between 4.2 and 0.2 ppm on one scale; None when there is nothing to draw."""
    inside = (traces.ppm <= HIGH_PPM) & (traces.ppm >= LOW_PPM)
    shown = np.concatenate([traces.data[inside], traces.fit[inside]])
    shown = shown[np.isfinite(shown)]
    if np.count_nonzero(inside) < 2 or shown.size == 0 or np.ptp(shown) <= 0.0:
        return None
    low, high = float(min(shown.min(), 0.0)), float(shown.max())
    per_unit = (HEIGHT - SPECTRUM_TOP) / (high - low)
    x = (HIGH_PPM - traces.ppm[inside]) / (HIGH_PPM - LOW_PPM) * WIDTH

    def drawn(signal: FloatArray) -> str:
        return path(x, HEIGHT - (signal[inside] - low) * per_unit, SMALL_TOLERANCE)

    strip = np.clip(traces.residual[inside] * per_unit, -RESIDUAL_MIDDLE, RESIDUAL_MIDDLE)
    return Curves(drawn(traces.data), drawn(traces.fit), path(x, RESIDUAL_MIDDLE - strip, SMALL_TOLERANCE))


def _of_outcome(analysis: Analysis) -> Reason:
    return Reason(f"fit-{analysis.outcome.code}".replace("_", "-"), analysis.outcome.sentence)


def _value(result: MetaboliteResult, usable: Usable) -> StudyValue:
    ratio, concentration = result.ratio_tcr, result.concentration
    return StudyValue(
        result.name,
        None if ratio is None else numbers.finite(ratio.value),
        None if concentration is None else numbers.finite(concentration.value),
        None if concentration is None else concentration.unit,
        counts=result.detected and "no" not in (usable, result.verdict.usable),
    )


def _protocol(analysis: Analysis) -> str:
    facts = analysis.acquisition
    parts = [f"{numbers.plain(facts.field_t, 2)} T", facts.sequence or "sequence not known"]
    for name, seconds in (("TE", facts.echo_time), ("TR", facts.repetition_time)):
        parts.append(f"{name} not known" if seconds is None else f"{name} {numbers.plain(1000.0 * seconds)} ms")
    return ", ".join([*parts, facts.format])
