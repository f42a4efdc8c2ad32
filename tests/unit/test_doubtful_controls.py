"""Chosen analyses that cannot be controls together are named, each with one reason; the others are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.pages.control_lines import ControlLine
from service.pages.doubtful_controls import doubts

GOOD = ControlLine(
    *("1", "sub-1", "controls", "ACC", "SIEMENS Skyra", "3 T, PRESS, 30 ms", "yes", "succeeded"),
    created=datetime(2026, 1, 1, tzinfo=UTC),
    is_chosen=True,
    is_unfinished=False,
)
OTHERS = [replace(GOOD, id=f"o{place}", subject=f"sub-o{place}") for place in range(3)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"is_unfinished": True, "verdict": ""}, "not analysed yet"),
        ({"verdict": "", "state": "failed"}, "no result"),
        ({"verdict": "limited"}, "not usable without limits"),
        ({"group": "patients"}, "group patients"),
        ({"region": ""}, "region is not given"),
        ({"subject": "sub-o1"}, "counts already"),
        ({"protocol": "3 T, PRESS, 68 ms"}, "measured otherwise (SIEMENS Skyra, 3 T, PRESS, 30 ms)"),
    ],
)
def test_a_bad_control_is_left_out_with_its_reason(change: dict[str, str], words: str) -> None:
    """One of four differs: only that one is doubtful."""
    found = doubts([*OTHERS, replace(GOOD, **change)])

    assert list(found) == ["1"]
    assert words in found["1"]


def test_good_controls_raise_no_doubt() -> None:
    """Another region of one person is no repeat."""
    assert doubts([*OTHERS, GOOD, replace(GOOD, id="2", region="PCC")]) == {}
