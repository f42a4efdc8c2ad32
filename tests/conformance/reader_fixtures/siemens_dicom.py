"""Siemens .IMA files as syngo MR D13 writes them: private SOP class, facts in a CSA2 header."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from fitting.acquisition import VoiGeometry
from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from fitting.units import ComplexArray

from . import IDENTITY, Fixture, Refusal, brain_fid

FREQUENCY, DWELL_TIME, POINTS = 123.234655e6, 833.4e-6, 256
FID = brain_fid(POINTS, DWELL_TIME, FREQUENCY, scale=1e5)

CSA = {
    "SequenceName": ("SH", "*svs_se"),
    "RepetitionTime": ("DS", "2000.0"),
    "EchoTime": ("DS", "30.0"),
    "NumberOfAverages": ("DS", "64.0"),
    "ImagingFrequency": ("DS", "123.234655"),
    "ImagedNucleus": ("SH", "1H"),
    "RealDwellTime": ("IS", "833400"),
    "DataPointColumns": ("UL", str(POINTS)),
    "Columns": ("US", "1"),
    "Rows": ("US", "1"),
    "SpectroscopyAcquisitionOut-of-planePhaseSteps": ("UL", "1"),
    "MixingTime": ("FD", "0.0"),
    "ResonantNucleus": ("CS", "1H"),
    "VoiThickness": ("FD", "20.0"),
    "VoiPhaseFoV": ("FD", "40.0"),
    "VoiReadoutFoV": ("FD", "25.0"),
    "VoiOrientation": ("FD", "0.0\\0.0\\1.0"),
    "VoiPosition": ("FD", "10.0\\20.0\\30.0"),
    "ImageOrientationPatient": ("DS", "1.0\\0.0\\0.0\\0.0\\1.0\\0.0"),
    "ImaComments": ("LT", IDENTITY["id"]),
}

EXPECTED = {
    "spectrometer_frequency": FREQUENCY,
    "dwell_time": DWELL_TIME,
    "echo_time": 0.030,
    "repetition_time": 2.0,
    "sequence": "PRESS",
    "sequence_name": "*svs_se",
    "vendor": "SIEMENS",
    "scanner_model": "Skyra",
    "software": "syngo MR D13",
    "voi_size": (0.025, 0.040, 0.020),
    "voi_geometry": VoiGeometry((-10.0, -20.0, 30.0), ((-25.0, 0.0, 0.0), (0.0, -40.0, 0.0), (0.0, 0.0, 20.0))),
    "averages": 64,
}


def csa2(fields: dict[str, tuple[str, str]]) -> bytes:
    """A CSA2 header: a counted list of named tags, each with counted text items padded to four bytes."""
    content = b"SV10\x04\x03\x02\x01" + struct.pack("<2I", len(fields), 77)
    for name, (vr, value) in fields.items():
        items = value.split("\\")
        content += struct.pack("<64si4s3i", name.encode(), len(items), vr.encode(), 0, len(items), 77)
        for item in items:
            text = item.encode() + b"\x00"
            content += struct.pack("<4i", len(text), len(text), 77, len(text)) + text + b"\x00" * (-len(text) % 4)
    return content


def person(dataset: Dataset) -> None:
    """Write the planted identity wherever a patient module has room for it."""
    dataset.PatientName = IDENTITY["name"]
    dataset.PatientID = IDENTITY["id"]
    dataset.PatientBirthDate = IDENTITY["birth_date"]
    dataset.OtherPatientNames = IDENTITY["name"]
    dataset.StudyDescription = f"scan of {IDENTITY['name']}"
    dataset.SeriesDescription = IDENTITY["id"]
    dataset.ProtocolName = IDENTITY["name"]
    dataset.PatientComments = IDENTITY["birth_date"]


def part10(dataset: Dataset, sop_class: str, name: str, syntax: UID = ExplicitVRLittleEndian) -> Files:
    """The data set as a DICOM Part 10 file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[name])
    meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    file = FileDataset(name, dataset, file_meta=meta, preamble=b"\x00" * 128)
    buffer = BytesIO()
    dcmwrite(buffer, file, enforce_file_format=True, little_endian=syntax.is_little_endian, implicit_vr=False)
    return (SourceFile(name, buffer.getvalue()),)


def ima(
    fid: ComplexArray = FID,
    *,
    without: tuple[str, ...] = (),
    place: tuple[float, float, float] | None = None,
    **changes: str,
) -> Files:
    """An .IMA file whose CSA header is ``CSA`` with ``changes``, without the fields named in ``without``.

    The series header has the ``place`` of the volume in the protocol, mm.
    """
    fields = {name: (vr, changes.get(name, value)) for name, (vr, value) in CSA.items() if name not in without}
    dataset = Dataset()
    person(dataset)
    dataset.Modality = "MR"
    dataset.Manufacturer = "SIEMENS"
    dataset.ManufacturerModelName = "Skyra"
    dataset.SoftwareVersions = "syngo MR D13"
    dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", csa2(fields))
    if place is not None:
        lines = "".join(
            f"sSpecPara.sVoI.sPosition.d{axis}\t = \t{edge}\n"
            for axis, edge in zip(("Sag", "Cor", "Tra"), place, strict=True)
            if edge
        )
        dataset.private_block(0x0029, "SIEMENS CSA HEADER").add_new(0x20, "OB", f"SV10{lines}".encode())
    data = np.asarray(fid, dtype="<c8").tobytes()
    dataset.private_block(0x7FE1, "SIEMENS CSA NON-IMAGE", create=True).add_new(0x10, "OB", data)
    return part10(dataset, "1.3.12.2.1107.5.9.1", "meas.IMA")


def _without_header() -> Files:
    dataset = Dataset()
    person(dataset)
    return part10(dataset, "1.3.12.2.1107.5.9.1", "meas.IMA")


FIXTURES = (
    Fixture("siemens_dicom", "d13", ima, FID.reshape(1, 1, -1), EXPECTED),
    Fixture(
        "siemens_dicom",
        "steam",
        lambda: ima(SequenceName="*svs_st", MixingTime="10.0"),
        FID.reshape(1, 1, -1),
        {**EXPECTED, "sequence": "STEAM", "sequence_name": "*svs_st", "mixing_time": 0.010},
    ),
    Fixture("siemens_dicom", "confirmed-place", lambda: ima(place=(10.0, 20.0, 30.0)), FID.reshape(1, 1, -1), EXPECTED),
    Fixture(
        "siemens_dicom",
        "doubled-place",
        lambda: ima(place=(5.0, 10.0, 15.0)),
        FID.reshape(1, 1, -1),
        {**EXPECTED, "voi_geometry": None},
    ),
    Fixture(
        "siemens_dicom",
        "parts-of-the-echo-time",
        lambda: ima(EchoTime="12.5\\10.0\\7.5"),
        FID.reshape(1, 1, -1),
        EXPECTED,
    ),
    Fixture(
        "siemens_dicom",
        "silent-header",
        lambda: ima(without=("EchoTime", "RepetitionTime", "VoiThickness", "NumberOfAverages", "SequenceName")),
        FID.reshape(1, 1, -1),
        {
            **EXPECTED,
            "echo_time": None,
            "repetition_time": None,
            "voi_size": None,
            "voi_geometry": None,
            "averages": None,
            "sequence": None,
            "sequence_name": None,
        },
    ),
)

REFUSALS = (
    Refusal("siemens_dicom", "mrsi", lambda: ima(np.tile(FID, 4), Rows="4"), "MRSI"),
    Refusal("siemens_dicom", "phosphorus", lambda: ima(ResonantNucleus="31P"), "31P"),
    Refusal("siemens_dicom", "editing", lambda: ima(SequenceName="*svs_edit"), "edit"),
    Refusal("siemens_dicom", "wrong-size", lambda: ima(DataPointColumns="1024"), "1024", DamagedFile),
    Refusal("siemens_dicom", "no-csa-header", _without_header, "SIEMENS CSA HEADER", DamagedFile),
)
