"""Files that hold no spectrum are refused by name; unknown content is not claimed to be known."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

import fitting.io
from fitting.errors import UnknownFormat, UnsupportedData
from fitting.io import SourceFile
from tests.conformance.reader_fixtures import IDENTITY
from tests.conformance.reader_fixtures.siemens_dicom import part10, person

DICOM = {
    "1.2.840.10008.5.1.4.1.1.7": "secondary capture",
    "1.2.840.10008.5.1.4.1.1.7.4": "secondary capture",
    "1.2.840.10008.5.1.4.1.1.66": "raw data",
    "1.3.46.670589.11.0.0.12.2": "private Philips.*SDAT",
    "1.2.840.10008.5.1.4.1.1.4": "MR image",
    "1.2.840.10008.5.1.4.1.1.4.1": "MR image",
    "1.2.840.10008.5.1.4.1.1.104.1": "encapsulated document",
    "1.2.840.10008.5.1.4.1.1.2": "without spectroscopy",
}

OTHERS = {
    b"\x89PNG\r\n\x1a\n....": "PNG",
    b"\xff\xd8\xff\xe0....": "JPEG",
    b"%PDF-1.7\n": "PDF",
    b"\x89HDF\r\n\x1a\n" + bytes(2000): "ScanArchive, ISMRMRD without raw data, or MATLAB",
    b"\x89HDF\r\n\x1a\n" + bytes(2000) + b"ScanArchive ControlPacket": "GE ScanArchive.*P-file",
    b"##TITLE=Parameter List, ParaVision 6.0.1\n##$VisuCoreFrameType=REAL_IMAGE\n": "ParaVision reconstruction.*2dseq",
    b"MATLAB 5.0 MAT-file, Platform: GLNXA64": "MATLAB file.*NIfTI-MRS",
    b"%!PS-Adobe-2.0\n%%Title: LCModel": "PostScript.*fitted to",
    b" x\n 40 lines in following concentration table\n  Conc.  %SD": "LCModel result.*fitted to",
    b" $$CONC 35 lines in table\n": "LCModel result",
    b"Rar!\x1a\x07\x00....": "RAR archive.*unpack",
    b"<!DOCTYPE html><html>": "web page",
    b'"shf_version" 1.0\nsigna_rdb_hdr_rev 9.0\noffset_to_data 61464\nnum_sig_frames 16\n': "SAGE.*P-file",
    b"Dangerplot_version\t1.0\nNumber_of_points\t1024\n": "TARQUIN",
}


@pytest.mark.parametrize(("uid", "kind"), DICOM.items())
def test_other_dicom_objects_are_refused_by_name(uid: str, kind: str):
    """Screenshots, images and private objects from the same archive are named, with no identity."""
    dataset = Dataset()
    person(dataset)
    with pytest.raises(UnsupportedData, match=kind) as caught:
        fitting.io.read(part10(dataset, uid, "scan.dcm"))
    assert not any(word in caught.value.detail for word in IDENTITY.values())


@pytest.mark.parametrize(
    ("vendor", "instead"),
    [
        ("GE MEDICAL SYSTEMS", "P-file"),
        ("Philips", "SDAT"),
        ("Siemens Healthineers", "RDA"),
        ("UIH", "spectrum itself"),
    ],
)
def test_what_to_send_instead_of_an_image_is_of_its_vendor(vendor: str, instead: str):
    """The manufacturer decides what can be exported."""
    dataset = Dataset()
    dataset.Manufacturer = vendor
    with pytest.raises(UnsupportedData, match=f"MR image.*{instead}"):
        fitting.io.read(part10(dataset, "1.2.840.10008.5.1.4.1.1.4", "scan.dcm"))


@pytest.mark.parametrize(("content", "kind"), OTHERS.items(), ids=OTHERS.values())
def test_other_files_are_refused_by_name(content: bytes, kind: str):
    """Pictures, documents, archives and another program's plots are named."""
    with pytest.raises(UnsupportedData, match=kind):
        fitting.io.read((SourceFile("scan", content),))


def test_a_damaged_dicom_header_is_still_called_dicom():
    """A DICOM file whose class cannot be read is refused as DICOM, not guessed at."""
    with pytest.raises(UnsupportedData, match="DICOM"):
        fitting.io.read((SourceFile("scan.dcm", b"\x00" * 128 + b"DICM" + b"\xff" * 50),))


@pytest.mark.parametrize(
    "content", [b"hello", b"\x00" * 4000, b"BMW 320i"], ids=["text", "zeros", "text like a bitmap"]
)
def test_unknown_content_stays_unknown(content: bytes):
    """What no magic number proves is not named."""
    with pytest.raises(UnknownFormat):
        fitting.io.read((SourceFile("scan", content),))
