"""Refuse common files without a spectrum that can be read, by name, so that the message states what to send instead."""

from __future__ import annotations

import re

from fitting.errors import UnsupportedData
from fitting.io._dicom import manufacturer, sop_class
from fitting.io._dicom_file import is_dicom
from fitting.io.source import Files, SourceFile

_SPECTRUM = "send the spectrum itself: MR Spectroscopy DICOM, RDA, TWIX, SDAT + SPAR, P-file or NIfTI-MRS"
_PHILIPS = "export SDAT + SPAR or enhanced MR Spectroscopy DICOM from the console"
_GE = "send the P-file (P*.7) of the scan, or NIfTI-MRS"
_SIEMENS = "export the spectroscopy series as DICOM (.IMA), RDA or TWIX"
_UNPACKED = "unpack it and send the files, or pack them as a ZIP archive"
_FITTED = "send the spectrum that it was fitted to (.RAW, or the scanner's own file)"
_CONVERTED = "export the time-domain signal as NIfTI-MRS or as JSON arrays"

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", _SPECTRUM),
    (b"\xff\xd8\xff", "a JPEG picture", _SPECTRUM),
    (b"GIF8", "a GIF picture", _SPECTRUM),
    (b"II*\x00", "a TIFF picture", _SPECTRUM),
    (b"MM\x00*", "a TIFF picture", _SPECTRUM),
    (b"%PDF-", "a PDF document", _SPECTRUM),
    (b"%!PS", "a PostScript document, such as LCModel's result", _FITTED),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACKED),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACKED),
    (b"BZh", "a bzip2 archive", _UNPACKED),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACKED),
    (b"(\xb5/\xfd", "a zstd archive", _UNPACKED),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", _CONVERTED),
    (b"MATLAB 7.3 MAT-file", "a MATLAB file (HDF5)", _CONVERTED),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document", _SPECTRUM),
    (b"\x93NUMPY", "a NumPy array", _CONVERTED),
    (b"Dangerplot_version", "a TARQUIN plot (.dpt)", _FITTED),
)
"""First bytes of file kinds that are no spectra; none shorter than three, which text could begin with by chance."""

_HDF5 = b"\x89HDF\r\n\x1a\n"
_TAR, _TAR_AT = b"ustar", 257

_TEXTS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (re.compile(rb"lines in following concentration table|\$\$CONC\b"), "an LCModel result (.coord, .table)", _FITTED),
    (
        re.compile(rb"\A\s*##TITLE=Parameter List"),
        "a parameter file of a Bruker ParaVision reconstruction or scan",
        "send the folder of the scan with fid or rawdata.job0, acqp and method; a 2dseq is not read",
    ),
    (
        re.compile(rb"^\s*(?:signa_rdb_hdr_rev|offset_to_data|num_sig_frames)\b", re.M),
        "a header of GE's SAGE (.shf), which describes a P-file",
        _GE,
    ),
    (re.compile(rb"^Signal amplitudes\s*$", re.M), "a TARQUIN result", _FITTED),
    (re.compile(rb"^\s*<(?:!DOCTYPE html|html)\b", re.I), "a web page", _SPECTRUM),
    (re.compile(rb"^\s*<\?xml\b"), "an XML document", _SPECTRUM),
)
"""Words in the beginning of texts that are no spectra."""
_HEAD = 4096

_SOP_CLASSES: tuple[tuple[str, str, str], ...] = (
    ("1.2.840.10008.5.1.4.1.1.7", "a DICOM secondary capture (screenshot), not a spectrum", _SPECTRUM),
    ("1.2.840.10008.5.1.4.1.1.66", "DICOM raw data storage, not a spectrum", _SPECTRUM),
    ("1.3.46.670589.11.0.0.12.", "a private Philips MR object (series data or protocol), not a spectrum", _PHILIPS),
    ("1.2.840.10008.5.1.4.1.1.4", "a DICOM MR image, not a spectrum", _SPECTRUM),
    ("1.2.840.10008.5.1.4.1.1.104", "a DICOM encapsulated document, not a spectrum", _SPECTRUM),
    ("1.2.840.10008.5.1.4.1.1.88", "a DICOM structured report, not a spectrum", _SPECTRUM),
    ("1.2.840.10008.1.3.10", "a DICOMDIR, which lists files and holds none", _SPECTRUM),
)
"""SOP class UIDs, or their beginnings, of DICOM objects next to a spectrum in an archive (DICOM PS3.4 B.5)."""
_BY_VENDOR = {"ge": _GE, "philips": _PHILIPS, "siemens": _SIEMENS}
"""What to send instead, by the word that names the vendor among those of the manufacturer."""


def refuse_known(files: Files) -> None:
    """Refuse files whose content is known to be no spectrum; return when the content is not known.

    Raises
    ------
    UnsupportedData
        Names the kind of file and what to send instead.
    """
    for file in files:
        found = _kind(file)
        if found is not None:
            kind, advice = found
            raise UnsupportedData(f"'{file.name}' is {kind}; {advice}.", file=file.name, kind=kind)


def _kind(file: SourceFile) -> tuple[str, str] | None:
    """What a file is, and what to do."""
    content = file.content
    if is_dicom(content):
        return _kind_of_object(content)
    if content.startswith(_HDF5):
        return _kind_of_hdf5(content)
    if content[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return "a tar archive, not a spectrum", _UNPACKED
    for magic, kind, advice in _MAGIC:
        if content.startswith(magic):
            return f"{kind}, not a spectrum", advice
    head = content[:_HEAD]
    return next(((f"{kind}, not a spectrum", advice) for words, kind, advice in _TEXTS if words.search(head)), None)


def _kind_of_object(content: bytes) -> tuple[str, str]:
    uid = sop_class(content)
    if uid is None:
        return "a DICOM file too damaged to tell its kind", _SPECTRUM
    known = ((kind, advice) for start, kind, advice in _SOP_CLASSES if _is_class(uid, start))
    kind, advice = next(known, ("a DICOM file without spectroscopy", _SPECTRUM))
    made_by = (manufacturer(content) or "").lower().split()
    of_vendor = next((_BY_VENDOR[word] for word in made_by if word in _BY_VENDOR), advice)
    return kind, of_vendor if advice is _SPECTRUM else advice


def _kind_of_hdf5(content: bytes) -> tuple[str, str]:
    """An HDF5 file by names of its groups; they stand among its first bytes or not at all."""
    head = content[: 1 << 20]
    if b"DownloadData" in head or b"ControlPacket" in head:
        return "a GE ScanArchive (HDF5), which only GE's own library reads", _GE
    return (
        "an HDF5 file (GE ScanArchive, ISMRMRD without raw data, or MATLAB), which is not read",
        f"{_GE} or JSON arrays",
    )


def _is_class(uid: str, start: str) -> bool:
    return uid == start or uid.startswith(start if start.endswith(".") else start + ".")
