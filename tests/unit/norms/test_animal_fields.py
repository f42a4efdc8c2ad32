"""Scans at the fields of animal scanners have no published norms, which are of people."""

from __future__ import annotations

import pytest

from fitting.norms.case import scan
from fitting.norms.matching import applicable_norms
from fitting.request import Subject

HUMAN, ANIMAL = 3.0, (9.4, 10.5, 11.7, 14.1, 16.4, 21.1)
GREY = Subject(age_years=30.0, region="PCC")


def test_the_subject_has_norms_at_three_tesla():
    """The region and age below are covered, so that their absence is of the field."""
    assert applicable_norms(GREY, scan(HUMAN, 0.030, "PRESS"))


@pytest.mark.parametrize("field_t", ANIMAL)
def test_no_norm_applies_at_animal_fields(field_t: float):
    """Neither an exact match nor the nearest field is offered."""
    assert applicable_norms(GREY, scan(field_t, 0.020, "PRESS")) == ()
