"""The PDF report inside a DICOM object (Encapsulated PDF Storage, DICOM PS3.3 A.45.1)."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from fitting.model.result import Traces
from service.reports import pdf
from service.reports.analysis_document import AnalysisDocument
from service.reports.codes import code_of
from service.reports.dicom.header import complete, file_content
from service.reports.dicom.referenced_instance import Source
from service.reports.dicom.references import coded, source_items

TITLE = "MR spectroscopy, quantification"


def render(
    document: AnalysisDocument, traces: Traces, source: Source, signed: bytes | None = None
) -> tuple[bytes, ...]:
    """One object; ``signed`` is the PDF that was signed, which is delivered byte for byte.

    Raises
    ------
    FormatUnavailable
        When this installation cannot make a PDF.
    """
    content = pdf.render(document, traces).content if signed is None else signed
    target = Dataset()
    target.SOPClassUID = EncapsulatedPDFStorage
    target.Modality = "DOC"
    complete(target, "pdf", document, source)
    target.ConversionType = "SD"
    target.BurnedInAnnotation = "YES"
    target.AcquisitionDateTime = str(source.header.get("AcquisitionDateTime") or "")
    target.DocumentTitle = TITLE
    target.ConceptNameCodeSequence = [coded(code_of("concept", "report_title"))]
    if measured := source_items(source):
        target.SourceInstanceSequence = measured
    target.MIMETypeOfEncapsulatedDocument = "application/pdf"
    target.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    target.EncapsulatedDocumentLength = len(content)
    return (file_content(target),)
