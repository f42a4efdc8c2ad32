"""``python -m norm_model``: fit the control model to the reviewed rows and write what the analysis reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fitting.norms.composition import METABOLITES, PARTS
from fitting.norms.regions import regions
from fitting.norms.study_rows import rows_digest, study_rows
from fitting.units import FloatArray
from norm_model.audit import repeated_rows
from norm_model.covariance import names
from norm_model.fit import Draws, Fit, draws, fit
from norm_model.observations import Observations, observations
from norm_model.people import PeopleFit, fit_people

PAGE = Path(__file__).parents[1] / "fitting" / "data" / "norms" / "model.json"
COMMAND = "python -m norm_model"
DRAWS, SEED = 200, 1
DIGITS = 5
"""Decimals of the draws: a fifth of a thousandth of a per cent of a ratio."""


def measured_regions() -> tuple[str, ...]:
    """Regions the model answers for: those known here with no gap that covers every metabolite."""
    return tuple(region.name for region in regions() if region.in_model)


def document(
    data: Observations, fitted: Fit, drawn: Draws, people: PeopleFit, places: tuple[str, ...]
) -> dict[str, Any]:
    """The shipped model: draws of the regions and covariances, the spread of people, and what it was made from."""
    triangle = np.tril_indices(drawn.mean.shape[1])
    parts = np.tril_indices(len(PARTS))
    deviations = np.sqrt(np.diag(fitted.covariance))
    return {
        "about": "Control model of healthy adults: logs of ratios to tCr, measured directly with PRESS at 3 T.",
        "command": COMMAND,
        "rows_sha256": rows_digest(),
        "studies": len(set(data.study)),
        "observations": int(data.log_mean.size),
        "seed": SEED,
        "parts": list(PARTS),
        "metabolites": list(METABOLITES),
        "regions": list(places),
        "hyperparameters": {
            name: {"mode": round(float(mode), 3), "sd": round(float(sd), 3)}
            for name, mode, sd in zip(names(), fitted.theta, deviations, strict=True)
        },
        "people": {
            "study_sd": round(people.study_sd, 4),
            "region_sd": round(people.region_sd, 4),
            "rest_sd": round(people.rest_sd, 4),
            "log_cv": _rounded(people.mean),
            "log_cv_sd": _rounded(people.sd),
        },
        "mean": _rounded(drawn.mean),
        "covariance": [float(f"{value:.5g}") for value in drawn.covariance.mean(axis=0)[triangle]],
        "laboratory": _rounded(drawn.laboratory[:, *parts]),
        "cell": _rounded(drawn.cell[:, *parts]),
    }


def written(content: dict[str, Any]) -> str:
    """One line for each entry and each draw, so that changes can be read."""
    lines = []
    for name, value in content.items():
        nested = isinstance(value, list) and value and isinstance(value[0], list)
        body = json.dumps(value) if not nested else "[\n  " + ",\n  ".join(json.dumps(row) for row in value) + "\n ]"
        lines.append(f" {json.dumps(name)}: {body}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _rounded(values: FloatArray) -> list[list[float]]:
    return [[round(float(item), DIGITS) for item in row] for row in values]


def main() -> None:
    """Fit and write."""
    for one, other in repeated_rows(study_rows()):
        sys.stderr.write(f"one vector of values in two places: {' '.join(one)}; {' '.join(other)}\n")
    data, places = observations(study_rows()), measured_regions()
    fitted = fit(data)
    drawn = draws(fitted, places, DRAWS, SEED)
    PAGE.write_text(written(document(data, fitted, drawn, fit_people(data, places), places)), encoding="utf-8")
    sys.stdout.write(f"{data.log_mean.size} observations of {len(set(data.study))} studies; {PAGE} is written.\n")


if __name__ == "__main__":
    main()
