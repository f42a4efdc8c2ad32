"""Unpack what spectra are sent in: gzip of one file, ZIP of a folder. Bounded, whatever an archive announces.

The names inside an archive may be a patient's, so members get neutral ones: a number for each stem
and the known ending.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from fitting.errors import DamagedFile, UnsupportedData
from fitting.io._nifti import GZIP, is_nifti
from fitting.io.file_names import known_ending, of_one_scan
from fitting.io.limits import LITTLE_BYTES, allowance, refuse_above
from fitting.io.source import Files, SourceFile

MOST_MEMBERS = 4096
"""Files in an archive; 64 coils x 64 averages."""
MOST_DIRECTORY_BYTES = 1_000_000
"""Of the list of members; parsed, an entry of 46 bytes takes a kilobyte."""

_ZIP = b"PK\x03\x04"
_END_OF_DIRECTORY, _ZIP64_LOCATOR = b"PK\x05\x06", b"PK\x06\x07"
_LONGEST_COMMENT = 65_535
_ENCRYPTED = 1


def is_archive(content: bytes) -> bool:
    """Whether the bytes are a ZIP or a gzip file other than compressed NIfTI, by the first of them."""
    return content.startswith(_ZIP) or (content.startswith(GZIP) and not is_nifti(content))


def unpacked(files: Files) -> Files:
    """The files with those inside archives in their place.

    Raises
    ------
    OversizedFile
        When an archive holds or would grow to too much.
    DamagedFile, UnsupportedData
        When it cannot be unpacked.
    """
    return tuple(inner for file in files for inner in (_inner(file) if is_archive(file.content) else (file,)))


def _inner(file: SourceFile) -> Files:
    return _zipped(file) if file.content.startswith(_ZIP) else (_gunzipped(file),)


def _gunzipped(file: SourceFile, most: int | None = None) -> SourceFile:
    """A gzip file unpacked, no further than its allowance and ``most`` bytes."""
    limit = allowance(file) if most is None else min(most, allowance(file))
    stream = zlib.decompressobj(wbits=31)
    try:
        content = stream.decompress(file.content, limit + 1)
    except zlib.error:
        raise _damaged(file, "gzip file") from None
    if len(content) > limit:
        refuse_above(file, f"would grow from {len(file.content)} bytes", limit, "bytes")
    if not stream.eof:
        raise _damaged(file, "gzip file")
    name = file.name[: -len(".gz")] if file.name.lower().endswith(".gz") else file.name
    return SourceFile(name, content)


def _zipped(file: SourceFile) -> Files:
    _check_directory(file)
    try:
        with ZipFile(BytesIO(file.content)) as archive:
            members = [item for item in archive.infolist() if not item.is_dir() and not _is_hidden(item.filename)]
            chosen = _chosen(members)
            _check_sizes(file, chosen)
            return tuple(_members(file, archive, chosen))
    except (BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, struct.error):
        raise _damaged(file, "ZIP archive") from None


def _check_directory(file: SourceFile) -> None:
    """Bound the list of members before it is parsed."""
    tail = file.content[-(_LONGEST_COMMENT + 22) :]
    at = tail.rfind(_END_OF_DIRECTORY)
    if at < 0 or at + 22 > len(tail):
        raise _damaged(file, "ZIP archive")
    if _ZIP64_LOCATOR in tail[max(0, at - 20) : at]:
        raise UnsupportedData(
            f"'{file.name}' is a ZIP64 archive; send a ZIP archive of one scan, or its files.", file=file.name
        )
    members, size = struct.unpack_from("<HI", tail, at + 10)
    if members > MOST_MEMBERS:
        refuse_above(file, f"holds {members} files", MOST_MEMBERS, "files")
    if size > MOST_DIRECTORY_BYTES:
        refuse_above(file, f"lists its files in {size} bytes", MOST_DIRECTORY_BYTES, "bytes of list")


def _check_sizes(file: SourceFile, members: list[ZipInfo]) -> None:
    if any(item.flag_bits & _ENCRYPTED for item in members):
        raise UnsupportedData(f"'{file.name}' is an encrypted ZIP archive; send its files unpacked.", file=file.name)
    if any(item.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for item in members):
        raise UnsupportedData(
            f"'{file.name}' is packed by another method than deflate; pack it again as an ordinary ZIP archive.",
            file=file.name,
        )
    total = sum(item.file_size for item in members)
    if total > allowance(file):
        refuse_above(file, f"would grow from {len(file.content)} to {total} bytes", allowance(file), "bytes")


def _members(file: SourceFile, archive: ZipFile, members: list[ZipInfo]) -> Iterator[SourceFile]:
    numbers: dict[str, int] = {}
    left = max(LITTLE_BYTES, allowance(file))
    for item in members:
        with archive.open(item) as stream:
            content = stream.read(left + 1)
        left -= len(content)
        if left < 0:
            refuse_above(file, f"grows from {len(file.content)} bytes", allowance(file), "bytes")
        if content.startswith(_ZIP):
            raise UnsupportedData(f"'{file.name}' holds another archive; send one archive of files.", file=file.name)
        stem = str(PurePosixPath(item.filename).with_suffix("")).lower()
        number = numbers.setdefault(stem, len(numbers) + 1)
        inner = SourceFile(f"{file.name}, file {number}{known_ending(item.filename)}", content)
        if content.startswith(GZIP) and not is_nifti(content):
            inner = _gunzipped(inner, left)
            left -= len(inner.content)
        yield inner


def _chosen(members: list[ZipInfo]) -> list[ZipInfo]:
    """The members in order of their names; of the folder of one scan those that are read."""
    by_path = {PurePosixPath(item.filename): item for item in members}
    return [by_path[path] for path in of_one_scan(sorted(by_path))]


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _damaged(file: SourceFile, kind: str) -> DamagedFile:
    return DamagedFile(f"'{file.name}' is a damaged {kind}; pack it again, or send the files in it.", file=file.name)
