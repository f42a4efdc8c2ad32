"""The complex signals beside the traces: they are the fit over the whole band, and enough to repeat the analysis."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from fitting.analysis import Analysis
from fitting.fid import Fid
from fitting.io import SourceFile
from fitting.model.domain import fit_domain
from fitting.model.result import Traces
from fitting.model.signals import Signals
from fitting.run import Job, analyse
from fitting.units import FloatArray, ppm_to_hz
from service.documents import dump_traces, load_traces
from service.reports import AnalysisDocument, nifti_mrs

EXAMPLES = Path(__file__).parents[3] / "examples"
SPECTRUM, WATER = EXAMPLES / "acc_press30.nii.gz", EXAMPLES / "acc_press30_water.nii.gz"


@pytest.fixture(scope="module", params=[True, False], ids=["water", "no water"])
def answer(request: pytest.FixtureRequest) -> tuple[Analysis, Traces]:
    return analyse(Job.from_files(SPECTRUM, water_reference=WATER if request.param else None, region="ACC"))


def of(traces: Traces) -> Signals:
    assert traces.signals is not None
    return traces.signals


def in_the_window(samples: np.ndarray, answer: tuple[Analysis, Traces]) -> FloatArray:
    """Real part of a signal without the phases and the shift of the data, at the places of the traces."""
    analysis, traces = answer
    facts, signals = analysis.acquisition, of(traces)
    fid = Fid(samples.astype(np.complex128), facts.dwell_time, facts.spectrometer_frequency)
    ppm = fit_domain(fid.axes).ppm
    rest_hz = float(np.mean(ppm - traces.ppm)) * facts.spectrometer_frequency * 1e-6
    moved = fid.shifted(rest_hz - signals.shift_hz).truncated(fit_domain(fid.axes).samples)
    hz = ppm_to_hz(ppm, facts.spectrometer_frequency)
    spectrum = np.exp(-2j * np.pi * np.outer(hz, moved.time)) @ moved.samples
    angle = signals.phase0 + 2 * np.pi * (hz - hz.mean()) * signals.phase1
    return np.asarray((spectrum * np.exp(-1j * angle)).real)


@pytest.mark.parametrize("name", ["data", "fit", "baseline", "residual"])
def test_signals_are_the_traces_in_the_window(answer: tuple[Analysis, Traces], name: str) -> None:
    """Within 0.5 % of the highest peak: a delay of the data cuts what the fit has before the first sample."""
    traces = answer[1]
    signal = of(traces).processed if name == "data" else getattr(of(traces), name)

    error = np.abs(in_the_window(signal, answer) - getattr(traces, name)).max() / np.abs(traces.data).max()
    assert error < (1e-6 if name == "data" else 5e-3)


def test_exported_spectrum_analysed_again_gives_the_same_ratios(answer: tuple[Analysis, Traces]) -> None:
    analysis, traces = answer
    files = nifti_mrs.render(AnalysisDocument(analysis), traces)
    parts = {name: (SourceFile(name, file.content),) for name, file in files.items()}
    job = Job.of(
        {"region": "ACC"}, {"metabolite": parts["preproc.nii.gz"], "water_reference": parts.get("water.nii.gz", ())}
    )
    again = {item.name: item for item in analyse(job)[0].metabolites}
    seen = [item for item in analysis.metabolites if item.detected and item.ratio_tcr is not None]

    assert {"tNAA", "tCho", "Glx", "mI"} <= {item.name for item in seen}
    for item in seen:
        found = again[item.name]
        assert found.ratio_tcr is not None
        assert item.ratio_tcr is not None
        assert found.ratio_tcr.value == pytest.approx(item.ratio_tcr.value, rel=0.01), item.name
        assert (found.concentration is None) == (item.concentration is None)
        if item.concentration is not None and found.concentration is not None:
            assert found.concentration.value == pytest.approx(item.concentration.value, rel=0.01), item.name


def test_only_the_removal_of_water_by_this_program_is_not_repeated(answer: tuple[Analysis, Traces]) -> None:
    """What another program records under the same name may have left water."""
    analysis, traces = answer
    ours = gzip.decompress(nifti_mrs.render(AnalysisDocument(analysis), traces)["preproc.nii.gz"].content)
    theirs = ours.replace(b'"Program": "mrsquant"', b'"Program": "anything"')
    assert len(theirs) == len(ours)

    def removal(content: bytes) -> str:
        made = analyse(Job.of({}, {"metabolite": (SourceFile("a.nii", content),)}))[0].provenance.processing
        return next(step.details for step in made if step.method == "Nuisance peak removal")

    assert removal(ours) == "Not repeated: the file says that this program removed its residual water before."
    assert "subtracted" in removal(theirs)


def test_kept_signals_are_the_same(answer: tuple[Analysis, Traces]) -> None:
    traces = answer[1]
    content = dump_traces(traces)
    kept = load_traces(content)

    assert dump_traces(kept) == content
    for name in ("processed", "fit", "baseline", "residual"):
        assert np.array_equal(getattr(of(kept), name), getattr(of(traces), name))
    assert of(kept).phase1 == of(traces).phase1
