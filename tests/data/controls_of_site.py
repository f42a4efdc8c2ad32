"""Analyses of healthy people of one scanner, made by code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fitting.analysis import Analysis
from fitting.quantification.concentrations import Ratio
from fitting.sites import Candidate
from tests.data.analysis_factory import make_analysis

SPREAD = 0.08
"""Coefficient of variation between people."""
CODE = "c0de" * 16


def control_analysis(number: int, *, scale: float = 1.0, seed: int = 5, **facts: Any) -> Analysis:
    """A usable analysis whose ratios are those of one person; ``facts`` replace acquisition facts."""
    rng = np.random.default_rng((seed, number))
    made = make_analysis()
    metabolites = tuple(
        result
        if result.ratio_tcr is None or result.name == "tCr"
        else replace(
            result,
            ratio_tcr=Ratio(float(result.ratio_tcr.value * scale * np.exp(SPREAD * rng.normal())), result.ratio_tcr.sd),
        )
        for result in made.metabolites
    )
    acquisition = replace(
        made.acquisition,
        **{"region": "ACC", "hemisphere": "midline", "age_years": 20.0 + number, "sex": "female", **facts},
    )
    return replace(
        made,
        metabolites=metabolites,
        acquisition=acquisition,
        verdict=replace(made.verdict, usable="yes", reasons=()),
        provenance=replace(made.provenance, input_sha256=f"{number:064x}", values_code=CODE),
    )


def candidates(count: int, **facts: Any) -> list[Candidate]:
    """Controls of different people."""
    return [
        Candidate(f"ctl-{number:02d}", f"ctl-{number:02d}", control_analysis(number, **facts))
        for number in range(1, count + 1)
    ]
