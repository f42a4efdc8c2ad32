"""The pages of the report as pictures (Secondary Capture Image Storage, DICOM PS3.3 A.8.1), one object a page."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from highdicom.sc import SCImage
from PIL import Image

from fitting.model.result import Traces
from fitting.units import ByteArray
from service.reports import pdf
from service.reports.analysis_document import AnalysisDocument
from service.reports.dicom.header import Made, file_content, made_of, write_shared
from service.reports.dicom.referenced_instance import Source
from service.reports.dicom.references import source_items

PIXELS_PER_INCH = 144


def render(document: AnalysisDocument, traces: Traces, source: Source) -> tuple[bytes, ...]:
    """One object for each page, RGB of 8 bits.

    Raises
    ------
    FormatUnavailable
        When this installation cannot make the pages.
    """
    pages = pdf.pictures(document, traces, PIXELS_PER_INCH)
    return tuple(_page(picture, number, document, source) for number, picture in enumerate(pages, start=1))


def _page(picture: bytes, number: int, document: AnalysisDocument, source: Source) -> bytes:
    pixels = np.asarray(Image.open(BytesIO(picture)).convert("RGB"), dtype=np.uint8)
    return picture_object(pixels, made_of("sc", document, source, number), source)


def picture_object(pixels: ByteArray, made: Made, source: Source) -> bytes:
    """The object of a picture (rows, columns, 3)."""
    image = SCImage(
        pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "P"),
        study_instance_uid=str(source.header.StudyInstanceUID),
        series_instance_uid=made.series,
        series_number=1,
        sop_instance_uid=made.instance,
        instance_number=made.page,
        manufacturer="mrsquant",
    )
    write_shared(image, made, source)
    stated = {
        "DateOfSecondaryCapture": "" if made.at is None else f"{made.at:%Y%m%d}",
        "TimeOfSecondaryCapture": "" if made.at is None else f"{made.at:%H%M%S}",
        "PatientOrientation": None,  # a page has neither orientation
        "Laterality": "",  # nor side
        "BurnedInAnnotation": "YES",
    }
    for keyword, value in stated.items():
        setattr(image, keyword, value)
    if "ContributingEquipmentSequence" in image:  # holds the present time
        del image.ContributingEquipmentSequence
    if measured := source_items(source):
        image.ReferencedInstanceSequence = measured
    return file_content(image)
