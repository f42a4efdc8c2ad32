"""Age, sex and grey matter fraction as covariates of the controls' values, and the range they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fitting.norms.controls import Control
from fitting.reason import Absence
from fitting.request import Subject
from fitting.statistics.regression import independent
from fitting.units import FloatArray

SEX_CODES = {"female": 0.0, "male": 1.0}


@dataclass(frozen=True, slots=True)
class Covariates:
    """Covariates that vary among the controls and are known for all of them."""

    names: tuple[str, ...]
    design: FloatArray
    """Shape (controls, covariates)."""
    person: FloatArray
    """Those of the person, shape (covariates,)."""


def covariates_of(controls: Sequence[Control], subject: Subject) -> Covariates | None:
    """Covariates among age, sex and grey matter fraction that vary and are known for all controls; None without any.

    A sex other than female or male is not coded, so sex then is no covariate. Of covariates that nearly
    repeat one another the later ones are left out.
    """
    columns: list[tuple[str, list[float | None], float | None]] = [
        ("age_years", [control.age_years for control in controls], subject.age_years),
        ("sex", [SEX_CODES.get(control.sex or "") for control in controls], SEX_CODES.get(subject.sex or "")),
        ("gm", [control.gm for control in controls], _grey_matter(subject)),
    ]
    names: list[str] = []
    design: list[FloatArray] = []
    person: list[float] = []
    for name, values, own in columns:
        known = np.array([value for value in values if value is not None], dtype=np.float64)
        if own is not None and known.size == len(controls) and independent(design, known):
            names.append(name)
            design.append(known)
            person.append(own)
    return Covariates(tuple(names), np.column_stack(design), np.array(person)) if names else None


def beyond_range(controls: Sequence[Control], subject: Subject) -> Absence | None:
    """Reason when the person's age, grey matter fraction or sex is outside those of the controls; None otherwise."""
    for name, value, known in (
        ("age", subject.age_years, [control.age_years for control in controls if control.age_years is not None]),
        ("grey matter fraction", _grey_matter(subject), [c.gm for c in controls if c.gm is not None]),
    ):
        if value is not None and known and not min(known) <= value <= max(known):
            code = "norm-age-mismatch" if name == "age" else "norm-tissue-mismatch"
            return Absence(
                code,
                f"The controls' {name} goes from {min(known):g} to {max(known):g}; the person's is {value:g}, and "
                "nothing is extrapolated.",
            )
    sexes = {control.sex for control in controls}
    if subject.sex is not None and None not in sexes and subject.sex not in sexes:
        return Absence("norm-sex-mismatch", f"None of the controls is {subject.sex}, as the person is.")
    return None


def _grey_matter(subject: Subject) -> float | None:
    return None if subject.tissue is None else subject.tissue.gm
