"""How far components may differ in width is what published relaxation times say of them."""

from __future__ import annotations

import pytest

from fitting.model.parameters import GLOBAL, layout_for
from fitting.quantification.relaxation import relaxation_table

FIELDS = {1.5: 63.9e6, 3.0: 127.7e6, 7.0: 298.0e6}
TISSUES = ("GM", "WM")
SINGLETS = {"NAA": "NAA", "tCr": "Cr", "tCho": "GPC"}
"""A component for each of the singlets whose mean is the common width."""


def _departures(species: str, field_t: float) -> list[float]:
    """Published 1/T2 less the mean of the singlets' (1/s), in each tissue."""
    found = []
    for tissue in TISSUES:
        common = [_rate(name, tissue, field_t) for name in SINGLETS]
        found.append(_rate(species, tissue, field_t) - sum(common) / len(common))
    return found


def _rate(species: str, tissue: str, field_t: float) -> float:
    row = relaxation_table().find(species, tissue, field_t)
    assert row is not None
    assert row.species == species
    return 1 / row.t2


@pytest.mark.parametrize(
    ("species", "component", "field_t"),
    [
        *((species, component, field_t) for species, component in SINGLETS.items() for field_t in FIELDS),
        ("Glu", "Glu", 3.0),
        ("mI", "mI", 3.0),
    ],
)
def test_published_widths_are_likely(species: str, component: str, field_t: float):
    """The mean over the tissues lies within two prior standard deviations, which are no wider than five times that."""
    departures = _departures(species, field_t)
    layout = layout_for((component,), FIELDS[field_t])
    sd = (layout.prior_sd * layout.scales)[len(GLOBAL) + 1]

    published = abs(sum(departures) / len(departures))
    assert published < 2 * sd < 10 * published
