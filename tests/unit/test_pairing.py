"""A spectrum and its water reference belong together, or the pair is refused; nothing is scaled by another scan."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitting.acquisition import Recording
from fitting.errors import ImplausibleParameter, UnusableSignal
from fitting.io import Files, SourceFile
from fitting.preprocessing import preprocess
from fitting.preprocessing.pairing import MOST_RESIDUAL_WATER, water_height
from fitting.request import Overrides
from fitting.run.intake import take_in
from tests.conformance.reader_fixtures import brain_fid, water_fid
from tests.conformance.reader_fixtures.siemens_rda import DWELL_TIME, FREQUENCY, POINTS, rda
from tests.data.simulated_brain import Scan

WATER = water_fid(POINTS, DWELL_TIME, scale=1e7)


def suppressed(scan: Scan) -> Recording:
    """A spectrum with a little residual water."""
    return scan.recording(scan.brain() + scan.residual_water(2.0) + 0.02 * scan.noise())


def unsuppressed(scan: Scan) -> Recording:
    return scan.recording(scan.line(4.65, 2000.0, 7.0) + scan.brain() + 0.02 * scan.noise())


def test_pair_is_used() -> None:
    """The right order passes, and the water scales."""
    scan = Scan()
    spectrum, _ = preprocess(replace(suppressed(scan), water=unsuppressed(scan)))

    assert spectrum.water is not None


@pytest.mark.parametrize("gain", [1e-12, 1.0, 1e9])
def test_swapped_files_are_refused(gain: float) -> None:
    """Without a word in the headers the samples tell, at any receiver gain."""
    scan = Scan()
    water, metabolites = (replace(part, samples=gain * part.samples) for part in (unsuppressed(scan), suppressed(scan)))

    with pytest.raises(UnusableSignal, match="swapped"):
        preprocess(replace(water, water=metabolites))


def test_suppressed_reference_is_refused() -> None:
    """Residual water is one line too; taken for all the water it would make every concentration a hundredfold."""
    scan = Scan()

    with pytest.raises(UnusableSignal, match="water-suppressed too"):
        preprocess(replace(suppressed(scan), water=suppressed(scan)))


@given(share=st.floats(1e-4, 0.4), transients=st.integers(1, 30))
def test_height_is_a_share_of_the_water(share: float, transients: int) -> None:
    """The ratio does not depend on how many transients there are or how finely the reference was sampled."""
    scan, fine = Scan(), Scan(points=2048, dwell_time=2.5e-4)
    spectrum = np.tile(scan.line(4.65, share, 6.0), (transients, 1))
    reference = fine.line(4.65, 1.0, 6.0)[None]
    low, high = (water_height(part.fid(samples))
                 for part, samples in ((scan, spectrum), (fine, reference)))  # fmt: skip

    assert low / high == pytest.approx(share, rel=0.03)
    assert MOST_RESIDUAL_WATER > 0.4


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"MRFrequency": "63.872622"}, "63.873 MHz"),
        ({"VOIThickness": "30.000000"}, "30.0 ml"),
        ({"SequenceName": "*svs_st"}, "STEAM"),
        ({"Nucleus": "31P"}, "31P"),
        ({"DwellTime": "833000"}, "dwell_time"),
    ],
    ids=["field", "volume", "sequence", "nucleus", "dwell time"],
)
def test_reference_of_another_scan_is_refused(changes: dict[str, str], says: str) -> None:
    """The header gives it away; the sentence says what differs."""
    with pytest.raises(Exception, match=says) as caught:
        take_in(rda(), rda(WATER, **changes), Overrides())

    assert caught.value.code in ("implausible-parameter", "unsupported-data")  # type: ignore[attr-defined]


def test_other_timing_is_not_called_a_contradiction() -> None:
    """References are often taken with one average and another repetition time."""
    water = take_in(rda(), rda(WATER, TR="5000.0", NumberOfAverages="1.0"), Overrides()).recording.water

    assert water is not None
    assert (water.acquisition.repetition_time, water.acquisition.averages) == (5.0, 1)


def test_spectrum_itself_is_not_used_as_reference() -> None:
    """The same file in both places is a slip of the hand."""
    with pytest.raises(ImplausibleParameter, match="same file"):
        take_in(rda(), rda(), Overrides())


def test_a_correction_holds_for_both() -> None:
    """What the request corrects in the spectrum was as wrong in its reference; another value there is kept."""
    overrides = Overrides(dwell_time=5e-4, repetition_time=3.0)
    alike = take_in(rda(), rda(WATER), overrides).recording.water
    other = take_in(rda(), rda(WATER, TR="5000.0"), overrides).recording.water

    assert alike is not None
    assert other is not None
    assert (alike.acquisition.dwell_time, alike.acquisition.repetition_time) == (5e-4, 3.0)
    assert (other.acquisition.dwell_time, other.acquisition.repetition_time) == (5e-4, 5.0)


def arrays(dwell_time: float) -> Files:
    fid = brain_fid(1024, 5e-4, FREQUENCY)
    fields = {"fid_real": fid.real.tolist(), "fid_imag": fid.imag.tolist(), "dwell_time": dwell_time}
    return (
        SourceFile("x.json", json.dumps({**fields, "spectrometer_frequency": FREQUENCY, "echo_time": 0.03}).encode()),
    )


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25, 2.0])
def test_slip_of_the_dwell_time_is_seen(factor: float) -> None:
    """A plausible but wrong dwell time puts the peaks elsewhere; preprocessing says that it did not find them."""
    _, right = preprocess(take_in(arrays(5e-4), (), Overrides()).recording)
    _, wrong = preprocess(take_in(arrays(5e-4 * factor), (), Overrides()).recording)

    assert (right.pattern, wrong.pattern) == ("found", "absent")
