"""The instance of a study that a result belongs to: whose patient and study it carries."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset

STUDY = (
    *("SpecificCharacterSet", "TimezoneOffsetFromUTC"),
    *("PatientName", "PatientID", "IssuerOfPatientID", "OtherPatientIDsSequence", "PatientBirthDate", "PatientSex"),
    *("PatientAge", "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
    "StudyDescription",
)
"""What a result takes from its source as it stands there: patient, study and the encoding of both."""

_OTHERS = (
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "InstitutionName"),
    *("AcquisitionDateTime", "ContentDate", "ContentTime", "SeriesDate", "SeriesTime"),
)
_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")


class NoDicomSource(Exception):
    """There is no DICOM instance that says whose result this is."""

    code = "no-dicom-source"
    title = "A DICOM result needs an instance of its study"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Source:
    """Headers of the instances that a result belongs to; they hold a person's identity and no samples."""

    header: Dataset
    """Of the measurement, or of another instance of its study."""
    measured: bool = True
    """Whether ``header`` is that of the measurement: a result refers to what was measured only."""
    water: Dataset | None = None
    """Of the water reference."""
    organisation: str | None = None
    """Who answers for signed reports; by default the institution of the header."""

    @property
    def references(self) -> tuple[Dataset, ...]:
        """Headers of what was measured."""
        if not self.measured:
            return ()
        return (self.header,) if self.water is None else (self.header, self.water)


def read_header(content: bytes, name: str) -> Dataset:
    """The elements of an instance that its results need, unparsed, so that they can be written as they were read.

    Raises
    ------
    NoDicomSource
        When the bytes are no DICOM instance of a study.
    """
    advice = f"'{name}' is no DICOM instance of a study; --study scan.dcm names one, such as any image of the study."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom quotes values, identity among them
            header = pydicom.dcmread(BytesIO(content), specific_tags=[*STUDY, *_OTHERS], stop_before_pixels=True)
            stated = [str(header.get(keyword) or "") for keyword in _NEEDED]
    except Exception:  # pydicom raises arbitrary exceptions on malformed bytes
        stated = []
    if not stated or not all(stated):
        raise NoDicomSource(advice)
    return header
