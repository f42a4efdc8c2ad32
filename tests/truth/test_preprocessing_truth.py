"""Preprocessing against simulated recordings of known drift, corruption and position, and real ones."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fitting.acquisition import Recording
from fitting.fid import Fid
from fitting.io import Files, SourceFile, read
from fitting.preprocessing import preprocess
from fitting.preprocessing.alignment import align_metabolites
from fitting.preprocessing.coil_combination import coil_weights
from fitting.quality.linewidths import water_linewidth_hz
from fitting.quality.water_and_lipid import residual_water
from fitting.request import Options, Overrides
from fitting.run import Job, analyse
from fitting.units import ComplexArray
from tests.measure.raw_scan import compare

pytestmark = pytest.mark.truth


def recording(folder: Path, number: int) -> Recording:
    """Spectrum ``number`` of a truth set with its water reference."""
    files = [folder / f"{kind}_{number:02d}.nii.gz" for kind in ("spec", "ref")]
    spectrum, water = (read((SourceFile(file.name, file.read_bytes()),)) for file in files)
    return replace(spectrum, water=water)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def files(path: Path) -> Files:
    return (SourceFile(path.name, path.read_bytes()),)


def lcmodel(path: Path) -> ComplexArray:
    numbers = np.array(path.read_text(encoding="utf-8").split("$END")[-1].split(), dtype=float)
    return np.asarray(numbers[::2] + 1j * numbers[1::2])


@pytest.mark.parametrize("number", range(4))
def test_uncombined_scans(shared: Path, number: int) -> None:
    """Corrupted transients are those planted, shifts are known to their stated error, the noise is the ideal's."""
    folder = shared / "truth" / "raw"
    scan = recording(folder, number)
    assert scan.water is not None
    dwell, frequency = scan.acquisition.dwell_time, scan.acquisition.spectrometer_frequency
    assert dwell is not None
    assert frequency is not None
    truth = [row for row in table(folder / "transients.csv") if row["spectrum"] == f"spec_{number:02d}"]
    spoilt = np.array([row["corrupted"] == "1" for row in truth])
    shift = np.array([float(row["freq_hz"]) for row in truth])
    phase = np.deg2rad([float(row["phase_deg"]) for row in truth])

    combined = coil_weights(scan.water.samples, scan.fid).combine(scan.fid)
    found = align_metabolites(combined).shifts
    turn = np.angle(np.exp(1j * (found.phase - phase)))
    assert np.std((found.shift_hz - shift)[~spoilt]) <= 1.7 * found.shift_sd_hz
    assert np.std(turn[~spoilt]) <= 1.7 * found.phase_sd

    spectrum, facts = preprocess(scan)
    assert spectrum.water is not None
    assert facts.transients is not None
    assert np.array_equal(np.array(facts.transients.weight) == 0, spoilt)
    assert facts.frequency_drift_hz == pytest.approx(np.ptp(shift[~spoilt]), abs=0.6)
    ideal, ideal_water = lcmodel(folder / f"spec_{number:02d}.raw"), lcmodel(folder / f"spec_{number:02d}.h2o")
    scale = np.abs(spectrum.water.samples[2:40] / ideal_water[2:40]).mean()
    noise = spectrum.fid.noise / scale
    assert noise <= Fid(ideal, dwell, frequency).noise / 0.97
    width = float(table(folder / "meta.csv")[number]["lw_total_hz"])
    assert facts.water is not None
    assert water_linewidth_hz(facts.water) == pytest.approx(width, rel=0.01)


@pytest.mark.parametrize("number", range(4))
def test_ratios_are_those_of_the_ideal_combination(shared: Path, number: int) -> None:
    """What the fit says of our combination differs from the ideal one's by less than its noise."""
    folder, name = shared / "truth" / "raw", f"spec_{number:02d}"
    basis = shared / "truth" / "basis" / "truth_sie35.BASIS"
    row = table(folder / "meta.csv")[number]
    known = Overrides(
        dwell_time=float(row["dwell_s"]),
        spectrometer_frequency=float(row["hzpppm"]) * 1e6,
        echo_time=float(row["te_ms"]) * 1e-3,
        repetition_time=float(row["tr_ms"]) * 1e-3,
        sequence="PRESS",
    )
    ours, _ = analyse(
        Job(files(folder / f"{name}.nii.gz"), files(folder / f"ref_{number:02d}.nii.gz"), basis=files(basis))
    )
    ideal, _ = analyse(
        Job(
            files(folder / f"{name}.raw"),
            files(folder / f"{name}.h2o"),
            options=Options(overrides=known),
            basis=files(basis),
        )
    )
    assert ours.quality.spurious_echo == 0.0
    for one, other in zip(ours.metabolites, ideal.metabolites, strict=True):
        if one.name in {"tNAA", "Glu", "Gln", "Glx", "mI", "tCho"}:
            assert one.ratio_tcr is not None
            assert other.ratio_tcr is not None
            assert abs(one.ratio_tcr.value - other.ratio_tcr.value) <= 0.5 * other.ratio_tcr.sd


def test_real_raw_scan(shared: Path) -> None:
    """The real 7 T scan gains on its best coil, and weights from water are best for water to within what moves."""
    compared = compare(shared / "data")
    single, first, whitened, whole = compared.snr.values()
    assert whole >= 1.3 * single
    assert min(whitened, whole) >= 0.93 * first
    assert compared.facts.transients_rejected == 0
    assert compared.facts.water is not None
    assert water_linewidth_hz(compared.facts.water) == pytest.approx(14.8, abs=1.0)
    assert compared.facts.frequency_drift_hz == pytest.approx(2.3, abs=1.0)


@pytest.mark.parametrize(("name", "worst_hz"), [("easy", 1.0), ("clinical", 1.5), ("te30", 1.5), ("hard", 4.0)])
@pytest.mark.parametrize("with_water", [True, False])
def test_spectra_come_to_their_place(shared: Path, name: str, worst_hz: float, with_water: bool) -> None:
    """Known displacements are undone, also of the atypical spectra, with and without a water reference."""
    folder = shared / "truth" / name
    errors = []
    for number, row in enumerate(table(folder / "meta.csv")):
        scan = recording(folder, number)
        _, facts = preprocess(scan if with_water else replace(scan, water=None))
        planted = 0.0 if with_water else float(row["freq_shift_hz"])
        errors.append(facts.shift_ppm * float(row["hzpppm"]) + planted)
    assert np.max(np.abs(errors)) <= worst_hz
    assert np.abs(np.median(errors)) <= 0.7


REAL = {
    "7 T": ("nifti_mrs/steam_7T_brain/metab_raw.nii.gz", "nifti_mrs/steam_7T_brain/wref_raw.nii.gz"),
    "Siemens corrected": ("siemens/ve11_brain/svs_se_30_ECC.dcm", "siemens/ve11_brain/svs_se_30_ref.dcm"),
    "Siemens raw": ("siemens/ve11_brain/svs_se_30_noECC.dcm", "siemens/ve11_brain/svs_se_30_ref.dcm"),
    "Siemens, much water": ("siemens/rda/SVS_30.rda", None),
    "Philips rows": ("philips/dicom_two_rows/IM-0001-0002.dcm", None),
}


@pytest.mark.parametrize("name", REAL)
def test_real_brain_spectra_stand_where_they_should(shared: Path, name: str) -> None:
    """After preprocessing tNAA is the highest point between 1.8 and 2.2 ppm, at 2.01 ppm, in every vendor's file."""
    spectrum_file, water_file = REAL[name]
    path = shared / "data" / spectrum_file
    scan = read((SourceFile(path.name, path.read_bytes()),))
    if water_file is not None:
        water = shared / "data" / water_file
        scan = replace(scan, water=read((SourceFile(water.name, water.read_bytes()),)))
    spectrum, facts = preprocess(scan)
    fid = spectrum.fid
    size = 8 * fid.points
    ppm = fid.axes.with_points(size).fft_ppm
    heights = np.abs(np.fft.fft(fid.samples * (1 - np.exp(-fid.time / 0.05)) * np.exp(-3 * np.pi * fid.time), size))
    near = (ppm > 1.8) & (ppm < 2.2)
    assert ppm[near][np.argmax(heights[near])] == pytest.approx(2.01, abs=0.03)
    assert residual_water(facts.residual_water, facts.clean) is not None
    after = heights[(ppm > 4.4) & (ppm < 4.9)].max()
    assert after <= heights[near].max()
