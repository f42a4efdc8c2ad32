"""Worked examples of the statistics, as data; where each comes from stands in the file."""

from __future__ import annotations

import json
from collections.abc import Iterable
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
        "z_cc": example["z_cc"],
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


def expected_regression() -> dict[str, float]:
    """The figures of the regression norm by their names in an answer."""
    example = EXAMPLES["regression"]
    return {
        "norm.mean": example["yhat"],
        "z.sd_predictive": example["se"],
        "z.t": example["t"],
        "z.df": example["df"],
        "z.p": example["p_two"],
        "z.z_cc": example["z_ccc"],
    }


def expected_studies() -> dict[str, float]:
    """The figures of the pooled studies and of a new person by their names in an answer."""
    example = EXAMPLES["studies"]
    return {
        "norm.mean": example["paule_mandel"]["mu"],
        "norm.sd_between": example["paule_mandel"]["tau"],
        "norm.sd_within": example["s_w"],
        "z.t": example["z_pred"],
        "z.sd_predictive": example["sd_pred"],
        "z.df": example["df"],
        "z.p": example["p_two"],
    }


def figures(answer: dict[str, Any], names: Iterable[str]) -> dict[str, float]:
    """The figures of these names, ``part.name``, in an answer."""
    return {name: answer[name.partition(".")[0]][name.partition(".")[2]] for name in names}
