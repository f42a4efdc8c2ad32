"""Files beside a spectrum are used and named, or refused; what a reference cannot scale is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile, read
from fitting.io.companions import source_files
from fitting.request import Overrides
from fitting.run.intake import take_in
from tests.conformance.reader_fixtures import bruker, lcmodel_raw, nifti_mrs, water_fid
from tests.conformance.reader_fixtures.arrays import _file as arrays

SPECTRUM = nifti_mrs._file(nifti_mrs._ON_DISK[:, :, :, :, :1, :1], nifti_mrs._BASIC)[0]
RAW = lcmodel_raw._plain()[0]


def sidecar(**fields: object) -> SourceFile:
    return SourceFile(
        "sub-01_svs.json", json.dumps({"EchoTime": 0.02, "PulseSequenceType": "STEAM", **fields}).encode()
    )


def control(**entries: str) -> SourceFile:
    lines = "".join(f" {name.lower()}={value}\n" for name, value in {"deltat": "5.0E-04", **entries}.items())
    return SourceFile("a.control", f" $LCMODL\n title='x'\n{lines} $END\n".encode())


@pytest.mark.parametrize("order", [1, -1])
def test_a_bids_sidecar_fills_what_the_header_lacks(order: int) -> None:
    """In either order; the answer names what was taken."""
    recording = read((SPECTRUM, sidecar())[::order])

    assert (recording.acquisition.echo_time, recording.acquisition.sequence) == (0.02, "STEAM")
    assert recording.beside == ("Taken from the JSON file of the spectrum: EchoTime, SequenceName.",)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (sidecar(SpectrometerFrequency=[123.2]), "SpectrometerFrequency"),
        (SourceFile("a.json", b'{"EchoTime": 0.02,'), "not JSON"),
    ],
    ids=["contradiction", "broken"],
)
def test_a_sidecar_that_cannot_be_true_is_refused(file: SourceFile, says: str) -> None:
    """A wrong number is worse than none."""
    with pytest.raises(DamagedFile, match=says):
        read((SPECTRUM, file))


@pytest.mark.parametrize("order", [1, -1])
def test_the_control_file_gives_the_dwell_time(order: int) -> None:
    """Which stands nowhere else."""
    recording = read((RAW, control(nunfil="512", hzpppm="123.2017"))[::order])

    assert recording.acquisition.dwell_time == 5e-4
    assert "LCModel control file" in recording.beside[0]


@pytest.mark.parametrize("entries", [{"nunfil": "1024"}, {"hzpppm": "63.9"}])
def test_the_control_file_of_another_spectrum_is_refused(entries: dict[str, str]) -> None:
    """Points and frequency must agree."""
    with pytest.raises(DamagedFile, match="not that of this spectrum"):
        read((RAW, control(**entries)))


@pytest.mark.parametrize(("main", "other"), [("a.nii.gz", "a.json"), ("a.RAW", "a.control")])
def test_companions_are_found_on_disk_only_by_their_content(tmp_path: Path, main: str, other: str) -> None:
    """A JSON file of something else is left alone."""
    content = {"a.nii.gz": SPECTRUM, "a.RAW": RAW, "a.json": sidecar(), "a.control": control()}
    (tmp_path / main).write_bytes(content[main].content)
    assert len(source_files(tmp_path / main)) == 1
    (tmp_path / other).write_bytes(b"{}")
    assert len(source_files(tmp_path / main)) == 1
    (tmp_path / other).write_bytes(content[other].content)
    assert [file.name for file in source_files(tmp_path / main)] == [main, other]


def remarks(spectrum: Files, reference: Files) -> set[str]:
    return {reason.code for reason in take_in(spectrum, reference, Overrides()).remarks}


def test_two_files_of_a_format_without_a_common_scale_give_no_concentrations() -> None:
    """Receiver gain and number of added transients of Bruker files are not compared."""
    water = np.round(water_fid(256, 1 / bruker.WIDTH, scale=1e7))[None, None]
    reference = bruker.scan(np.concatenate([water, water]), PVM_WsOnOff="Off")
    intake = take_in(bruker.scan(), reference, Overrides())

    assert not intake.recording.one_scale
    assert {reason.code for reason in intake.remarks} == {"water-of-another-scale"}


def test_a_reference_scan_in_the_folder_of_bruker_is_found_and_scales_nothing(tmp_path: Path) -> None:
    """fid.refscan has a receiver gain of its own; it is used for eddy currents, from the folder and beside fid."""
    for file in bruker.with_reference():
        (tmp_path / file.name).write_bytes(file.content)

    for path in (tmp_path, tmp_path / "fid"):
        intake = take_in(source_files(path), (), Overrides())

        assert intake.recording.water is not None
        assert {reason.code for reason in intake.remarks} == {"water-of-another-scale"}
    named = take_in(source_files(tmp_path / "fid"), source_files(tmp_path / "fid.refscan"), Overrides())
    assert {reason.code for reason in named.remarks} == {"water-of-another-scale"}


def test_reference_of_other_coils_scales_nothing_with_a_reason() -> None:
    """And one of the same coils is not remarked on."""
    fields = {"dwell_time": 5e-4, "spectrometer_frequency": 123.25e6}
    one, two = ([[[1.0] * 64]], [[[1.0] * 64] * 2])
    spectrum = arrays({"fid_real": one, "fid_imag": one, **fields})
    alike = arrays({"fid_real": one, "fid_imag": one, "note": "water", **fields})
    other = arrays({"fid_real": two, "fid_imag": two, **fields})

    assert remarks(spectrum, alike) == set()
    assert remarks(spectrum, other) == {"water-of-other-coils"}
