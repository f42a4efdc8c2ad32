"""A copy of an instance for the analysis, which holds an allow-list of attributes and no identity.

What is not listed is left out, also inside functional groups: dates, names, and UIDs, which hold dates. Free text of
the scanner stays behind; of it only the words of sequences that ``fitting.io.free_text`` knows are sent.
"""

from __future__ import annotations

import hmac
import re
import warnings
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from fitting.io._dicom import free_texts
from fitting.io.free_text import free_text
from service.reports.dicom.uids import IMPLEMENTATION

KEPT = (
    *("SOPClassUID", "ImageType", "Manufacturer", "ManufacturerModelName", "SoftwareVersions", "InstanceNumber"),
    *("MagneticFieldStrength", "PulseSequenceName", "SequenceName", "EchoTime", "RepetitionTime", "SpectralWidth"),
    *("ChemicalShiftReference", "TransmitterFrequency", "ResonantNucleus", "VolumeLocalizationTechnique"),
    *("VolumeLocalizationSequence", "NumberOfFrames", "Rows", "Columns", "DataPointRows", "DataPointColumns"),
    *("SpectroscopyAcquisitionDataColumns", "SpectroscopyAcquisitionOutOfPlanePhaseSteps", "SignalDomainColumns"),
    *("DataRepresentation", "MRSpectroscopyAcquisitionType", "SpectrallySelectedSuppression"),
    *("WaterReferencedPhaseCorrection", "SpectroscopyData"),
)
GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
KEPT_IN_GROUPS = (
    *("MREchoSequence", "MRTimingAndRelatedParametersSequence", "MRAveragesSequence", "PlaneOrientationSequence"),
    *("PixelMeasuresSequence", "PlanePositionSequence", "MRSpectroscopyFOVGeometrySequence"),
)
PRIVATE: dict[tuple[int, str], tuple[int, ...]] = {
    (0x0029, "SIEMENS CSA HEADER"): (0x10,),
    (0x7FE1, "SIEMENS CSA NON-IMAGE"): (0x10,),
    (0x0021, "SIEMENS MR MRS 05"): (0x04,),
    (0x0051, "SIEMENS MR HEADER"): (0x0F,),
    (0x0065, "Spectroscopy Private Header"): (0x07,),
    (0x2005, "Philips MR Imaging DD 001"): (0x85, 0x57, 0x58, 0x59, 0x5A, 0x5B, 0x5C),
    (0x2005, "Philips MR Imaging DD 004"): (0x71, 0x04, 0x79),
    (0x2005, "Philips MR Imaging DD 005"): (0x0F,),
    (0x2005, "Philips MR Imaging DD 006"): (0x97,),
}
"""Elements of vendors that readers use, by group and private creator."""

IDENTITY = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "AccessionNumber", "StudyID"),
    *("ReferringPhysicianName", "StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "AcquisitionDateTime"),
    *("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "InstitutionName"),
)
"""What must not be left anywhere, also not inside bytes of a vendor."""
_TELLING = frozenset({"DA", "DT", "TM", "PN", "UI", "LT", "ST", "UT", "UN", "AS"})
"""Kinds of value that are never needed inside functional groups."""
_UID_LIKE = re.compile(rb"\d+(?:\.\d+){7,}")
"""A UID in the bytes of a vendor."""
_SHORTEST = 4
"""Shorter identifiers would match by chance; they also identify no person."""


def parsed(content: bytes) -> Dataset:
    """The instance, without warnings that quote it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(BytesIO(content))
        for _ in dataset.iterall():
            pass
    return dataset


def stripped(source: Dataset, site_key: bytes) -> bytes:
    """The instance as a DICOM file for the analysis.

    UIDs are replaced by keyed digests of them, so that files of one scan still belong together.
    """
    target = Dataset()
    for keyword in KEPT:
        if keyword in source:
            target[keyword] = source[keyword]
    if "VolumeLocalizationSequence" in target:
        target.VolumeLocalizationSequence = [_inner(item) for item in source.VolumeLocalizationSequence]
    for keyword in GROUPS:
        if keyword in source:
            setattr(target, keyword, [_group(item) for item in source.get(keyword)])
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"):
        if keyword in source:
            setattr(target, keyword, _replaced(str(source.get(keyword)), site_key))
    _copy_private(source, target, _secrets(source))
    if words := _words(source):
        target.ProtocolName = words
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(str(source.SOPClassUID))
    meta.MediaStorageSOPInstanceUID = UID(str(target.SOPInstanceUID))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        FileDataset(buffer, target, file_meta=meta, preamble=b"\0" * 128).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _words(source: Dataset) -> str:
    """Known words of sequences in names typed at the scanner; nothing else of them."""
    found = free_text(*free_texts(source))
    return " ".join([*found.families, *([found.editing] if found.editing else [])])


def _group(item: Dataset) -> Dataset:
    kept = Dataset()
    for keyword in KEPT_IN_GROUPS:
        if keyword in item:
            setattr(kept, keyword, [_inner(inner) for inner in item.get(keyword)])
    return kept


def _inner(item: Dataset) -> Dataset:
    """A macro without values that tell who or when; of private elements those of ``PRIVATE``."""
    kept = Dataset()
    for element in item:
        if not element.tag.is_private and element.VR not in _TELLING and element.VR != "SQ":
            kept[element.tag] = element
    _copy_private(item, kept, ())
    return kept


def _copy_private(source: Dataset, target: Dataset, secrets: tuple[bytes, ...]) -> None:
    for (group, creator), elements in PRIVATE.items():
        try:
            block = source.private_block(group, creator)
        except KeyError:
            continue
        for offset in elements:
            if offset not in block:
                continue
            found = block[offset]
            value = found.value
            if found.VR == "SQ":
                value = [_inner(item) for item in value]
            elif isinstance(value, bytes) and (group, creator) != (0x7FE1, "SIEMENS CSA NON-IMAGE"):
                value = _without(value, secrets)
            target.private_block(group, creator, create=True).add_new(offset, found.VR, value)


def _without(value: bytes, secrets: tuple[bytes, ...]) -> bytes:
    """Bytes of a vendor with UIDs and the given strings overwritten, of the same length."""
    for secret in secrets:
        value = value.replace(secret, b"X" * len(secret))
    return _UID_LIKE.sub(lambda match: b"0" * len(match.group()), value)


def _secrets(source: Dataset) -> tuple[bytes, ...]:
    stated = {str(source.get(keyword) or "").encode() for keyword in IDENTITY}
    return tuple(sorted((value for value in stated if len(value) >= _SHORTEST), key=len, reverse=True))


def _replaced(uid: str, site_key: bytes) -> str:
    return f"2.25.{int.from_bytes(hmac.digest(site_key, uid.encode(), 'sha256')[:16], 'big')}"
