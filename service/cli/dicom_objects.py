"""DICOM results of a command: whose they are, what installation they need, and where they are written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.exit_codes import CommandFailure, ExitCode
from service.cli.output import Format, refuse_overwriting, write

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from fitting.io import Files
    from fitting.model.result import Traces
    from service.reports.analysis_document import AnalysisDocument
    from service.reports.dicom import DicomFormat, Source


def dicom_format(format: Format) -> DicomFormat | None:
    """The format if it is one of DICOM."""
    from service.reports.dicom import DICOM_FORMATS

    return format if format in DICOM_FORMATS else None


def source_of(metabolite: Files, water: Files, study: Path | None, organisation: str | None = None) -> Source:
    """Whose result it is: the spectrum's patient and study, or those of another instance of the study.

    Raises
    ------
    CommandFailure
        ``no-dicom-source`` when neither is a DICOM instance of a study.
    """
    from service.reports.dicom import NoDicomSource, Source, read_header

    try:
        lent = None if study is None else read_header(study.read_bytes(), study.name)
    except (NoDicomSource, OSError) as error:
        raise CommandFailure(
            ExitCode.REFUSED,
            NoDicomSource.code,
            str(study),
            f"is no DICOM instance of a study: {type(error).__name__}.",
        ) from error
    try:
        measured = read_header(metabolite[0].content, metabolite[0].name)
    except NoDicomSource as error:
        if lent is None:
            raise CommandFailure(ExitCode.REFUSED, error.code, "", error.detail) from error
        return Source(lent, measured=False, organisation=organisation)
    if lent is not None and lent.StudyInstanceUID != measured.StudyInstanceUID:
        raise CommandFailure(
            ExitCode.REFUSED, "other-study", str(study), "is of another study than the spectrum; leave --study out."
        )
    return Source(measured, water=_of_same_study(water, str(measured.StudyInstanceUID)), organisation=organisation)


def objects(
    format: DicomFormat, document: AnalysisDocument, traces: Traces, source: Source, signed_pdf: bytes | None = None
) -> tuple[bytes, ...]:
    """The files of one format.

    Raises
    ------
    CommandFailure
        When this installation cannot make it.
    """
    from service.reports import FormatUnavailable
    from service.reports.dicom import render_dicom

    try:
        return render_dicom(format, document, traces, source, signed_pdf)
    except FormatUnavailable as error:
        raise CommandFailure(ExitCode.FAILURE, error.code, f"--format {format}", error.detail) from error


def write_objects(contents: tuple[bytes, ...], out: Path | None, *inputs: Path | None) -> None:
    """Write to OUT; pages after the first to ``OUT-2.dcm``, ``OUT-3.dcm`` and so on.

    Raises
    ------
    CommandFailure
        When one of them is an input or cannot be written.
    """
    for number, content in enumerate(contents, start=1):
        path = out if out is None or number == 1 else out.with_stem(f"{out.stem}-{number}")
        refuse_overwriting(path, *inputs)
        write(content, path)


def _of_same_study(water: Files, study: str) -> Dataset | None:
    from service.reports.dicom import NoDicomSource, read_header

    try:
        header = read_header(water[0].content, water[0].name) if water else None
    except NoDicomSource:
        return None
    return header if header is not None and str(header.StudyInstanceUID) == study else None
