"""DICOM objects of a result, for programs that hold the study: Structured Report, PDF, pictures of the pages.

``DICOM_FORMATS`` names every format; ``render_dicom`` is the one way in. The service has no identity and makes none of
these: they are made where the source is (docs/decisions/0025-dicom-results-where-the-source-is.md).
"""

from __future__ import annotations

from typing import Literal, get_args

from fitting.model.result import Traces
from service.reports.analysis_document import AnalysisDocument, FormatUnavailable
from service.reports.dicom.referenced_instance import NoDicomSource, Source, read_header

__all__ = ["DICOM_FORMATS", "DicomFormat", "NoDicomSource", "Source", "read_header", "render_dicom"]

DicomFormat = Literal["dicom-sr", "dicom-pdf", "dicom-sc"]
DICOM_FORMATS: tuple[DicomFormat, ...] = get_args(DicomFormat)


def render_dicom(
    format: DicomFormat, document: AnalysisDocument, traces: Traces, source: Source, signed_pdf: bytes | None = None
) -> tuple[bytes, ...]:
    """The objects of one format as DICOM files: one, or for ``dicom-sc`` one for each page.

    Parameters
    ----------
    format : str
    document : AnalysisDocument
    traces : Traces
    source : Source
        Whose result it is.
    signed_pdf : bytes or None
        The report that was signed, which ``dicom-pdf`` then holds byte for byte.

    Raises
    ------
    FormatUnavailable
        When this installation lacks what the format needs, or the source has no date.
    """
    if format == "dicom-pdf":
        from service.reports.dicom import encapsulated_pdf  # noqa: PLC0415

        return encapsulated_pdf.render(document, traces, source, signed_pdf)
    try:
        import highdicom  # noqa: F401, PLC0415 (an optional extra)
    except ImportError as absent:
        need = f"--format {format} needs the extra 'dicom': pip install 'mrsquant[dicom]'."
        raise FormatUnavailable(need) from absent
    from service.reports.dicom import secondary_capture, structured_report  # noqa: PLC0415

    render = structured_report.render if format == "dicom-sr" else secondary_capture.render
    return render(document, traces, source)
