"""A scan on disk: a file with those that belong to it, such as a SPAR beside its SDAT, or a folder of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fitting.errors import FittingError, InaccessibleFile
from fitting.io import is_one_scan, spectra_among
from fitting.io.containers import MOST_MEMBERS
from fitting.io.file_names import of_one_scan
from fitting.io.not_spectra import refuse_known
from fitting.io.source import Files, SourceFile

MAX_FILE_BYTES = 2 * 1024**3
"""Largest file read into memory unless the caller says otherwise."""

_PARTNERS: Mapping[str, tuple[str, ...]] = {
    ".sdat": (".spar",),
    ".spar": (".sdat",),
    ".data": (".list", ".spar"),
    ".list": (".data", ".spar"),
    ".nii": (".json",),
    ".nii.gz": (".json",),
    ".raw": (".control", ".ctrl", ".cntl"),
}
"""Endings of the other files of a scan, which have the same name but for it."""
_NEEDED = (".sdat", ".spar", ".data", ".list")
"""Without its companion such a file cannot be read: the reader refuses what it is given with it."""
_FOLDERS_ABOVE = {
    "acqp": 0, "method": 0, "fid": 0, "ser": 0, "rawdata.job0": 0, "fid.refscan": 0, "procpar": 0, "2dseq": 2
}  # fmt: skip
"""Files of a Bruker or Varian scan, and how many folders above theirs the parameter files are."""
_PARAMETERS = ("acqp", "method", "procpar")
_BESIDE_SAMPLES = (*_PARAMETERS, "fid.refscan")


def source_files(path: Path, max_bytes: int = MAX_FILE_BYTES) -> Files:
    """Read the scan at ``path``: a file with those that belong to it beside it, or every spectrum in a folder.

    A companion has the same name and another ending, in any spelling of upper and lower case. When it is not there, the
    file is returned alone and its reader says what is missing. Files of a folder that are no spectra are left out; its
    spectra are one scan in many files, or `fitting.io.read` refuses them.

    Parameters
    ----------
    path : pathlib.Path
    max_bytes : int
        Larger files, and folders with more in total, are refused unread.

    Raises
    ------
    InaccessibleFile
        When a file is missing, is no regular file, is too large or cannot be opened; when a folder has no spectrum.
    UnsupportedData
        When a folder holds files that are known to be something else.
    """
    if path.is_dir():
        return _folder(path, max_bytes)
    paths = [path, *(_partners(path) or _of_scan_folder(path))]
    together = tuple(_content(item, max_bytes) for item in paths)
    return together if _ending(path) in _NEEDED or is_one_scan(together) else together[:1]


def _folder(path: Path, max_bytes: int) -> Files:
    """The spectra in a folder by name; its other files are left out."""
    inside = _files(path)
    if {item.name.lower() for item in inside} & {"acqp", "method"}:
        inside += _files(path / "pdata" / "1")
    inside = of_one_scan(inside)
    if len(inside) > MOST_MEMBERS:
        raise InaccessibleFile(
            f"Folder '{path.name}' holds {len(inside)} files, more than {MOST_MEMBERS}; name one scan.",
            file=path.name,
        )
    files: list[SourceFile] = []
    for item in inside:
        files.append(_content(item, max_bytes))
        max_bytes -= len(files[-1].content)
    found = spectra_among(tuple(files))
    if not found:
        refuse_known(tuple(files))
        name = path.resolve().name
        raise InaccessibleFile(
            f"Folder '{name}' holds no spectrum that can be read; name the spectrum's file or the folder of one scan.",
            file=name,
        )
    return found


def _files(folder: Path) -> list[Path]:
    """The files in a folder by name, without hidden ones; none when it cannot be listed."""
    try:
        return sorted(item for item in folder.iterdir() if not item.name.startswith(".") and item.is_file())
    except OSError:
        return []


def _partners(path: Path) -> list[Path]:
    """The files of the same name with the other endings of its format; of several spellings the nearest."""
    ending = _ending(path)
    stem = path.name[: len(path.name) - len(ending)]
    found = []
    for wanted in _PARTNERS.get(ending, ()):
        alike = [item for item in _files(path.parent) if item.name.lower() == (stem + wanted).lower()]
        # "a.SDAT" and "A.SDAT" may be two scans: the companion with the same capitals is the right one.
        alike.sort(key=lambda item: (item.stem != stem, item.suffix.isupper() != path.suffix.isupper()))
        found += alike[:1]
    return found


def _ending(path: Path) -> str:
    return ".nii.gz" if path.name.lower().endswith(".nii.gz") else path.suffix.lower()


def _of_scan_folder(path: Path) -> list[Path]:
    """The other files of the Bruker or Varian scan that a file is of."""
    above = _FOLDERS_ABOVE.get(path.name.lower())
    if above is None:
        return []
    own = of_one_scan(_files(path.resolve().parents[above]))
    if path.name.lower() == "fid.refscan":
        return [item for item in own if item.name.lower() in _PARAMETERS]
    needs_signal = path.name.lower() in _PARAMETERS
    return [item for item in own if item.name != path.name and (needs_signal or item.name.lower() in _BESIDE_SAMPLES)]


def _content(path: Path, max_bytes: int) -> SourceFile:
    try:
        if not path.exists():
            raise InaccessibleFile(f"There is no file '{path.name}'; check the path.", file=path.name)
        if not path.is_file():
            raise InaccessibleFile(f"'{path.name}' is not a file; name the spectrum file itself.", file=path.name)
        size = path.stat().st_size
        if size > max_bytes:
            raise InaccessibleFile(
                f"'{path.name}' has {size} bytes, more than the {max_bytes} that are read.",
                file=path.name,
                bytes=size,
                limit=max_bytes,
            )
        return SourceFile(path.name, path.read_bytes())
    except OSError as error:
        raise InaccessibleFile(
            f"'{path.name}' cannot be opened: {error.strerror or 'input/output error'}.", file=path.name
        ) from error


def file_content(path: Path, refusal: type[FittingError], **data: str) -> SourceFile:
    """The file at ``path``, refused as what it is given for when it cannot be opened.

    Raises
    ------
    FittingError
        Of the class ``refusal``.
    """
    try:
        return SourceFile(path.name, path.read_bytes())
    except OSError as error:
        reason = error.strerror or "input/output error"
        raise refusal(
            f"'{path.name}' cannot be opened: {reason}; check the path.", **(data or {"file": path.name})
        ) from error
