"""The copy that is analysed holds no identity and gives the same spectrum."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from fitting.io import read
from fitting.io.source import SourceFile
from fitting.run.check import check_document
from service.gateway.person import age_years, person_of, pseudonym
from service.gateway.stripping import IDENTITY, stripped
from tests.data.dicom_study import Patient, Scan, content, instance, uid

KEY = bytes(range(32))
PLANTED = (
    *("Planted", "PLANTED-0001", "PLANTEDHOSPITAL", "19820304", "PLANTEDACC7", "Petra", "Referrer", "20261101"),
    *(Scan().study_instance_uid, Scan().sop_instance_uid, uid(Scan().study, 11), uid(Scan().study, "frame"), uid("T1")),
)


def _private() -> pydicom.Dataset:
    """The scan with identity where vendors hide it: comments, private blocks, items of sequences."""
    scan = instance(Scan())
    scan.PatientComments = "Planted comment"
    scan.SeriesDescription = "Planted Petra PRESS MEGA"
    block = scan.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x10, "OB", b"\0keep me\0Planted^Petra\0" + Scan().study_instance_uid.encode() + b"\0")
    block.add_new(0x20, "OB", b"Planted^Petra in the series header")
    philips = scan.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    inner = Dataset()
    inner.PatientName = "Planted^Inner"
    inner.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x57, "FL", 20.0)
    philips.add_new(0x85, "SQ", [inner])
    philips.add_new(0x99, "LO", "Planted private")
    return scan


def test_no_planted_identity_is_in_any_byte_of_the_copy() -> None:
    copy = stripped(_private(), KEY)

    assert [word for word in PLANTED if word.encode() in copy] == []
    assert b"keep me" in copy
    assert b"Planted" not in copy.replace(b"\0", b"")


def test_copy_is_the_same_recording() -> None:
    original = read((SourceFile("scan.dcm", content(Scan())),))

    copy = read((SourceFile("scan.dcm", stripped(instance(Scan()), KEY)),))

    assert np.array_equal(copy.samples, original.samples)
    assert copy.acquisition == original.acquisition


def test_word_that_names_an_edited_scan_is_sent() -> None:
    """Without it an edited spectrum whose only sign is its name would be analysed without a question."""
    original = read((SourceFile("scan.dcm", content(Scan(description="Meier PRESS MEGA"))),))

    copy = read((SourceFile("scan.dcm", stripped(instance(Scan(description="Meier PRESS MEGA")), KEY)),))

    assert original.free_text.editing is not None
    assert copy.free_text == original.free_text


def test_files_of_one_scan_still_belong_together() -> None:
    """Their UIDs are replaced by keyed digests; another key gives others, so that they cannot be traced back."""
    first, second = instance(Scan()), instance(Scan())
    second.SOPInstanceUID, second.InstanceNumber = uid("other"), 2

    copies = [pydicom.dcmread(io.BytesIO(stripped(scan, KEY))) for scan in (first, second)]

    assert copies[0].SeriesInstanceUID == copies[1].SeriesInstanceUID != first.SeriesInstanceUID
    assert copies[0].SOPInstanceUID != copies[1].SOPInstanceUID
    other_key = pydicom.dcmread(io.BytesIO(stripped(first, bytes(32))))
    assert other_key.SeriesInstanceUID != copies[0].SeriesInstanceUID


def test_equal_sources_are_equal_copies() -> None:
    """So that the service sees that it has analysed the scan before."""
    assert stripped(instance(Scan()), KEY) == stripped(instance(Scan()), KEY)


def test_no_identifying_attribute_is_on_the_list() -> None:
    copy = pydicom.dcmread(io.BytesIO(stripped(_private(), KEY)))

    uids = {"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"}
    assert [keyword for keyword in IDENTITY if keyword in copy and keyword not in uids] == []


@pytest.mark.parametrize(
    ("birth", "stated", "expected"),
    [
        ("19820304", "", 44.0),
        ("19821101", "", 44.0),
        ("19821102", "", 43.0),
        ("19200101", "", 90.0),
        ("", "044Y", 44.0),
        ("", "095Y", 90.0),
        ("", "018M", 1.5),
        ("", "006W", 0.11),
        ("", "010D", 0.03),
        ("20261201", "044Y", 44.0),
        ("garbage", "", None),
        ("", "44", None),
        ("", "", None),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_age_is_sent_in_years(birth: str, stated: str, expected: float | None) -> None:
    source = Dataset()
    source.PatientBirthDate, source.PatientAge, source.AcquisitionDateTime = birth, stated, "20261101103100"

    assert age_years(source) == expected


def test_pseudonym_is_keyed_and_needs_an_identifier() -> None:
    source, same, other = (instance(Scan(patient=Patient(id=name))) for name in ("A", "A", "B"))
    elsewhere = instance(Scan(patient=replace(Patient(id="A"), issuer="ANOTHER")))
    nobody = instance(Scan(patient=Patient(id="")))

    assert pseudonym(source, KEY) == pseudonym(same, KEY)
    assert len({pseudonym(item, KEY) for item in (source, other, elsewhere)}) == 3
    assert pseudonym(source, bytes(32)) != pseudonym(source, KEY)
    assert len(pseudonym(source, KEY)) == 16
    assert pseudonym(nobody, KEY) is None


def test_every_pseudonym_is_one_that_the_service_takes() -> None:
    for number in range(500):
        check_document(person_of(instance(Scan(patient=Patient(id=f"P{number}"))), KEY))
