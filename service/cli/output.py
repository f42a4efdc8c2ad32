"""Output of results: file or stdout, and the format."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from service.cli.exit_codes import CommandFailure, ExitCode, writing

Format = Literal[
    "table", "json", "csv", "html", "pdf", "fhir", "dicom-sr", "dicom-pdf", "dicom-sc", "nifti-mrs", "lcmodel"
]
SEVERAL_FILES: tuple[Format, ...] = ("nifti-mrs", "lcmodel")
"""Formats for which OUT is a folder."""

BINARY = ("pdf", "zip", "dicom-sr", "dicom-pdf")
"""Formats that are one binary file."""
_BY_SUFFIX: dict[str, Format] = {
    **{".json": "json", ".csv": "csv", ".html": "html", ".htm": "html", ".pdf": "pdf", ".dcm": "dicom-sr"},
}


def chosen_format(wanted: Format | None, out: Path | None) -> Format:
    """The requested format, else the one of OUT's suffix, else the table."""
    return wanted or _BY_SUFFIX.get("" if out is None else out.suffix.lower(), "table")


def check_destination(format: Format, out: Path | None) -> None:
    """Refuse binary output to a terminal, and several files to stdout, before any work is done.

    Raises
    ------
    CommandFailure
        When a binary report would go to a terminal, or a file for each page to stdout.
    """
    refuse_terminal(format, out)
    if out is None and format == "dicom-sc":
        raise CommandFailure(
            ExitCode.FAILURE, "usage", "--format dicom-sc", "is a file for each page; name them with -o."
        )
    if format in SEVERAL_FILES and (out is None or out.is_file()):
        raise CommandFailure(ExitCode.FAILURE, "usage", f"--format {format}", "is several files: -o names a folder.")


def refuse_terminal(format: str, out: Path | None) -> None:
    """Refuse binary output to a terminal.

    Raises
    ------
    CommandFailure
        When OUT is not named and stdout is a terminal.
    """
    if out is None and format in BINARY and sys.stdout.isatty():
        raise CommandFailure(
            ExitCode.FAILURE, "usage", f"--format {format}", "name a file with -o, or redirect stdout."
        )


def refuse_overwriting(out: Path | None, *inputs: Path | None) -> None:
    """Refuse an OUT that is one of the inputs, which would overwrite a spectrum.

    Raises
    ------
    CommandFailure
        When it is.
    """
    if out is not None and out.resolve() in {path.resolve() for path in inputs if path is not None}:
        raise CommandFailure(ExitCode.FAILURE, "usage", str(out), "-o names an input; choose another file.")


def write(content: bytes, out: Path | None) -> None:
    """Write to OUT, or to stdout when there is none.

    Raises
    ------
    CommandFailure
        When OUT cannot be written.
    """
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    with writing(out):
        out.write_bytes(content)


def write_several(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder, which is made where it is missing.

    Raises
    ------
    CommandFailure
        When it cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
