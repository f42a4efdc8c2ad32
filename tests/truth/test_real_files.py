"""The whole product on real scanner files: what the command reads, refuses, quantifies and calls usable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fitting.analysis import Analysis
from fitting.model.result import Traces
from service.cli import app
from tests.conformance.test_shared_files import dimensions, number, rows, spectra
from tests.measure.real_files import BRAINS, OTHERS, SIX, Case, answer, metabolites, ratio

PEAKS = {"NAA": 2.01, "Cr": 3.03, "Cho": 3.2}
HEADER = {
    "frequency_MHz": ("spectrometer_frequency", 1e6),
    "TE_ms": ("echo_time", 1e-3),
    "TR_ms": ("repetition_time", 1e-3),
}
"""Column of the index: the fact an inspection prints, and the SI value of the column's unit."""

every_brain = pytest.mark.parametrize("case", BRAINS, ids=lambda case: case.name)


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of simulated basis sets for the whole module."""
    return tmp_path_factory.mktemp("basis")


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, cache_dir: Path) -> None:
    monkeypatch.setenv("MRSQUANT_CACHE_DIR", str(cache_dir))


def brain(name: str) -> Case:
    return next(case for case in BRAINS if case.name == name)


def inspected(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    """What ``mrsquant inspect`` prints, by name."""
    code = app.run(["inspect", *arguments])
    out, err = capfd.readouterr()
    assert (code, err) == (0, "")
    return {line[:24].strip(): line[24:] for line in out.splitlines()}


def test_inspect_agrees_with_the_index(
    shared: Path, subtests: pytest.Subtests, capfd: pytest.CaptureFixture[str]
) -> None:
    """Field, frequency, TE, TR, points and coils of every spectrum; a .RAW file may be silent, never wrong."""
    known = spectra(shared)
    assert len(known) >= 20
    for row in known:
        with subtests.test(row["path"]):
            facts = inspected(capfd, str(shared / "data" / row["path"]))
            silent = row["format"] == "lcmodel_raw"
            for column, (name, unit) in HEADER.items():
                expected = number(row[column])
                if expected is not None and not (silent and facts[name] == "not in the file"):
                    assert float(facts[name]) == pytest.approx(expected * unit, rel=2e-5), name
            if facts["field_t"] != "not in the file":
                assert float(facts["field_t"]) == pytest.approx(number(row["field_T"]), rel=0.05)
            points, coils = dimensions(row)
            assert int(facts["points"]) == (points or int(facts["points"]))
            assert int(facts["coils"]) == coils
            if row["water_reference"].startswith(("yes: first", "yes: row")):
                assert facts["water reference"] == "same file"


@pytest.mark.parametrize("case", [case for case in BRAINS + OTHERS if case.water], ids=lambda case: case.name)
def test_inspect_pairs_spectrum_and_reference(shared: Path, case: Case, capfd: pytest.CaptureFixture[str]) -> None:
    """A reference that is its own file is taken in, and nothing is missing."""
    facts = inspected(capfd, *case.arguments(shared / "data"))
    assert facts["water reference"] == "separate file"
    assert facts["missing"] == "nothing"


def test_files_without_a_spectrum_are_refused(
    shared: Path, subtests: pytest.Subtests, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 and one line that names the file, from ``inspect`` and from ``analyse``."""
    others = [
        *(shared / "data" / "negative").iterdir(),
        *(shared / "data" / row["path"] for row in rows(shared) if row["format"] in ("NIfTI image", "peer result")),
    ]
    assert len(others) >= 5
    for path in others:
        for command in ("inspect", "analyse"):
            with subtests.test(f"{command} {path.name}"):
                assert app.run([command, str(path)]) == 3
                out, err = capfd.readouterr()
                assert out == ""
                assert len(err.splitlines()) == 1
                assert path.name in err


@every_brain
def test_brain_is_quantified_within_reason(shared: Path, case: Case, cache_dir: Path) -> None:
    """Converged, interpretable, tNAA/tCr and tCho/tCr as brains have them."""
    analysis, _ = answer(case, shared / "data", cache_dir)
    assert analysis.outcome.code == "converged"
    assert analysis.verdict.usable != "no"
    assert 0.9 < ratio(analysis, "tNAA") < 2.3
    assert 0.12 < ratio(analysis, "tCho") < 0.45


@every_brain
def test_brain_peaks_stand_where_they_belong(shared: Path, case: Case, cache_dir: Path) -> None:
    """The highest points of data above baseline are at NAA, Cr and Cho within 0.02 ppm, searched over 0.2 ppm."""
    _, traces = answer(case, shared / "data", cache_dir)
    assert highest(traces, PEAKS["NAA"]) == pytest.approx(2.01, abs=0.02)
    assert highest(traces, PEAKS["Cr"]) == pytest.approx(3.03, abs=0.02)
    assert highest(traces, PEAKS["Cho"]) == pytest.approx(3.2, abs=0.02)


def highest(traces: Traces, ppm: float) -> float:
    """Position of the highest point within 0.1 ppm."""
    near = np.abs(traces.ppm - ppm) < 0.1
    return float(traces.ppm[near][np.argmax((traces.data - traces.baseline)[near])])


@every_brain
def test_same_file_gives_the_same_bytes(shared: Path, case: Case, tmp_path: Path) -> None:
    """The command ends with 0 and writes the same JSON twice."""
    for copy in ("1.json", "2.json"):
        assert app.run(["analyse", *case.arguments(shared / "data"), "-o", str(tmp_path / copy)]) == 0
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()


def test_two_exports_of_one_scan_agree(shared: Path, cache_dir: Path) -> None:
    """RDA and DICOM of one scan: every ratio within 2 %."""
    rda, ima = (answer(brain(name), shared / "data", cache_dir)[0] for name in ("siemens-rda", "siemens-ima"))
    for name in SIX:
        assert ratio(rda, name) == pytest.approx(ratio(ima, name), rel=0.02), name


def test_correction_by_the_scanner_or_by_us_agree(shared: Path, cache_dir: Path) -> None:
    """One scan stored with and without the scanner's eddy-current correction, which we do not repeat.

    The main ratios agree within 5 %, all within the standard deviation we state.
    """
    theirs, ours = (answer(brain(name), shared / "data", cache_dir)[0] for name in ("siemens-ve11-ecc", "siemens-ve11"))
    assert "has corrected the spectrum already" in eddy_current_step(theirs)
    assert eddy_current_step(ours).startswith("Klose")
    for name in SIX:
        stated = metabolites(ours)[name].ratio_tcr
        assert stated is not None
        assert abs(ratio(theirs, name) - stated.value) < stated.sd, name
    for name in ("tNAA", "mI", "tCho"):
        assert ratio(theirs, name) == pytest.approx(ratio(ours, name), rel=0.05), name


def eddy_current_step(analysis: Analysis) -> str:
    steps = {step.method: step.details for step in analysis.provenance.processing}
    return steps["Eddy current correction"]


def test_coils_and_transients_of_7_t_are_combined(shared: Path, cache_dir: Path) -> None:
    """4 coils and 16 transients, said in the provenance."""
    analysis, _ = answer(brain("siemens-7t-steam"), shared / "data", cache_dir)
    assert (analysis.acquisition.coils, analysis.acquisition.transients) == (4, 16)
    steps = {step.method: step.details for step in reversed(analysis.provenance.processing)}
    assert steps["RF coil combination"].startswith("4 coils")
    assert "16 transients" in steps["Signal averaging"]


@pytest.mark.parametrize(
    ("name", "expected", "tolerance"),
    [
        ("NAA", 1.047, 0.12),
        ("tNAA", 1.306, 0.12),
        ("Glu", 1.171, 0.25),
        ("mI", 0.911, 0.25),
        ("tCho", 0.250, 0.12),
    ],
)
def test_lcmodels_own_spectrum_with_its_own_basis(
    shared: Path, cache_dir: Path, name: str, expected: float, tolerance: float
) -> None:
    """Ratios near those LCModel ships for its test spectrum and basis."""
    analysis, _ = answer(brain("lcmodel-raw-own-basis"), shared / "data", cache_dir)
    assert ratio(analysis, name) == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.name)
def test_spectra_without_brain_get_no_z_score(shared: Path, case: Case, cache_dir: Path) -> None:
    """Phantoms and a macromolecule scan are never plainly usable, for a reason, and nothing is compared with norms."""
    analysis, _ = answer(case, shared / "data", cache_dir)
    assert analysis.verdict.usable != "yes"
    assert analysis.verdict.reasons
    assert not [name for name, result in metabolites(analysis).items() if result.z is not None]


def test_brains_at_3_t_get_z_scores(shared: Path, cache_dir: Path) -> None:
    """The rules against phantoms cost no brain its comparison: at 3 T and in a region with norms each is scored."""
    for case in BRAINS:
        analysis, _ = answer(case, shared / "data", cache_dir)
        if analysis.acquisition.field_t == 3.0 and analysis.verdict.usable == "yes":
            assert any(result.z is not None for result in analysis.metabolites), case.name
    unusable = {case.name for case in BRAINS if answer(case, shared / "data", cache_dir)[0].verdict.usable != "yes"}
    # limited by their residual water or background: docs/verdict.md
    assert unusable == {"philips-press35", "siemens-ve11", "siemens-ve11-ecc"}
