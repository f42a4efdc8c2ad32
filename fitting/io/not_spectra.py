"""Refuse common files without a spectrum by name, so that the message states what to send instead."""

from __future__ import annotations

from fitting.errors import UnsupportedData
from fitting.io._dicom import sop_class
from fitting.io._dicom_file import is_dicom
from fitting.io.source import Files

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"Dangerplot_version", "a TARQUIN plot (.dpt)"),
)
"""First bytes of file kinds that are no spectra; none shorter than three, which text could begin with by chance."""

_SOP_CLASSES: tuple[tuple[str, str], ...] = (
    ("1.2.840.10008.5.1.4.1.1.7", "a DICOM secondary capture (screenshot)"),
    ("1.2.840.10008.5.1.4.1.1.66", "DICOM raw data storage"),
    ("1.3.46.670589.11.0.0.12.", "a private Philips MR object"),
    ("1.2.840.10008.5.1.4.1.1.4", "a DICOM MR image"),
    ("1.2.840.10008.5.1.4.1.1.104", "a DICOM encapsulated document"),
    ("1.2.840.10008.5.1.4.1.1.88", "a DICOM structured report"),
)
"""SOP class UIDs, or their beginnings, of DICOM objects next to a spectrum in an archive (DICOM PS3.4 B.5)."""

_ADVICE = "send the spectrum itself: MR Spectroscopy DICOM, RDA, TWIX, SDAT + SPAR, P-file or NIfTI-MRS"


def refuse_known(files: Files) -> None:
    """Refuse files whose content is known to be no spectrum; return when the content is not known.

    Raises
    ------
    UnsupportedData
        Names the kind of file and what to send instead.
    """
    for file in files:
        kind = _kind(file.content)
        if kind is not None:
            raise UnsupportedData(f"'{file.name}' is {kind}, not a spectrum; {_ADVICE}.", file=file.name, kind=kind)


def _kind(content: bytes) -> str | None:
    if is_dicom(content):
        uid = sop_class(content)
        if uid is None:
            return "a DICOM file too damaged to tell its kind"
        return next(
            (kind for start, kind in _SOP_CLASSES if _is_class(uid, start)), "a DICOM file without spectroscopy"
        )
    return next((kind for magic, kind in _MAGIC if content.startswith(magic)), None)


def _is_class(uid: str, start: str) -> bool:
    return uid == start or uid.startswith(start if start.endswith(".") else start + ".")
