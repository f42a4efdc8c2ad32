"""A laboratory's own controls as the control model takes them: logs, covariates and measurement noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fitting.norms.control_model import habits
from fitting.norms.controls import FEWEST_FOR_REGRESSION, Control, Measured
from fitting.norms.covariates import SEX_CODES
from fitting.request import Subject
from fitting.statistics.laboratory import LaboratorySample
from fitting.units import FloatArray

SMALLEST_SHARE = 0.5
"""Share of the expected value below which no healthy person's own value is assumed to lie: a smaller measured one is
taken for a larger value with its error, so that the error relative to it stays finite."""


@dataclass(frozen=True, slots=True)
class OwnValues:
    """Own values of one metabolite in one region; there may be none."""

    sample: LaboratorySample
    """On the log scale."""
    noise: float | None
    """Mean square relative error of their measurement; None where one of them does not state it."""
    n: int
    age_mean: float | None
    covariates: tuple[str, ...]
    """Those that the expected value of the person is adjusted for."""


def own_values(people: Sequence[Control], metabolite: str, subject: Subject) -> OwnValues:
    """The values of these people, all above zero, for a person of this age, sex and tissue.

    Age is a covariate where all of them and the person have it, with its effect from published people as prior; so it
    is without own controls, relative to the age of the published ones. Sex and grey matter are covariates from 20
    people on, and below that where the person is outside the range of the people. Beyond it the effect is not known
    better than its prior: the expectation becomes less certain, and nothing is refused.
    """
    values = np.array([person.values[metabolite].value for person in people])
    names, columns, person, means, sds = [], [], [], [], []
    for name, known, own, mean, sd in _covariates(people, metabolite, subject):
        names.append(name)
        columns.append(known)
        person.append(own)
        means.append(mean)
        sds.append(sd)
    design = np.column_stack(columns) if columns else np.zeros((values.size, 0))
    ages = [item.age_years for item in people if item.age_years is not None]
    return OwnValues(
        sample=LaboratorySample(np.log(values), design, np.array(person), np.array(means), np.array(sds)),
        noise=relative_noise([item.values[metabolite] for item in people]),
        n=len(people),
        age_mean=float(np.mean(ages)) if ages else None,
        covariates=tuple(names),
    )


def relative_noise(values: Sequence[Measured]) -> float | None:
    """Mean square of the relative errors among scans of one scanner; None unless every value states its own.

    As for a person's value, no error is taken relative to less than half of the usual value.
    """
    errors = [item.sd if item.sd_scan is None else item.sd_scan for item in values]
    least = SMALLEST_SHARE * float(np.median([item.value for item in values])) if values else 0.0
    stated = [error / max(item.value, least) for error, item in zip(errors, values, strict=True) if error is not None]
    return float(np.mean(np.square(stated))) if stated and len(stated) == len(values) else None


def _covariates(
    people: Sequence[Control], metabolite: str, subject: Subject
) -> list[tuple[str, FloatArray, float, float, float]]:
    """Name, values of the people and of the person less the reference, prior mean and SD of the effect."""
    known, model = habits(), []
    columns: tuple[tuple[str, list[float | None], float | None], ...] = (
        ("age_years", [person.age_years for person in people], subject.age_years),
        ("sex", [SEX_CODES.get(person.sex or "") for person in people], SEX_CODES.get(subject.sex or "")),
        ("gm", [person.gm for person in people], None if subject.tissue is None else subject.tissue.gm),
    )
    effects = {
        "age_years": (known.age[metabolite], known.age_sd[metabolite]),
        "sex": (0.0, known.sex_sd),
        "gm": (0.0, known.grey_matter_sd),
    }
    for name, column, own in columns:
        values = np.array([value for value in column if value is not None])
        if own is None or values.size < len(people) or not (people or name == "age_years"):
            continue
        reference = known.reference_age if name == "age_years" else float(values.mean())
        inside = values.size == 0 or float(values.min()) <= own <= float(values.max())
        if name == "age_years" or len(people) >= FEWEST_FOR_REGRESSION or not inside:
            model.append((name, values - reference, own - reference, *effects[name]))
    return model
