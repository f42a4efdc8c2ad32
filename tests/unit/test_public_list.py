"""The public list of ``fitting``, used as in a notebook: this file imports nothing else of the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fitting

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def answer() -> tuple[fitting.Analysis, fitting.Traces]:
    """The shipped example, analysed."""
    job = fitting.Job.from_files(
        EXAMPLES / "acc_press30.nii.gz",
        water_reference=EXAMPLES / "acc_press30_water.nii.gz",
        region="ACC",
        age_years=44,
        sex="female",
        tissue={"gm": 0.6, "wm": 0.3, "csf": 0.1},
    )
    return fitting.analyse(job)


def test_every_name_is_there_and_documented() -> None:
    """Each public name can be imported and says what it is."""
    for name in fitting.__all__:
        found = getattr(fitting, name)
        assert name == "__version__" or (found.__doc__ or "").strip(), name
    assert set(fitting.__all__) <= set(dir(fitting))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fitting.nothing  # noqa: B018


def test_the_import_is_instant() -> None:
    """``import fitting`` loads no numerical library: they come with the first name that needs them."""
    code = "import sys, fitting; print([name for name in ('numpy', 'scipy', 'lmfit') if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


def test_a_spectrum_is_read_inspected_and_analysed(answer: tuple[fitting.Analysis, fitting.Traces]) -> None:
    """From a path to numbers."""
    recording = fitting.read(EXAMPLES / "acc_press30.nii.gz")
    inspection = fitting.inspect(fitting.Job.from_files(EXAMPLES / "acc_press30.nii.gz", region="ACC"))
    analysis, traces = answer

    assert recording.acquisition.sequence == inspection.facts["sequence"] == analysis.acquisition.sequence
    assert analysis.verdict.usable == "yes"
    assert traces.ppm.shape == traces.fit.shape


def test_an_analysis_becomes_a_frame(answer: tuple[fitting.Analysis, fitting.Traces]) -> None:
    """One row for each metabolite, with the numbers of the analysis in their columns."""
    analysis, _ = answer
    frame = analysis.to_frame()

    assert list(frame.index) == [result.name for result in analysis.metabolites]
    naa = next(result for result in analysis.metabolites if result.name == "tNAA")
    row = frame.loc["tNAA"]
    assert (row.amplitude, row.amplitude_sd, row.crlb_percent) == (naa.amplitude, naa.amplitude_sd, naa.crlb_percent)
    assert naa.ratio_tcr is not None
    assert (row.ratio_tcr, row.ratio_tcr_sd) == (naa.ratio_tcr.value, naa.ratio_tcr.sd)
    assert naa.concentration is not None
    assert (row.concentration, row.concentration_unit) == (naa.concentration.value, naa.concentration.unit)
    assert naa.z is not None
    assert (row.z, row.z_low, row.z_high) == (naa.z.value, naa.z.low, naa.z.high)


def test_traces_become_a_dictionary_and_a_figure(
    answer: tuple[fitting.Analysis, fitting.Traces], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The arrays as lists, and one call for a picture of them in the field's direction."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    _, traces = answer
    document = traces.to_dict()
    axes = traces.plot(components=["NAA", "Cr"])

    assert document["ppm"] == traces.ppm.tolist()
    assert document["names"] == list(traces.names)
    assert "planes" not in document
    assert [line.get_label() for line in axes.lines] == ["data", "fit", "baseline", "residual", "NAA", "Cr"]
    assert axes.get_xlim() == (4.2, 0.2)
    axes.figure.savefig(tmp_path / "fit.png")
    with pytest.raises(ValueError, match="no component Kryptonite"):
        traces.plot(components=["Kryptonite"])


def test_a_value_of_another_program_is_scored() -> None:
    """With what is known of person and scan, among published controls or with the reason why not."""
    scored = fitting.score(
        "tNAA", 1.05, sd=0.04, region="ACC", field_t=3.0, echo_time=0.030, sequence="PRESS", age_years=44
    )
    nowhere = fitting.score("tNAA", 1.05)

    assert scored.norm is not None
    assert scored.norm.region.upper() == "ACC"
    assert nowhere.norm is None
    with pytest.raises(fitting.FittingError, match="age_years"):
        fitting.score("tNAA", 1.05, region="ACC", age_years=200)


def test_a_scanner_is_calibrated_and_names_itself() -> None:
    """One healthy person makes a site; an analysis with it says that it was applied, or why not."""
    spectrum = EXAMPLES / "acc_press30.nii.gz"
    job = fitting.Job.from_files(spectrum, region="ACC", age_years=44, subject="ctl-01")
    site = fitting.calibrate([job], name="example")
    again = fitting.read_site(site.content)
    analysis, _ = fitting.analyse(job, site=again)
    other, _ = fitting.analyse(fitting.Job.from_files(spectrum, region="ACC", echo_time=0.036), site=site)

    assert site.regions[0].controls[0].id == "ctl-01"
    assert analysis.provenance.site is not None
    assert (analysis.provenance.site.id, analysis.provenance.site.applied) == (site.id, True)
    assert other.provenance.site is not None
    assert other.provenance.site.reason is not None
    assert other.provenance.site.reason.code == "site-mismatch"
    assert "echo time is 30 ms" in other.provenance.site.reason.sentence


def test_two_sessions_are_followed(answer: tuple[fitting.Analysis, fitting.Traces]) -> None:
    """The same spectrum twice is no second session, and the course gives the reason."""
    analysis, _ = answer
    course = fitting.follow(
        [fitting.Session("a", analysis, "ses-1", 0.0), fitting.Session("b", analysis, "ses-2", 30.0)]
    )

    assert len(course.visits) == 2
    assert [item.code for item in course.left_out] == ["same-spectrum"]


def test_a_refusal_names_the_file() -> None:
    """Errors are of the public kind, with a code for programs."""
    with pytest.raises(fitting.errors.InaccessibleFile, match=r"absent\.dcm") as caught:
        fitting.read("absent.dcm")

    assert isinstance(caught.value, fitting.FittingError)
    assert caught.value.code == "inaccessible-file"
