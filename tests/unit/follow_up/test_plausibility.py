"""Sessions that cannot be of one person or volume are named, and ordinary ones are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fitting.follow_up.plausibility import SessionFacts, implausibilities

FIRST = SessionFacts("ses-01", "female", 44.0, 0.0, "ACC", "midline", 15.0, 0.6)


@pytest.mark.parametrize(
    "other",
    [
        SessionFacts("ses-02"),
        replace(FIRST, name="ses-02", day=400.0, age_years=45.0, volume_ml=14.0, gm=0.52),
        replace(FIRST, name="ses-02", day=None, age_years=70.0),
        replace(FIRST, name="ses-02", region="PCC", volume_ml=27.0, gm=0.2),
        replace(FIRST, name="ses-02", hemisphere="left", volume_ml=27.0),
    ],
)
def test_ordinary_sessions_raise_no_doubt(other: SessionFacts) -> None:
    """Nothing known, a year later, ages without days, and another place are no contradiction."""
    assert implausibilities([FIRST, other]) == ()


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (replace(FIRST, name="ses-02", sex="male"), "sex-differs"),
        (replace(FIRST, name="ses-02", day=30.0, age_years=52.0), "age-differs"),
        (replace(FIRST, name="ses-02", volume_ml=27.0), "volume-differs"),
        (replace(FIRST, name="ses-02", gm=0.2), "tissue-differs"),
    ],
)
def test_each_contradiction_is_named_once_with_both_sessions(other: SessionFacts, code: str) -> None:
    """A third session does not repeat what two have shown."""
    (reason,) = implausibilities([FIRST, other, replace(other, name="ses-03")])

    assert reason.code == code
    assert "ses-01 and ses-02" in reason.sentence
