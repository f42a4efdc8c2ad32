"""The audit of tables finds one vector that stands for several people or places."""

from __future__ import annotations

from fitting.norms.study_rows import study_rows
from norm_model.audit import repeated_rows, repeated_vectors

PEOPLE = {
    ("c1", "ACC"): {"NAA": 1.21, "Glu": 1.30, "mI": 0.71},
    ("c1", "PCC"): {"NAA": 1.35, "Glu": 1.28, "mI": 0.71},
    ("c2", "ACC"): {"NAA": 1.19, "Glu": 1.41},
}


def test_constant_and_duplicate_vectors_are_found() -> None:
    """A person copied under another id, and one constant in both places of a person; a single equal value is chance."""
    copied = {**PEOPLE, ("c3", "ACC"): {"NAA": 1.19, "Glu": 1.41, "mI": 0.66}}
    vector = {"NAA": 1.0, "Glu": 1.2, "mI": 0.7}
    constant = {**PEOPLE, ("c4", "ACC"): vector, ("c4", "PCC"): vector}

    assert repeated_vectors(PEOPLE) == []
    assert repeated_vectors(copied) == [(("c2", "ACC"), ("c3", "ACC"))]
    assert repeated_vectors(constant) == [(("c4", "ACC"), ("c4", "PCC"))]


def test_shipped_rows_hold_one_repeated_vector_that_is_known() -> None:
    """The database gives Wang 2021 the same numbers in the left parietal and occipital lobe (docs/norms.md)."""
    (pair,) = repeated_rows(study_rows())

    assert [place[:4] for place in pair] == [
        ("2021_wang_59", "parietal_other", "parietal", "left"),
        ("2021_wang_59", "occipital", "", "left"),
    ]
