"""Readers on real scanner files and on the same simulated numbers in three formats."""

from pathlib import Path

import numpy as np
import pytest

from fitting.acquisition import Recording
from fitting.fid import Axes
from fitting.io import read
from fitting.io.companions import source_files

BRAINS = (
    ("philips/phan_buoy/philips_spar_sdat_WS.SDAT", 127.78614e6, 0.030, 2.0, "PRESS"),
    ("philips/press30_with_mm/sub-01_ses-01_PRESS_raw-act_noID.SDAT", 127.75526e6, 0.030, 2.0, "PRESS"),
    ("philips/press35/sub-01_press_act_noID.sdat", 127.75090e6, 0.035, 2.0, "PRESS"),
    ("nifti_mrs/steam_7T_brain/metab_raw.nii.gz", 297.219948e6, 0.011, 5.0, "STEAM"),
)
GE_PHANTOMS = (
    ("ge/rev9_phantom/P1751_1.5T_030_2000.7", 0.040),
    ("ge/rev9_phantom/P1827_1.5T_030_2000.7", 0.026),
    ("ge/rev9_phantom/P1904_1.5T_030_2000.7", 0.020),
)


def _height(recording: Recording, low: float, high: float) -> float:
    """Largest magnitude between two shifts (ppm), coils weighted by their first points."""
    acquisition = recording.acquisition
    assert acquisition.dwell_time is not None
    assert acquisition.spectrometer_frequency is not None
    weights = recording.samples[:, :, :3].mean(axis=(0, 2)).conj()
    fid = (recording.samples * weights[:, np.newaxis]).mean(axis=(0, 1))
    shifts = Axes(fid.size, acquisition.dwell_time, acquisition.spectrometer_frequency).ppm
    spectrum = np.abs(np.fft.fftshift(np.fft.fft(fid)))
    return float(spectrum[(shifts > low) & (shifts < high)].max())


@pytest.mark.parametrize(("name", "frequency", "echo_time", "repetition_time", "sequence"), BRAINS)
def test_brain_spectra_are_not_mirrored(
    shared: Path, name: str, frequency: float, echo_time: float, repetition_time: float, sequence: str
) -> None:
    """NAA stands near 2.01 ppm, above the valley beside it and above its mirror image about the water."""
    recording = read(source_files(shared / "data" / name))
    acquisition = recording.acquisition
    peak, valley, mirrored = (_height(recording, *ends) for ends in ((1.9, 2.1), (1.6, 1.8), (7.2, 7.4)))

    assert acquisition.spectrometer_frequency == pytest.approx(frequency, abs=10)
    assert (acquisition.echo_time, acquisition.repetition_time, acquisition.sequence) == (
        echo_time,
        repetition_time,
        sequence,
    )
    assert peak > 1.5 * valley
    assert peak > 1.5 * mirrored


@pytest.mark.parametrize(("name", "edge"), GE_PHANTOMS)
def test_ge_phantom(shared: Path, name: str, edge: float) -> None:
    """16 suppressed and 8 water frames of one coil, the voxel of the series, peaks on the side of the metabolites."""
    recording = read(source_files(shared / "data" / name))
    acquisition = recording.acquisition

    assert recording.samples.shape == (16, 1, 2048)
    assert recording.water is not None
    assert recording.water.samples.shape == (8, 1, 2048)
    assert acquisition.spectrometer_frequency == pytest.approx(63.8726e6, abs=100)
    assert acquisition.dwell_time == pytest.approx(1 / 2500)
    assert (acquisition.echo_time, acquisition.repetition_time) == pytest.approx((0.030, 2.0))
    assert acquisition.sequence == "PRESS"
    assert acquisition.averages == 32
    assert acquisition.voi_size == pytest.approx((edge, edge, edge), rel=0.01)
    assert np.abs(recording.water.samples[:, 0, 0]).min() > 20 * np.abs(recording.samples[:, 0, 0]).max()
    assert _height(recording, 1.6, 3.2) > 2 * _height(recording, 6.1, 7.7)


@pytest.mark.parametrize("dataset", ["easy", "hard", "te30"])
def test_three_formats_of_one_spectrum_agree(shared: Path, dataset: str) -> None:
    """NIfTI-MRS, LCModel RAW and JSON arrays of one simulation give the same complex numbers in one scale and sign."""
    folder = shared / "truth" / dataset
    nifti, raw, arrays = (read(source_files(folder / f"spec_00.{end}")) for end in ("nii.gz", "raw", "json"))
    scale = np.abs(nifti.samples).max()

    assert np.abs(raw.samples - nifti.samples).max() < 2e-6 * scale
    assert np.abs(arrays.samples - nifti.samples).max() < 1e-5 * scale
    for recording in (raw, arrays):
        assert recording.acquisition.echo_time == pytest.approx(nifti.acquisition.echo_time)
        assert recording.acquisition.spectrometer_frequency == pytest.approx(nifti.acquisition.spectrometer_frequency)
    assert arrays.acquisition.dwell_time == pytest.approx(nifti.acquisition.dwell_time)


def test_water_in_two_formats_agrees(shared: Path) -> None:
    """The reference of a simulation is the same in LCModel .H2O and NIfTI-MRS."""
    folder = shared / "truth" / "easy"
    raw, nifti = (read(source_files(folder / name)).samples for name in ("spec_00.h2o", "ref_00.nii.gz"))

    assert np.abs(raw - nifti).max() < 2e-6 * np.abs(nifti).max()


@pytest.mark.parametrize(
    ("name", "frequency"),
    [("MMB_without_metabolite_TE24.RAW", 399.7182e6), ("Summed_Averaged_TE24.RAW", 399.7182e6)],
)
def test_bruker_sign_is_turned(shared: Path, name: str, frequency: float) -> None:
    """With BRUKER=T the macromolecules stand at 0.9 ppm and not at its mirror image."""
    recording = read(source_files(shared / "data" / "lcmodel" / "mm_9p4T_bruker" / name))
    acquisition = recording.acquisition
    spectrum = np.abs(np.fft.fftshift(np.fft.fft(recording.samples[0, 0])))
    shifts = Axes(spectrum.size, 1 / 8000, frequency).ppm

    assert (acquisition.spectrometer_frequency, acquisition.echo_time) == pytest.approx((frequency, 0.024))
    assert acquisition.dwell_time is None
    assert spectrum[(shifts > 0.7) & (shifts < 1.1)].max() > 2 * spectrum[(shifts > 8.2) & (shifts < 8.6)].max()
