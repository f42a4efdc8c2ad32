"""Unsuppressed transients among suppressed ones: found where it is certain, left alone where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.io.water_among import water_among
from fitting.units import ComplexArray
from tests.conformance.reader_fixtures import brain_fid, water_fid

DWELL, POINTS = 5e-4, 1024
BRAIN = brain_fid(POINTS, DWELL, 123.25e6)
WATER = water_fid(POINTS, DWELL, scale=100.0)
RNG = np.random.default_rng(3)


def scan(places: tuple[int, ...], count: int, water: ComplexArray = WATER) -> ComplexArray:
    """Transients (count, 1, points) with water at some places."""
    noise = RNG.normal(scale=0.01, size=(count, 1, POINTS, 2)) @ np.array([1, 1j])
    samples = np.where(np.isin(np.arange(count), places)[:, None, None], water, BRAIN)
    return samples + noise


@pytest.mark.parametrize(
    ("places", "count"),
    [((0,), 9), ((8,), 9), ((0, 1), 10), ((8, 9), 10), ((0, 1, 8, 9), 10), ((0, 9, 18, 27), 36), ((3, 7, 11), 12),
     ((1,), 2)],
)  # fmt: skip
def test_water_at_the_ends_or_at_regular_places_is_found(places: tuple[int, ...], count: int) -> None:
    """Before, after, around and between the suppressed transients; in a file of two, either."""
    found = water_among(scan(places, count), DWELL)

    assert found is not None
    assert tuple(np.flatnonzero(found)) == places


@pytest.mark.parametrize(
    ("samples", "case"),
    [
        (scan((), 8), "none is there"),
        (scan((4,), 9), "one in the middle is a failed suppression"),
        (scan((0, 2, 3), 9), "irregular places"),
        (scan((0, 1, 2, 3, 4, 5), 9), "most are loud"),
        (scan((8,), 9, 4 * BRAIN), "not much louder"),
        (scan((8,), 9, 100 * BRAIN), "a louder brain is not water"),
        (scan((8,), 9, WATER + 100 * brain_fid(POINTS, DWELL, 123.25e6)), "more than one line"),
        (np.concatenate([scan((), 7), scan((0,), 1), 0.5 * scan((0,), 1)]), "unequal water"),
        (np.zeros((4, 1, POINTS), complex), "no signal"),
        (scan((0,), 1), "one transient"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_doubtful_transients_are_left_where_they_are(samples: ComplexArray, case: str) -> None:
    """A wrong reference would scale every concentration wrongly."""
    assert case
    assert water_among(samples, DWELL) is None


def test_nothing_is_certain_without_a_dwell_time() -> None:
    """The width of a line is not known."""
    assert water_among(scan((0,), 9), None) is None
