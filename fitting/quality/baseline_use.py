"""Share of the spectrum that the baseline takes up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fitting.model.result import Traces
from fitting.quality.evidence import Evidence, Instrument
from fitting.quality.numbers import number


def baseline_share(traces: Traces) -> float | None:
    """Area of the baseline's magnitude over that of baseline and components together; None without any signal."""
    baseline, rest = np.abs(traces.baseline).sum(), np.abs(traces.fit - traces.baseline).sum()
    return float(baseline / (baseline + rest)) if baseline + rest > 0 else None


@dataclass(frozen=True)
class BaselineUse(Instrument):
    """Area and freedom of the baseline."""

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

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
        fit = evidence.fit
        return cls(
            baseline_share=baseline_share(fit.traces), baseline_effective_dimension=fit.baseline_effective_dimension
        )
