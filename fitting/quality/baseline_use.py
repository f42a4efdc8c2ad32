"""Share of the spectrum that the baseline takes up, and its shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.basis.macromolecules import is_background
from fitting.model.result import Traces
from fitting.quality.instrument import Evidence, Instrument
from fitting.quality.numbers import number


def baseline_share(traces: Traces) -> float | None:
    """Area of the baseline's magnitude over that of baseline and components together; None without any signal."""
    baseline, rest = np.abs(traces.baseline).sum(), np.abs(traces.fit - traces.baseline).sum()
    return float(baseline / (baseline + rest)) if baseline + rest > 0 else None


def baseline_swing(traces: Traces) -> float | None:
    """Highest less lowest point of the baseline over the highest point of the metabolites; None without metabolites."""
    highest = _highest_metabolite(traces)
    return float(np.ptp(traces.baseline)) / highest if highest > 0 else None


def baseline_dip(traces: Traces) -> float | None:
    """How far the baseline falls below its median, over the highest point of the metabolites; None without these."""
    highest = _highest_metabolite(traces)
    return float(np.median(traces.baseline) - traces.baseline.min()) / highest if highest > 0 else None


def fit_cancellation(traces: Traces) -> float | None:
    """Highest less lowest point of the metabolites over that of the whole fit; None without any signal."""
    whole = float(np.ptp(traces.fit))
    metabolites = [not is_background(name) for name in traces.names]
    return float(np.ptp(traces.components[metabolites].sum(axis=0))) / whole if any(metabolites) and whole > 0 else None


def _highest_metabolite(traces: Traces) -> float:
    metabolites = [not is_background(name) for name in traces.names]
    return float(traces.components[metabolites].sum(axis=0).max(initial=0.0)) if any(metabolites) else 0.0


@dataclass(frozen=True)
class BaselineUse(Instrument):
    """Area, freedom and shape of the baseline."""

    baseline_share: float | None = field(
        metadata=number(
            "Area of the baseline's magnitude over that of baseline and fitted signals together.",
            unit="1",
            definition=(
                "Area of the baseline's magnitude over that of baseline and fitted signals (macromolecules among "
                "them) together."
            ),
            good="below 0.2",
            source="Near et al. 2021, doi:10.1002/nbm.4257, on baselines that take over signal; the measure is ours",
            example=0.14,
        )
    )
    baseline_effective_dimension: float = field(
        metadata=number(
            "Effective number of parameters the baseline used.",
            unit="parameters",
            definition="Effective number of parameters that the baseline used: trace of its smoother matrix.",
            good="below 40",
            source="Hastie & Tibshirani 1990, Generalized Additive Models, section 3.5",
            example=14.2,
        )
    )

    baseline_swing: float | None = field(
        metadata=number(
            "Difference between the highest and the lowest point of the baseline, over the highest metabolite peak.",
            unit="1",
            definition=(
                "Highest less lowest point of the baseline, 0.2 to 4.2 ppm, over the highest point of the fitted "
                "metabolites. A constant offset, as of a lost first sample, does not count."
            ),
            good="below 0.3",
            source="Near et al. 2021, doi:10.1002/nbm.4257, on baselines that take over signal; the measure is ours",
            example=0.09,
        )
    )
    baseline_dip: float | None = field(
        metadata=number(
            "How far the baseline falls below its median, over the highest metabolite peak.",
            unit="1",
            definition=(
                "Median of the baseline, 0.2 to 4.2 ppm, less its lowest point, over the highest point of the fitted "
                "metabolites. Macromolecules and lipids of the volume are positive, so only signal of another phase "
                "makes a deep dip."
            ),
            good="below 0.15",
            source=(
                "Kreis 2004, doi:10.1002/nbm.891, on lipid from outside the volume, which has a phase of its own; the "
                "measure is ours"
            ),
            example=0.04,
        )
    )

    fit_cancellation: float | None = field(
        metadata=number(
            "Extent of the fitted metabolites over that of the whole fit.",
            unit="1",
            definition=(
                "Highest less lowest point of the fitted metabolites, 0.2 to 4.2 ppm, over that of the fit. Above "
                "1, metabolites and baseline cancel each other."
            ),
            good="up to about 1",
            source="Near et al. 2021, doi:10.1002/nbm.4257, on baselines that take over signal; the measure is ours",
            example=0.84,
        )
    )

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        fit = evidence.fit
        return cls(
            baseline_share=baseline_share(fit.traces),
            baseline_effective_dimension=fit.baseline_effective_dimension,
            baseline_swing=baseline_swing(fit.traces),
            baseline_dip=baseline_dip(fit.traces),
            fit_cancellation=fit_cancellation(fit.traces),
        )
