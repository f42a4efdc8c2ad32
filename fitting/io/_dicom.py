"""Shared parts of the DICOM readers: parse untrusted bytes, identify the kind of object, read typed header values."""

from __future__ import annotations

import warnings
from dataclasses import replace
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag

from fitting.acquisition import Acquisition, ScanPosition
from fitting.errors import DamagedFile, OversizedFile, UnsupportedData
from fitting.io._dicom_file import head, is_dicom, uncompressed
from fitting.io.header_values import place_digest, positive
from fitting.io.source import SourceFile

_SOP_CLASS_UID, _MANUFACTURER = 0x00080016, 0x00080070


def sop_class(content: bytes) -> str | None:
    """SOP class UID of a DICOM Part 10 file; None when the bytes are none or too damaged to say. Never raises."""
    return _of_beginning(content, _SOP_CLASS_UID)


def manufacturer(content: bytes) -> str | None:
    """Manufacturer as the object states it among its first elements; None when it does not. Never raises."""
    return _of_beginning(content, _MANUFACTURER)


def _of_beginning(content: bytes, wanted: int) -> str | None:
    """The text of an element, read no further than that; None when it is missing or the bytes are damaged."""

    def is_beyond(tag: BaseTag, vr: str | None, length: int) -> bool:  # noqa: ARG001 -- pydicom's signature
        return bool(tag > wanted)

    if not is_dicom(content):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = read_partial(BytesIO(head(content)), stop_when=is_beyond)
            instead = dataset.file_meta.get("MediaStorageSOPClassUID") if wanted == _SOP_CLASS_UID else None
            value = dataset[wanted].value if wanted in dataset else None
            return str(value or instead or "") or None
    except Exception:  # pydicom raises arbitrary exceptions on malformed bytes
        return None


def open_dataset(file: SourceFile, title: str) -> tuple[SourceFile, Dataset]:
    """The file, uncompressed, and its whole data set, its values parsed.

    Raises
    ------
    DamagedFile
        When pydicom cannot parse it.
    OversizedFile
        When it becomes too large once it is uncompressed or parsed.
    UnsupportedData
        For big-endian objects, whose samples no reader here swaps.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom quotes header values, identity among them, in its warnings
            plain = uncompressed(file)
            dataset = pydicom.dcmread(BytesIO(plain.content))
            for _ in dataset.iterall():  # values are parsed when first touched: touch them while guarded
                pass
            little_endian = dataset.file_meta.TransferSyntaxUID.is_little_endian
    except (OversizedFile, MemoryError):
        raise
    except Exception:  # pydicom raises arbitrary exceptions on malformed bytes
        problem = damaged(file, title, "its data set cannot be parsed")
    else:
        if little_endian:
            return plain, dataset
        raise UnsupportedData(
            f"'{file.name}' is a big-endian DICOM file; convert it to Explicit VR Little Endian.", file=file.name
        )
    raise problem


def damaged(file: SourceFile, title: str, what: str) -> DamagedFile:
    """The error for a recognised file that contradicts itself; ``what`` completes "..., but"."""
    return DamagedFile(
        f"'{file.name}' is recognised as {title}, but {what}; export it from the scanner or archive again.",
        file=file.name,
        format=title,
    )


def refuse_nucleus(file: SourceFile, nucleus: str) -> None:
    """Refuse every nucleus but 1H.

    Raises
    ------
    UnsupportedData
    """
    if nucleus != "1H":
        raise UnsupportedData(
            f"'{file.name}' is a {nucleus} spectrum; only 1H spectra can be analysed.", file=file.name, nucleus=nucleus
        )


def refuse_imaging_matrix(file: SourceFile, voxels: tuple[int, int, int]) -> None:
    """Refuse more than one voxel.

    Raises
    ------
    UnsupportedData
    """
    if max(voxels) > 1:
        size = " x ".join(str(count) for count in voxels)
        raise UnsupportedData(
            f"'{file.name}' is spectroscopic imaging (MRSI, {size} voxels); send a single-voxel spectrum.",
            file=file.name,
        )


def with_scanner(acquisition: Acquisition, dataset: Dataset) -> Acquisition:
    """The acquisition with manufacturer, model and software of the object."""
    vendor, model, software = (
        text(dataset.get(keyword)) for keyword in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions")
    )
    return replace(acquisition, vendor=vendor, scanner_model=model, software=software)


def free_texts(dataset: Dataset) -> tuple[str | None, ...]:
    """Protocol and series names as typed at the scanner."""
    return tuple(text(dataset.get(keyword)) for keyword in ("ProtocolName", "SeriesDescription"))


def place(dataset: Dataset) -> ScanPosition:
    """Where an object belongs in its series, with the coil that Siemens names for uncombined data (0051,xx0F)."""
    series = [text(dataset.get(keyword)) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "ImageType")]
    try:
        coil = text(dataset.private_block(0x0051, "SIEMENS MR HEADER")[0x0F].value)
    except KeyError:
        coil = None
    return ScanPosition(place_digest(series), count(dataset.get("InstanceNumber")), coil)


def text(value: object) -> str | None:
    """Header text, multiple values joined; None when absent or empty."""
    if value is None or value == []:
        return None
    parts = [value] if isinstance(value, str) else list(value) if hasattr(value, "__iter__") else [value]
    return ", ".join(str(part) for part in parts).strip() or None


def quantity(value: object, to_si: float = 1.0) -> float | None:
    """A header quantity in SI units; None when absent, not a number, or not positive (how headers say unset)."""
    return positive(str(value), to_si)


def count(value: object) -> int | None:
    """A header count; None when absent, not a number or not positive."""
    number = quantity(value)
    return None if number is None else round(number)
