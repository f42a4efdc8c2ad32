"""Attributes that all results share: patient and study of the source, own series and equipment, times of the analysis.

No attribute holds the present time: one UID must never have two contents.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import DT

from fitting import __version__
from service.reports.analysis_document import AnalysisDocument
from service.reports.dicom.referenced_instance import STUDY, Source
from service.reports.dicom.uids import IMPLEMENTATION, engine_of, instance_uid, series_uid
from service.reports.dicom.wording import Wording

NAME = "mrsquant"
SERIES = {"sr": 1, "pdf": 2, "sc": 3}
"""Kinds of result, and what each adds to the hundredfold series number of the source."""
_TYPE_2 = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)
_LARGEST_SERIES = 21_000_000
"""A hundredfold larger number does not fit an Integer String."""
_SERIAL_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Made:
    """One object: its UIDs, its place in the study, and what made it when."""

    kind: str
    """One of ``SERIES``."""
    instance: str
    series: str
    engine: str
    """Digest of the program's code."""
    at: datetime | None
    page: int = 1
    region: str | None = None
    version: str = __version__


def complete(target: Dataset, kind: str, document: AnalysisDocument, source: Source, page: int = 1) -> None:
    """Write the shared attributes of a result over those that ``target`` has."""
    write_shared(target, made_of(kind, document, source, page), source)


def made_of(kind: str, document: AnalysisDocument, source: Source, page: int = 1) -> Made:
    """The object of a kind that an analysis gives."""
    analysis = document.analysis
    return Made(
        kind=kind,
        instance=instance_uid(kind, document, source, page),
        series=series_uid(kind, document, source),
        engine=engine_of(analysis),
        at=moment(document, source),
        page=page,
        region=analysis.acquisition.region,
        version=__version__ if analysis.provenance.version is None else analysis.provenance.version,
    )


def write_shared(target: Dataset, made: Made, source: Source) -> None:
    """Write patient, study, series, equipment and times over those that ``target`` has."""
    _copy_study(target, source.header)
    number = int(source.header.get("SeriesNumber") or 0)
    target.SOPInstanceUID = made.instance
    target.SeriesInstanceUID = made.series
    target.SeriesNumber = (100 * number if 0 < number <= _LARGEST_SERIES else 0) + SERIES[made.kind]
    target.InstanceNumber = made.page
    target.SeriesDescription = _series_description(Wording(source.header), made.region)
    target.Manufacturer = target.ManufacturerModelName = NAME
    target.SoftwareVersions = made.version
    target.DeviceSerialNumber = made.engine[:_SERIAL_DIGITS]
    at = made.at
    for what in ("Content", "InstanceCreation", "Series"):
        setattr(target, f"{what}Date", "" if at is None else f"{at:%Y%m%d}")
        setattr(target, f"{what}Time", "" if at is None else f"{at:%H%M%S}")


def moment(document: AnalysisDocument, source: Source) -> datetime | None:
    """When the analysis ended, else when the source was made, in the time of the source; None when neither is known.

    The clock of the source is that of its ``TimezoneOffsetFromUTC``, else that of this machine.
    """
    return measured_at(source) if document.finished is None else local(document.finished, source)


def measured_at(source: Source) -> datetime | None:
    """When the source was made; None when it does not say."""
    header = source.header
    stamps = [str(header.get("AcquisitionDateTime") or "")]
    stamps += [f"{header.get(f'{x}Date') or ''}{header.get(f'{x}Time') or ''}" for x in ("Content", "Series", "Study")]
    for stamp in stamps:
        try:
            found = DT(stamp) if len(stamp) >= len("20260101") else None
        except ValueError:
            continue
        if found is not None:
            return datetime(found.year, found.month, found.day, found.hour, found.minute, found.second)
    return None


def local(timestamp: str, source: Source) -> datetime:
    """An RFC 3339 time on the clock of the source."""
    at = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    offset = str(source.header.get("TimezoneOffsetFromUTC") or "")
    try:
        zone = datetime.strptime(offset, "%z").tzinfo if offset else None
    except ValueError:
        zone = None
    return at.astimezone(zone)


def file_content(dataset: Dataset) -> bytes:
    """The object as a DICOM file in Explicit VR Little Endian; equal objects are equal bytes."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = UID(str(dataset.SOPClassUID))
    meta.MediaStorageSOPInstanceUID = UID(str(dataset.SOPInstanceUID))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    meta.ImplementationVersionName = f"MRSQUANT_{__version__}"[:16]
    plain = Dataset()
    for element in (dataset.get_item(tag) for tag in sorted(dataset.keys())):
        if element is not None:
            plain[element.tag] = element
    buffer = BytesIO()
    FileDataset(buffer, plain, file_meta=meta, preamble=b"\0" * 128).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _series_description(say: Wording, region: str | None) -> str:
    """``mrsquant <region> (research use only)`` of at most 64 characters; a long region is cut, the remark is not."""
    end = " (research use only)"
    return say.name(f"{NAME} {region or ''}"[: 64 - len(end)]) + end


def _copy_study(target: Dataset, header: Dataset) -> None:
    for keyword in STUDY:
        tag = tag_for_keyword(keyword)
        if tag is None:
            continue
        if tag in target:
            del target[tag]
        element = header.get_item(tag)
        if element is not None:
            target[tag] = _as_it_stands(header, element)
        elif keyword in _TYPE_2:
            setattr(target, keyword, "")


def _as_it_stands(header: Dataset, element: RawDataElement | DataElement) -> RawDataElement | DataElement:
    """The bytes of the header, so that names in every script stay what they are; sequences are parsed."""
    vr = element.VR or dictionary_VR(element.tag)
    if isinstance(element, RawDataElement) and vr != "SQ":
        return element._replace(VR=vr, is_implicit_VR=False)
    return deepcopy(header[element.tag])
