"""Composition of the measured volume: water content of tissue and the fractions of its MR-visible water."""

from __future__ import annotations

import csv
import math
from functools import lru_cache
from importlib.resources import files

from fitting.errors import ImplausibleParameter
from fitting.request import TissueFractions

TISSUES = ("GM", "WM", "CSF")

SUM_TOLERANCE = 0.02
"""Rounding allowed in the sum of the three volume fractions."""


@lru_cache(maxsize=1)
def water_content() -> dict[str, float]:
    """MR-visible water of each tissue relative to pure water, from ``data/water_content.csv``."""
    text = files("fitting").joinpath("data/water_content.csv").read_text(encoding="utf-8")
    return {row["tissue"]: float(row["content"]) for row in csv.DictReader(text.splitlines())}


def volume_fractions(tissue: TissueFractions) -> dict[str, float]:
    """Volume fractions by tissue, checked.

    Raises
    ------
    ImplausibleParameter
        When a fraction is outside 0 to 1, the sum is off by more than 2 %, or nothing but CSF is left.
    """
    fractions = dict(zip(TISSUES, (tissue.gm, tissue.wm, tissue.csf), strict=True))
    for name, value in fractions.items():
        if not 0.0 <= value <= 1.0:
            raise ImplausibleParameter(
                f"Tissue fraction {name} = {value:g} is not between 0 and 1; give fractions, not percent.",
                parameter="tissue",
                value=float(value),
            )
    total = math.fsum(fractions.values())
    if abs(total - 1.0) > SUM_TOLERANCE:
        raise ImplausibleParameter(
            f"Tissue fractions GM + WM + CSF sum to {total:g}; they must sum to 1 within {SUM_TOLERANCE:g}.",
            parameter="tissue",
            value=total,
        )
    if fractions["GM"] + fractions["WM"] <= 0.0:
        raise ImplausibleParameter(
            "The measured volume is all CSF, which holds no brain metabolites; check the tissue fractions.",
            parameter="tissue",
        )
    return {name: value / total for name, value in fractions.items()}


def water_fractions(fractions: dict[str, float]) -> dict[str, float]:
    """Share of the MR-visible water in each tissue, f_k = v_k d_k / Σ v d (Gasparovic 2006, doi:10.1002/mrm.20901)."""
    content = water_content()
    parts = {name: fractions[name] * content[name] for name in TISSUES}
    total = math.fsum(parts.values())
    return {name: part / total for name, part in parts.items()}
