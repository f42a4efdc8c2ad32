"""Readers of others take what is exported: the package of the NIfTI-MRS standard, and readers of LCModel's files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from suspect.io.lcmodel import read_coord

from fitting.analysis import Analysis
from fitting.model.result import Traces
from fitting.run import Job, analyse
from service.reports import EXPORTS, AnalysisDocument, Export
from service.reports.lcmodel.rows import lcmodel_name

pytestmark = pytest.mark.peers
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def answer() -> tuple[Analysis, Traces]:
    spectrum, water = EXAMPLES / "acc_press30.nii.gz", EXAMPLES / "acc_press30_water.nii.gz"
    return analyse(Job.from_files(spectrum, water_reference=water, region="ACC"))


def written(answer: tuple[Analysis, Traces], format: Export, folder: Path) -> Mapping[str, Path]:
    analysis, traces = answer
    for name, file in EXPORTS[format](AnalysisDocument(analysis, finished="2026-01-01T00:00:00Z"), traces).items():
        (folder / name).write_bytes(file.content)
    return {path.name: path for path in folder.iterdir()}


def test_nifti_mrs_package_accepts_every_signal(answer: tuple[Analysis, Traces], tmp_path: Path) -> None:
    validator, package = pytest.importorskip("nifti_mrs.validator"), pytest.importorskip("nifti_mrs.nifti_mrs")
    analysis, traces = answer
    images = {}
    for name, path in written(answer, "nifti-mrs", tmp_path).items():
        images[name] = package.NIFTI_MRS(str(path))
        validator.validate_nifti_mrs(images[name])
        assert images[name].dwelltime == pytest.approx(analysis.acquisition.dwell_time)
        assert images[name].spectrometer_frequency[0] == pytest.approx(
            analysis.acquisition.spectrometer_frequency / 1e6
        )
        assert images[name].hdr_ext["EchoTime"] == analysis.acquisition.echo_time
    samples = {name.partition(".")[0]: np.ravel(image[:]) for name, image in images.items()}

    assert traces.signals is not None
    assert set(samples) == {"preproc", "fit", "baseline", "residual", "water"}
    assert samples["residual"] == pytest.approx(samples["preproc"] - samples["fit"], abs=1e-3)
    # the package gives the conjugate of what stands in the file: its spectra run the other way
    assert samples["preproc"] == pytest.approx(traces.signals.processed.conj())


def test_nifti_mrs_validator_finds_errors(answer: tuple[Analysis, Traces], tmp_path: Path) -> None:
    """Silence of the other test means something."""
    validator, package = pytest.importorskip("nifti_mrs.validator"), pytest.importorskip("nifti_mrs.nifti_mrs")
    image = package.NIFTI_MRS(str(written(answer, "nifti-mrs", tmp_path)["fit.nii.gz"]))
    with pytest.raises(validator.headerExtensionError):
        validator.validate_hdr_ext('{"ResonantNucleus": ["1H"]}', image.shape)


def test_lcmodel_reader_finds_values_and_curves(answer: tuple[Analysis, Traces], tmp_path: Path) -> None:
    """PyLCModel (Merkofer) reads ``coord`` as it reads those of LCModel."""
    coord = pytest.importorskip("lcmodel_wrapper.coord", reason="lcmodel-wrapper is not installed: make peers")
    analysis, traces = answer
    path = written(answer, "lcmodel", tmp_path)["coord"]
    names, values, percents, ratios, width, snr, shift, _ = coord.read_coord(path)
    found = dict(zip(names, zip(values, percents, ratios, strict=True), strict=True))
    curves = coord.read_fit(path)

    assert width == pytest.approx(analysis.quality.linewidth_ppm, abs=5e-4)
    assert snr == round(analysis.quality.snr)
    assert traces.signals is not None
    assert shift == pytest.approx(traces.signals.shift_hz / analysis.acquisition.spectrometer_frequency * 1e6, abs=5e-4)
    for item in analysis.metabolites:
        if item.concentration is None:
            continue
        value, percent, ratio = found[lcmodel_name(item.name)]
        if not item.detected:
            assert (value, percent) == (0.0, 999)
        else:
            assert value == pytest.approx(item.concentration.value, rel=6e-3)
            assert ratio == pytest.approx(item.ratio_tcr.value if item.ratio_tcr else 0.0, rel=6e-3)
            assert percent == 999 or item.verdict.usable != "no"
    for name, expected in (
        ("ppm", traces.ppm), ("data", traces.data), ("completeFit", traces.fit), ("baseline", traces.baseline),
    ):  # fmt: skip
        assert curves[name] == pytest.approx(expected, rel=1e-4, abs=1e-5 * np.abs(traces.data).max() + 1e-6)


def test_suspects_reader_finds_values_and_curves(answer: tuple[Analysis, Traces], tmp_path: Path) -> None:
    """suspect reads ``coord`` as it reads those of LCModel."""
    analysis, traces = answer
    found = read_coord(str(written(answer, "lcmodel", tmp_path)["coord"]))

    for item in analysis.metabolites:
        if item.concentration is not None and item.detected:
            value = found["metabolite_fits"][lcmodel_name(item.name)]["concentration"]
            assert value == pytest.approx(item.concentration.value, rel=6e-3)
    assert found["ppm"] == pytest.approx(traces.ppm, rel=1e-4)
    assert found["fit"] == pytest.approx(traces.fit, rel=1e-4, abs=1e-5 * np.abs(traces.data).max() + 1e-6)


def test_columns_are_those_of_spants_reader(answer: tuple[Analysis, Traces], tmp_path: Path) -> None:
    """spant's ``read_lcm_coord`` counts lines from the start and cuts fields of 9, 5 and 8 characters; so does this."""
    lines = written(answer, "lcmodel", tmp_path)["coord"].read_text().splitlines()
    signals = next(int(line.split()[0]) for line in lines if line.endswith("concentration table = NCONC+1")) - 1
    table = {line[23:].strip(): (line[:9], line[9:14], line[14:22]) for line in lines[6 : 6 + signals]}
    quality = lines[signals + 7].split()
    start = next(index for index, line in enumerate(lines) if line.endswith("points on ppm-axis = NY"))
    points = int(lines[start].split()[0])
    per_curve = -(-points // 10) + 1
    headings = []
    while not lines[start].endswith("lines in following diagnostic table:"):
        headings.append(lines[start].split()[0])
        numbers = [float(cell) for line in lines[start + 1 : start + per_curve] for cell in line.split()]
        assert len(numbers) == points
        start += per_curve

    tcr = next(item for item in answer[0].metabolites if item.name == "tCr" and item.concentration is not None)
    assert tcr.concentration is not None
    assert float(table["Cr+PCr"][0]) == pytest.approx(tcr.concentration.value, rel=6e-3)
    assert float(table["Cr+PCr"][2]) == 1.0
    assert float(quality[2]) == pytest.approx(answer[0].quality.linewidth_ppm, abs=5e-4)
    assert headings[4:]
    assert set(headings[4:]) <= set(table)
