"""Which of many files is a water reference: by the header where it says so, else by the one peak."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fitting.io.exports import examined, is_reference
from fitting.io.source import SourceFile
from service.cli.simulated_scan import CONTENT, DWELL_TIME, make

ROOT = Path(__file__).parents[2]
BROAD_HZ = 30.0


@pytest.fixture(scope="module")
def nifti_mrs() -> Any:
    return runpy.run_path(str(ROOT / "examples" / "make_example.py"))["nifti_mrs"]


@pytest.mark.parametrize("extra_hz", [0.0, BROAD_HZ])
def test_header_without_suppression_makes_a_reference_however_broad_its_peak(nifti_mrs: Any, extra_hz: float) -> None:
    """A poor shim spreads the water over more points than one peak has; the spectrum beside it stays a spectrum."""
    decay = np.exp(-np.pi * extra_hz * DWELL_TIME * np.arange(2048))
    spectrum, water = make(CONTENT, seed=1)
    files = [
        SourceFile(name, nifti_mrs(fid * decay, water_suppressed=suppressed))
        for name, fid, suppressed in (("a_svs.nii.gz", spectrum, True), ("a_ref.nii.gz", water, False))
    ]
    scans = [examined((file,))[0] for file in files]

    assert [is_reference(scan, scans) for scan in scans] == [False, True]
    assert scans[1].has_one_peak == (extra_hz == 0.0)
