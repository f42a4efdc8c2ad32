"""Every real scanner file we know of is read as its index says, and every file that is no spectrum is refused."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import numpy as np
import pytest

import fitting.io
from fitting.acquisition import Acquisition, Recording
from fitting.errors import UnreadableSpectrum
from fitting.io import Files
from fitting.io.companions import source_files
from fitting.units import hz_to_ppm

SPECTRUM_FORMATS = ("siemens_", "dicom", "philips_sdat", "GE P-file", "lcmodel_raw", "NIfTI-MRS")


def rows(shared: Path) -> list[dict[str, str]]:
    with (shared / "data" / "index.csv").open(newline="") as index:
        return list(csv.DictReader(index))


def spectra(shared: Path) -> list[dict[str, str]]:
    return [
        row
        for row in rows(shared)
        if row["format"].startswith(SPECTRUM_FORMATS) and not row["path"].startswith("negative/")
    ]


def files_of(shared: Path, row: dict[str, str]) -> Files:
    return source_files(shared / "data" / row["path"])


def number(text: str) -> float | None:
    """The index writes numbers, lists of one number, or nothing."""
    return float(text.strip("[]")) if text.strip("[]") else None


def dimensions(row: dict[str, str]) -> tuple[int | None, int]:
    """Points and coils: plain in most rows, the shape of the NIfTI (points fourth, coils fifth) in others."""
    if row["points"].startswith("("):
        shape = ast.literal_eval(row["points"])
        return shape[3], shape[4]
    return (int(row["points"]) if row["points"] else None), int(row["coils"] or 1)


def facts(acquisition: Acquisition) -> dict[str, float | None]:
    """The acquisition's quantities under the names and in the units of the index."""
    frequency, dwell_time = acquisition.spectrometer_frequency, acquisition.dwell_time
    echo_time, repetition_time = acquisition.echo_time, acquisition.repetition_time
    return {
        "frequency_MHz": None if frequency is None else frequency / 1e6,
        "TE_ms": None if echo_time is None else echo_time * 1e3,
        "TR_ms": None if repetition_time is None else repetition_time * 1e3,
        "spectral_width_Hz": None if dwell_time is None else 1 / dwell_time,
    }


def test_real_files_have_the_field_times_and_shape_of_the_index(shared: Path, subtests: pytest.Subtests):
    """Field, TE, TR, frequency, spectral width, points and coils of every spectrum agree with the index.

    LCModel .RAW files are an exception by nature: their dwell time, and often all else, is kept outside.
    """
    for row in spectra(shared):
        with subtests.test(row["path"]):
            recording = fitting.io.read(files_of(shared, row))
            silent = row["format"] == "lcmodel_raw"
            for column, found in facts(recording.acquisition).items():
                expected = number(row[column])
                if expected is not None and not (silent and found is None):
                    assert found == pytest.approx(expected, rel=2e-5), column
            field = recording.acquisition.field_t
            if field is not None:
                assert field == pytest.approx(number(row["field_T"]), rel=0.05)
            points, coils = dimensions(row)
            assert recording.points == (points or recording.points)
            assert recording.coils == coils


def test_water_references_in_the_same_file_are_found(shared: Path, subtests: pytest.Subtests):
    """Rows that hold their reference give a Recording with water that is far louder than the metabolites."""
    inside = [row for row in spectra(shared) if row["water_reference"].startswith(("yes: first", "yes: row"))]
    assert inside
    for row in inside:
        with subtests.test(row["path"]):
            recording = fitting.io.read(files_of(shared, row))
            assert recording.water is not None
            assert np.abs(recording.water.samples).max() > 5 * np.abs(recording.samples).max()


def naa_and_its_mirror_image(recording: Recording) -> tuple[float, float]:
    """How far a line stands out where NAA is when water is at 4.65 ppm, and at as much on water's other side.

    NAA is 2.64 ppm from water in a brain and 2.8 ppm in a phantom at room temperature.
    """
    acquisition = recording.acquisition
    fid = recording.samples.mean(axis=0)[0]
    damped = fid * np.exp(-8.0 * np.arange(fid.size) * acquisition.dwell_time)
    spectrum = np.abs(np.fft.fft(damped))
    ppm = hz_to_ppm(np.fft.fftfreq(fid.size, acquisition.dwell_time), acquisition.spectrometer_frequency)
    from_water = ppm - ppm[np.argmax(spectrum)]
    return _prominence(spectrum, from_water + 2.72), _prominence(spectrum, from_water - 2.72)


def _prominence(spectrum: np.ndarray, distance: np.ndarray) -> float:
    """Height of the highest point within 0.15 ppm over the median within 0.5 ppm."""
    near, around = np.abs(distance) < 0.15, np.abs(distance) < 0.5
    return float(spectrum[near].max() / np.median(spectrum[around]))


def test_real_spectra_are_not_mirrored(shared: Path, subtests: pytest.Subtests):
    """The NAA line stands out at 2.01 ppm, and not at its mirror image 7.29 ppm, when water is at 4.65 ppm."""
    brains = [
        row
        for row in spectra(shared)
        if row["format"].startswith(("siemens_", "dicom", "philips_sdat"))
        and "this IS" not in row["water_reference"]
        and "nulled" not in row["notes"]
    ]
    assert len(brains) >= 8
    for row in brains:
        with subtests.test(row["path"]):
            naa, mirror = naa_and_its_mirror_image(fitting.io.read(files_of(shared, row)))
            assert naa > 1.3
            assert naa > 1.2 * mirror


def test_files_without_spectra_are_refused(shared: Path, subtests: pytest.Subtests):
    """Imaging raw data, plots, images and other tools' results are refused with a sentence naming the file."""
    others = [
        *(shared / "data" / "negative").iterdir(),
        *(shared / "data" / row["path"] for row in rows(shared) if row["format"] in ("NIfTI image", "peer result")),
    ]
    for path in others:
        with subtests.test(path.name), pytest.raises(UnreadableSpectrum) as caught:
            fitting.io.read(source_files(path))
        assert path.name in caught.value.detail
