"""``mrsquant analyse --format nifti-mrs`` and ``--format lcmodel``: a folder of files, or a clear refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from fitting.io import SourceFile, read
from service.cli import app

EXAMPLES = Path(__file__).parents[2] / "examples"
SPECTRUM = str(EXAMPLES / "acc_press30.nii.gz")
FILES = {
    "nifti-mrs": {f"{part}.nii.gz" for part in ("preproc", "fit", "baseline", "residual")},
    "lcmodel": {"table", "coord", "csv"},
}


@pytest.mark.parametrize("format", FILES)
def test_files_are_written_into_the_folder(tmp_path: Path, format: str) -> None:
    """The same bytes twice."""
    for name in ("one", "other"):
        assert app.run(["analyse", SPECTRUM, "--region", "ACC", "--format", format, "-o", str(tmp_path / name)]) == 0

    first = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert set(first) == FILES[format]
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "other").iterdir()}


def test_exported_spectrum_keeps_acquisition_and_place(tmp_path: Path) -> None:
    assert app.run(["analyse", SPECTRUM, "--format", "nifti-mrs", "-o", str(tmp_path)]) == 0
    source = read((SourceFile("a.nii.gz", Path(SPECTRUM).read_bytes()),)).acquisition
    for name in FILES["nifti-mrs"]:
        made = read((SourceFile(name, (tmp_path / name).read_bytes()),)).acquisition
        for fact in ("dwell_time", "spectrometer_frequency", "echo_time", "repetition_time"):
            assert getattr(made, fact) == pytest.approx(getattr(source, fact), rel=1e-6), fact
        assert (made.sequence, made.nucleus) == (source.sequence, source.nucleus)
        assert made.voi_geometry == source.voi_geometry


@pytest.mark.parametrize("format", FILES)
@pytest.mark.parametrize("out", [[], ["-o", "file"]], ids=["stdout", "a file"])
def test_several_files_need_a_folder(
    format: str, out: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("kept")
    monkeypatch.setattr("fitting.run.analyse", lambda *_, **__: pytest.fail("analysed"))

    assert app.run(["analyse", SPECTRUM, "--format", format, *out]) == 1
    assert "-o names a folder" in capsys.readouterr().err
    assert Path("file").read_text() == "kept"
