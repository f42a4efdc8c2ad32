"""A spectrum on disk with the files that belong to it: a Philips SDAT with its SPAR, and the reverse."""

from __future__ import annotations

from pathlib import Path

from fitting.errors import FittingError, InaccessibleFile
from fitting.io.source import Files, SourceFile

MAX_FILE_BYTES = 2 * 1024**3
"""Largest file read into memory unless the caller says otherwise."""

_COMPANIONS = {".sdat": ".spar", ".spar": ".sdat"}


def source_files(path: Path, max_bytes: int = MAX_FILE_BYTES) -> Files:
    """Read the file at ``path`` and, when its format has one, its companion beside it.

    A companion has the same name and the other suffix, in any spelling of upper and lower case. When it is
    not there, the file is returned alone and its reader says what is missing.

    Parameters
    ----------
    path : pathlib.Path
    max_bytes : int
        Larger files are refused unread.

    Raises
    ------
    InaccessibleFile
        When a file is missing, is no regular file, is too large or cannot be opened.
    """
    companion = _companion(path)
    return tuple(_content(item, max_bytes) for item in (path, companion) if item is not None)


def _companion(path: Path) -> Path | None:
    wanted = _COMPANIONS.get(path.suffix.lower())
    if wanted is None or not path.parent.is_dir():
        return None
    alike = [
        item
        for item in path.parent.iterdir()
        if item.suffix.lower() == wanted and item.stem.lower() == path.stem.lower() and item.is_file()
    ]
    # "a.SDAT" and "A.SDAT" may be two scans: the companion with the same capitals is the right one.
    return min(
        alike, key=lambda item: (item.stem != path.stem, item.suffix.isupper() != path.suffix.isupper()), default=None
    )


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
