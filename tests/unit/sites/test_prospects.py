"""What own controls would make visible, before any of them is scanned."""

from __future__ import annotations

import pytest

from fitting.sites.prospects import COUNTS, prospects


@pytest.mark.parametrize("region", ["ACC", "PCC"])
def test_twenty_controls_show_smaller_differences_than_none(region: str) -> None:
    """In every metabolite, and the numbers are those of the score."""
    found = prospects(region)

    assert {"tNAA", "Glu", "mI", "tCho"} <= {line.metabolite for line in found}
    for line in found:
        by_count = dict(zip(COUNTS, line.detectable_percent, strict=True))
        none, twenty = by_count[0], by_count[20]
        assert none is not None
        assert twenty is not None
        assert 0.0 < twenty < none
