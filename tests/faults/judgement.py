"""What became of a damaged scan: the right numbers, a flag, a refusal, or the one thing that must never be."""

from __future__ import annotations

from typing import Literal

import numpy as np

from fitting.analysis import Analysis, MetaboliteResult
from fitting.errors import FittingError
from fitting.run import analyse
from tests.faults.scan import Scan

End = Literal["right", "flagged", "refused", "silent error"]

RATIOS = ("tNAA", "tCho", "mI", "Glu", "Gln")
CLEAR = 3.0
LARGE = 0.10
LIKELY = 2.0
VERY_LARGE = 0.15
"""A wrong ratio: 3 standard deviations and 10 %, or 2 and 15 %, from the clean scan's. A wrong concentration: 15 %."""


def end_of(damaged: Scan, clean: Analysis) -> tuple[End, str]:
    """How the analysis of a damaged scan ended against that of the clean one, with what was said or went wrong."""
    try:
        analysis, _ = analyse(damaged.job())
    except FittingError as error:
        return "refused", f"{error.code}: {error.detail}"
    if analysis.verdict.usable != "yes":
        return "flagged", ", ".join(reason.code for reason in analysis.verdict.reasons)
    wrong = [name for name in RATIOS if _wrong(_of(analysis, name), _of(clean, name))]
    wrong += ["concentration"] if _scale_wrong(_of(analysis, "tCr"), _of(clean, "tCr")) else []
    return ("silent error", ", ".join(wrong)) if wrong else ("right", "")


def _of(analysis: Analysis, name: str) -> MetaboliteResult:
    return next(item for item in analysis.metabolites if item.name == name)


def _wrong(found: MetaboliteResult, true: MetaboliteResult) -> bool:
    """A value that may be read, and is not the clean scan's."""
    if found.verdict.usable != "yes" or found.ratio_tcr is None or true.ratio_tcr is None:
        return False
    off = abs(found.ratio_tcr.value - true.ratio_tcr.value)
    sd = float(np.hypot(found.ratio_tcr.sd, true.ratio_tcr.sd))
    relative = off / true.ratio_tcr.value
    return bool((off > CLEAR * sd and relative > LARGE) or (off > LIKELY * sd and relative > VERY_LARGE))


def _scale_wrong(found: MetaboliteResult, true: MetaboliteResult) -> bool:
    if found.concentration is None or true.concentration is None:
        return False
    return abs(found.concentration.value / true.concentration.value - 1) > VERY_LARGE
