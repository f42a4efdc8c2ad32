"""Which tests the measurement of people dealt anew counts."""

from __future__ import annotations

from tests.measure.cohort_truth import counted

FOUND, NOT_FOUND = {"F": 9.0, "p": 0.001, "q": 0.01}, {"F": 0.5, "p": 0.5, "q": 0.6}


def test_main_effect_of_region_is_not_counted() -> None:
    """Dealing people anew leaves regions of one person as they are; interactions with region are null."""
    item = {"metabolite": "tNAA", "n": 40, "region": FOUND, "group": NOT_FOUND, "group x region": FOUND}

    assert counted({"factorial": [item]}, "factorial") == {"tests": 2, "found_p": 1, "found_q": 1}


def test_other_families_are_counted_as_the_answer_counts_them() -> None:
    family = {"name": "levels", "tests": 4, "found_p": 1, "found_q": 0}

    assert counted({"multiplicity": {"families": [{"name": "networks"}, family]}}, "levels") == family
