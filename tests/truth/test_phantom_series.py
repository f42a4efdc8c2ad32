"""A series of cubes of growing size in one phantom: no absurd verdict, and water in proportion to the volume."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from fitting.io import SourceFile, read
from fitting.run import Job, analyse

pytestmark = pytest.mark.truth

SERIES = ("P1751", "P1806", "P1827")
"""Cubes of 40, 38 and 26 mm at one place; the fourth file of the folder is of another place."""
RECEIVER_STEP = 2**0.5
"""One step of the receiver gain R2 of a P-file, 3 dB."""
R2_AT = 416


def content(shared: Path, name: str) -> bytes:
    return (shared / "data" / "ge" / "rev9_phantom" / f"{name}_1.5T_030_2000.7").read_bytes()


def test_water_grows_with_the_volume(shared: Path) -> None:
    """The first sample of the water reference, at one receiver gain, per millilitre is the same within 4 %."""
    per_volume = []
    for name in SERIES:
        file = content(shared, name)
        recording = read((SourceFile(f"{name}.7", file),))
        assert recording.water is not None
        assert recording.acquisition.voi_volume_ml is not None
        (gain,) = struct.unpack_from("<i", file, R2_AT)
        water = np.abs(recording.water.samples.mean(axis=(0, 1))[0])
        per_volume.append(float(water / recording.acquisition.voi_volume_ml / RECEIVER_STEP**gain))

    assert max(per_volume) / min(per_volume) < 1.04


@pytest.mark.parametrize("name", [*SERIES, "P1904"])
def test_phantom_is_not_reported_as_brain(shared: Path, name: str) -> None:
    """Compartments of NAA, creatine and lactate in changing parts: not interpretable, and never compared."""
    analysis, _ = analyse(Job((SourceFile(f"{name}.7", content(shared, name)),)))

    assert analysis.verdict.usable == "no"
    assert all(item.z is None for item in analysis.metabolites)
