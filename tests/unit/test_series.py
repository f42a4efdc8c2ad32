"""One scan in many files: joined by what the headers say, refused when they are two."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from fitting.errors import FittingError, InaccessibleFile, UnknownFormat, UnsupportedData
from fitting.io import Files, SourceFile, read, refuse_unrecognised
from fitting.io.companions import source_files
from fitting.units import ComplexArray
from tests.conformance.reader_fixtures import brain_fid, philips_sdat, water_fid
from tests.conformance.reader_fixtures.dicom_mrs import siemens as enhanced
from tests.conformance.reader_fixtures.siemens_dicom import DWELL_TIME, FREQUENCY, POINTS, ima, part10
from tests.conformance.reader_fixtures.siemens_rda import rda

RNG = np.random.default_rng(5)
FID = brain_fid(POINTS, DWELL_TIME, FREQUENCY, scale=1e5)
WATER = water_fid(POINTS, DWELL_TIME, scale=1e7)


def transient() -> ComplexArray:
    return FID + RNG.normal(scale=1e3, size=(2, POINTS)).T @ np.array([1, 1j])


def numbered(
    fid: ComplexArray, number: int, *, series: str = "1.2.3", coil: str | None = None, **changes: str
) -> bytes:
    """An .IMA object with its place in a series, and the coil it is of."""
    data = dcmread(BytesIO(ima(fid, **changes)[0].content))
    data.SeriesInstanceUID = series
    data.InstanceNumber = number
    if coil is not None:
        data.private_block(0x0051, "SIEMENS MR HEADER", create=True).add_new(0x0F, "LO", coil)
    written = BytesIO()
    data.save_as(written)
    return written.getvalue()


def named(contents: list[bytes]) -> Files:
    return tuple(SourceFile(f"{index:03}.IMA", content) for index, content in enumerate(contents))


def test_objects_of_one_series_are_its_transients_in_their_order() -> None:
    """Whatever the order of the files, transients follow the instance numbers; averages count them."""
    fids = [transient() for _ in range(6)]
    files = named([numbered(fid, 10 - index) for index, fid in enumerate(fids)])

    recording = read(files)

    assert np.allclose(recording.samples[:, 0], np.array(fids[::-1]), rtol=1e-6)
    assert recording.acquisition.averages == 6
    assert recording.place is None


@pytest.mark.parametrize(("number", "averages"), [(1, 64), (5, None)])
def test_a_later_object_of_a_series_does_not_count_the_averages_of_the_scan(number: int, averages: int | None) -> None:
    """It may hold one of them; the first is usually the only object."""
    assert read(named([numbered(transient(), number)])).acquisition.averages == averages


def test_objects_that_name_their_coil_are_coils() -> None:
    """Two coils of three transients each: shape (3, 2, points)."""
    scans = [(coil, transient()) for _ in range(3) for coil in ("H1", "H2")]
    files = named([numbered(fid, number + 1, coil=coil) for number, (coil, fid) in enumerate(scans)])

    recording = read(files)

    assert recording.samples.shape == (3, 2, POINTS)
    assert np.allclose(recording.samples[1, 1], scans[3][1], rtol=1e-6)


def test_a_coil_with_fewer_files_is_refused() -> None:
    """A lost file of one coil would shift all others."""
    files = named([numbered(transient(), 1, coil="H1"), numbered(transient(), 2, coil="H2"),
                   numbered(transient(), 3, coil="H1")])  # fmt: skip

    with pytest.raises(FittingError, match="Files are missing"):
        read(files)


def test_files_of_all_phases_are_coils() -> None:
    """RDA files do not name their coil: signals that would cancel each other are those of coils."""
    phases = np.exp(1j * np.linspace(0, 2 * np.pi, 8, endpoint=False))
    contents = [rda(FID * phase, InstanceNumber=str(n + 1))[0].content for n, phase in enumerate(phases)]
    files = tuple(SourceFile(f"{n}.rda", content) for n, content in enumerate(contents))

    assert read(files).samples.shape == (1, 8, POINTS)


def test_unsuppressed_objects_of_a_series_are_its_water_reference() -> None:
    """Louder, equal, one line, at the end: the reference."""
    fids = [*(transient() for _ in range(4)), WATER, 1.01 * WATER]
    recording = read(named([numbered(fid, n + 1) for n, fid in enumerate(fids)]))

    assert recording.transients == 4
    assert recording.water is not None
    assert recording.water.transients == 2
    assert recording.acquisition.averages == 4


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        ({"EchoTime": "68.0"}, r"echo time differs \(0.03 and 0.068 s\)"),
        ({"VoiThickness": "10.0"}, "size of the volume"),
        ({"VoiPosition": "11.0\\20.0\\30.0"}, "place of the volume"),
        ({"series": "1.2.4"}, "two series"),
        ({"ImagingFrequency": "123.3"}, "spectrometer frequency"),
        ({"SequenceName": "*svs_st"}, "sequence"),
    ],
)
def test_two_different_scans_are_refused_as_one(other: dict[str, str], difference: str) -> None:
    """Both files and the difference are named; nothing is averaged."""
    files = named([numbered(transient(), 1), numbered(transient(), 2, **other)])

    with pytest.raises(UnsupportedData, match=f"'000.IMA' and '001.IMA' are two scans: their .*{difference}"):
        read(files)


def test_files_without_a_series_and_a_number_are_two_scans() -> None:
    """Nothing says that they belong together."""
    files = (*ima(transient()), SourceFile("b.IMA", ima(transient())[0].content))

    with pytest.raises(UnsupportedData, match="two scans"):
        read(files)


def test_formats_of_one_file_for_each_scan_are_never_joined() -> None:
    """Two SDAT/SPAR pairs are two scans."""
    first, second = philips_sdat.FIXTURES[0].files(), philips_sdat.FIXTURES[0].files()
    files = (*first, *(SourceFile(f"other{file.name[-5:]}", file.content) for file in second))

    with pytest.raises(UnsupportedData, match="two scans: their format has one file for each scan"):
        read(files)


def test_the_same_content_twice_is_refused() -> None:
    """A copied file would count twice."""
    content = numbered(transient(), 1)

    with pytest.raises(FittingError, match=r"two scans|same content"):
        read(named([content, content]))


def test_several_enhanced_objects_are_not_called_images() -> None:
    """Their class begins like that of MR images."""
    content = enhanced()[0].content
    files = tuple(SourceFile(f"{n}.dcm", content) for n in range(2))

    with pytest.raises(UnsupportedData, match="two scans") as caught:
        read(files)
    assert "image" not in caught.value.detail


def test_a_folder_is_the_scan_in_it(tmp_path: Path) -> None:
    """Other files in it are left out; hidden ones too."""
    for number in range(3):
        (tmp_path / f"{number}.IMA").write_bytes(numbered(transient(), number + 1))
    (tmp_path / "README.txt").write_text("exported today")
    (tmp_path / ".hidden").write_bytes(numbered(transient(), 9))

    files = source_files(tmp_path)

    assert [file.name for file in files] == ["0.IMA", "1.IMA", "2.IMA"]
    assert read(files).transients == 3


def test_a_folder_without_a_spectrum_is_refused(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "README.txt").write_text("exported today")

    with pytest.raises(InaccessibleFile, match="holds no spectrum"):
        source_files(tmp_path)


def test_a_folder_of_images_is_named_as_such(tmp_path: Path) -> None:
    """A T1 series sent as the spectrum."""
    for number in range(3):
        (tmp_path / f"{number}.dcm").write_bytes(part10(Dataset(), "1.2.840.10008.5.1.4.1.1.4", "x")[0].content)

    with pytest.raises(UnsupportedData, match="DICOM MR image"):
        source_files(tmp_path)


def test_a_file_that_does_not_belong_is_refused_and_not_ignored() -> None:
    """Everything that is sent is used, or named."""
    extra = SourceFile("notes.txt", b"of this scan")
    for call in (read, refuse_unrecognised):
        with pytest.raises(UnsupportedData, match=r"'notes.txt' \(file \d of \d\) is no spectrum and does not belong"):
            call((*ima(), extra))
    with pytest.raises(UnknownFormat):
        read((extra,))


def test_names_inside_an_archive_are_not_repeated() -> None:
    """They may be a patient's: members are counted."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, series in enumerate(("1.2.3", "1.2.4")):
            archive.writestr(f"Quillane_{number}.IMA", numbered(transient(), number + 1, series=series))

    with pytest.raises(UnsupportedData) as caught:
        read((SourceFile("scan.zip", packed.getvalue()),))

    assert "'scan.zip, file 1.ima' and 'scan.zip, file 2.ima'" in caught.value.detail
    assert "Quillane" not in caught.value.detail
