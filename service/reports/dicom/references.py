"""References to what was measured, and codes, as items of DICOM sequences."""

from __future__ import annotations

from pydicom.dataset import Dataset

from service.reports.codes import Code, code_of
from service.reports.dicom.referenced_instance import Source


def coded(code: Code) -> Dataset:
    """An item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme, code.meaning
    return item


def source_items(source: Source) -> list[Dataset]:
    """The spectrum and its water reference, each with its purpose; empty when neither is an instance."""
    return [_item(header) for header in source.references]


def _item(header: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = header.SOPClassUID
    item.ReferencedSOPInstanceUID = header.SOPInstanceUID
    item.PurposeOfReferenceCodeSequence = [coded(code_of("concept", "source_of_measurement"))]
    return item
