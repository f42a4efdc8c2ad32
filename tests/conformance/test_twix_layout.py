"""Siemens raw data: the byte layout agrees with another program, and removing oversampling loses nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapvbvd import mapVBVD

from fitting.io._twix import last_measurement
from fitting.io.oversampling import without_oversampling
from tests.conformance.reader_fixtures import siemens_twix as generated

POINTS, DWELL_TIME = 512, 416.7e-6


def pymapvbvd(content: bytes, folder: Path):
    """The same measurement as pyMapVBVD reads it: samples (transients, coils, points), header and image object."""
    path = folder / "meas.dat"
    path.write_bytes(content)
    measurements = mapVBVD(str(path), quiet=True, removeOS=False)
    last = measurements[-1] if isinstance(measurements, list) else measurements
    return last.image.unsorted().transpose(2, 1, 0), last.hdr, last.image


def same_as_pymapvbvd(content: bytes, folder: Path) -> None:
    ours = last_measurement(content)
    samples, header, image = pymapvbvd(content, folder)

    assert np.array_equal(ours.samples, samples)
    for loop in ("Lin", "Ave", "Phs", "Rep", "Set"):
        assert np.array_equal(ours.loop(loop), getattr(image, loop))
    assert np.array_equal(ours.headers["ice"], image.iceParam)
    assert np.array_equal(ours.headers["free"], image.freeParam)
    assert np.array_equal(ours.headers["cut_off"], image.cutOff)
    assert float(ours.protocol()["alTE[0]"]) == header["MeasYaps"]["alTE", "0"]
    assert ours.protocol()["tSequenceFileName"] == header["MeasYaps"]["tSequenceFileName",]
    assert ours.dicom()["SoftwareVersions"] == header["Dicom"]["SoftwareVersions"]


@pytest.mark.parametrize("files", [generated.vb, generated.ve], ids=["vb17", "ve11"])
def test_generated_files_are_read_as_pymapvbvd_reads_them(files, tmp_path: Path):
    """Generator and reader share no misunderstanding of the layout that another program does not share."""
    same_as_pymapvbvd(files()[0].content, tmp_path)


def test_a_real_file_is_read_as_pymapvbvd_reads_it(shared: Path, tmp_path: Path):
    """Scanner-written raw data (an imaging measurement, but of the same layout) agree sample by sample."""
    same_as_pymapvbvd((shared / "data" / "negative" / "imaging_twix_gre.dat").read_bytes(), tmp_path)


@given(
    shifts=st.lists(st.floats(-500, 500), min_size=1, max_size=5),
    phase=st.floats(-np.pi, np.pi),
    damping=st.floats(8, 60),
)
def test_resonances_of_one_phase_keep_their_shape_without_oversampling(shifts, phase, damping):
    """What remains is the FID sampled at half the rate: within 3 % in the first point, 0.6 % from the eighth on."""
    time = np.arange(2 * POINTS) * DWELL_TIME
    fid = sum(np.exp(1j * phase + (2j * np.pi * shift - damping) * time) for shift in shifts)
    error = np.abs(without_oversampling(fid[np.newaxis, np.newaxis])[0, 0] - fid[::2]) / len(shifts)

    assert error.max() < 0.03
    assert error[8:-8].max() < 0.006


def test_removing_oversampling_halves_the_noise_power():
    """Half of white noise lies in the outer half of the spectrum, which is cut off."""
    noise = np.random.default_rng(1).normal(size=(50, 4, 2 * POINTS, 2)) @ [1, 1j]
    kept = without_oversampling(noise)

    assert np.var(kept) / np.var(noise) == pytest.approx(0.5, rel=0.03)


def test_signal_outside_the_inner_half_is_removed():
    """A resonance in the outer half of the spectrum does not fold back."""
    time = np.arange(2 * POINTS) * DWELL_TIME
    outside = np.exp((2j * np.pi * 900.0 - 20.0) * time)
    kept = without_oversampling(outside[np.newaxis, np.newaxis])[0, 0]

    assert np.abs(np.fft.fft(kept)).max() < 0.05 * np.abs(np.fft.fft(outside)).max()
