"""A spectrum is moved to where its peaks belong, and only when it has them."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.preprocessing import preprocess
from fitting.preprocessing.referencing import find_reference
from fitting.units import ComplexArray
from tests.data.simulated_brain import Scan, noise_for

FIELDS = [Scan(2048, 4e-4, 63.9e6), Scan(), Scan(4096, 1 / 6000, 297.2e6)]


@pytest.mark.parametrize("scan", FIELDS)
@pytest.mark.parametrize("shift_ppm", [-0.2, -0.03, 0.0, 0.1, 0.2])
@pytest.mark.parametrize("phase", [0.0, 2.0, np.pi])
def test_displacement_is_found(scan: Scan, shift_ppm: float, phase: float) -> None:
    """A displaced spectrum of any phase comes back to within 1.5 Hz."""
    fid = scan.brain(shift_ppm, width_hz=4.0 if scan.spectrometer_frequency < 1e8 else 6.0)
    noisy = fid * np.exp(1j * phase) + noise_for(20.0, fid, scan) * scan.noise()
    _, facts = preprocess(scan.recording(noisy))
    assert facts.shift_ppm == pytest.approx(-shift_ppm, abs=1.5 / (scan.spectrometer_frequency * 1e-6))


def strange(scan: Scan) -> dict[str, ComplexArray]:
    return {
        "acetate and lactate": scan.line(1.92, 10.0, 3.0) + scan.line(1.33, 10.0, 3.0) + scan.line(1.36, 10.0, 3.0),
        "one line": scan.line(1.8, 10.0, 3.0),
        "lipids": scan.line(1.3, 40.0, 25.0) + scan.line(0.9, 20.0, 25.0),
        "macromolecules": scan.line(2.05, 8.0, 45.0) + scan.line(3.0, 5.0, 45.0) + scan.line(0.9, 6.0, 35.0),
        "noise": np.zeros(scan.points, dtype=np.complex128),
    }


@pytest.mark.parametrize("content", ["acetate and lactate", "one line", "lipids", "macromolecules", "noise"])
def test_no_pattern_no_move(content: str) -> None:
    """A phantom, a lipid or a macromolecule spectrum is not moved to make NAA of what it has."""
    scan = Scan()
    fid = strange(scan)[content] + 0.1 * scan.noise()
    assert not find_reference(scan.fid(fid)).trusted
    assert preprocess(scan.recording(fid))[1].shift_ppm == 0.0


def test_missing_naa_is_not_made() -> None:
    """A tumour-like spectrum without NAA is either placed by its other peaks or left where it is."""
    scan = Scan()
    fid = scan.brain(0.02, naa=0.0) + scan.line(3.23, 12.0, 6.0) + scan.line(1.33, 15.0, 15.0)
    _, facts = preprocess(scan.recording(fid + noise_for(20.0, scan.brain(), scan) * scan.noise()))
    assert facts.shift_ppm == 0.0 or facts.shift_ppm == pytest.approx(-0.02, abs=0.03)
