"""Worked examples of the statistics, as data; where each comes from stands in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLES: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
TOLERANCE: float = EXAMPLES["tolerance"]


def people_of_regression() -> list[dict[str, float]]:
    """Made-up people whose ages and values have exactly the regression of the example.

    Residuals are made orthogonal to age and scaled, so that n, mean and SD of age, intercept, slope and residual SD
    are those of the example.
    """
    example = EXAMPLES["regression"]
    rng = np.random.default_rng(7)
    n = example["n"]
    while True:
        ages = rng.normal(size=n)
        ages = (ages - ages.mean()) / ages.std(ddof=1) * example["s_x"] + example["xbar"]
        if ages.max() > example["x0"] and ages.min() > 18.0:
            break
    residual = rng.normal(size=n)
    design = np.column_stack([np.ones(n), ages])
    residual -= design @ np.linalg.lstsq(design, residual, rcond=None)[0]
    residual *= example["s_yx"] / np.sqrt(residual @ residual / (n - 2))
    values = example["a"] + example["b"] * ages + residual
    return [{"value": float(value), "age_years": float(age)} for value, age in zip(values, ages, strict=True)]


def expected_single_case(example: dict[str, Any]) -> dict[str, float]:
    """The example's figures by their names in an answer."""
    expected = {
        "value": example["z_cc"],
        "low": example["z_ci"][0],
        "high": example["z_ci"][1],
        "t": example["t"],
        "df": example["df"],
        "p": example["p_two"],
        "percentile": example["pct"],
    }
    if "pct_ci" in example:
        expected |= {"percentile_low": example["pct_ci"][0], "percentile_high": example["pct_ci"][1]}
    return expected
