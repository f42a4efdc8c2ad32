"""Bound a DICOM file before it is parsed: inflated size and number of elements.

pydicom inflates a deflated data set (DICOM PS3.5 A.5) whole, and makes an object of a kilobyte from each element of
eight bytes; neither has a limit of its own.
"""

from __future__ import annotations

import zlib
from io import BytesIO

from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from fitting.io.limits import inflated, refuse_above
from fitting.io.source import SourceFile

MOST_ELEMENTS = 50_000
"""Elements of a data set with those of its sequences; spectroscopy objects at hand have up to 700."""

_META_BEGIN = 132
_HEAD_BYTES = 16_384
"""Leading bytes that hold the file meta group and the kind of object."""
_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM = b"\xfe\xff\x00\xe0"
_LONG_VRS = frozenset(vr.encode() for vr in EXPLICIT_VR_LENGTH_32)
_NESTED_VRS = (b"SQ", b"UN")


def is_dicom(content: bytes) -> bool:
    """Whether the bytes are a DICOM Part 10 file."""
    return content[128:_META_BEGIN] == b"DICM"


def head(content: bytes) -> bytes:
    """The beginning of the file as if it were not compressed: enough to know what kind of object it is.

    Raises
    ------
    Exception
        Whatever pydicom and zlib raise for damaged files; the caller guards.
    """
    beginning = content[:_HEAD_BYTES]
    syntax, begin = _meta(beginning)
    if syntax != DeflatedExplicitVRLittleEndian:
        return beginning
    unpacked = zlib.decompressobj(-zlib.MAX_WBITS).decompress(beginning[begin:], _HEAD_BYTES)
    return _as_explicit(beginning[:begin]) + unpacked


def uncompressed(file: SourceFile) -> SourceFile:
    """The same file with a data set that is not deflated and may be parsed.

    Raises
    ------
    OversizedFile
        When it would grow beyond its allowance, or holds more than ``MOST_ELEMENTS``.
    Exception
        Whatever pydicom and zlib raise for damaged files; the caller guards.
    """
    syntax, begin = _meta(file.content)
    if syntax == DeflatedExplicitVRLittleEndian:
        file = SourceFile(file.name, _as_explicit(file.content[:begin]) + inflated(file, begin))
    if _elements(file.content, begin, explicit=syntax != ImplicitVRLittleEndian) > MOST_ELEMENTS:
        refuse_above(file, "holds too many data elements", MOST_ELEMENTS, "elements")
    return file


def _meta(content: bytes) -> tuple[str, int]:
    """Transfer syntax and where the data set begins, from the file meta group (always explicit little endian)."""
    stream = BytesIO(content[:_HEAD_BYTES])
    stream.seek(_META_BEGIN)
    meta = read_dataset(stream, is_implicit_VR=False, is_little_endian=True, stop_when=_beyond_meta)
    return str(meta.get("TransferSyntaxUID", "")), stream.tell()


def _beyond_meta(tag: BaseTag, vr: str | None, length: int) -> bool:  # noqa: ARG001 -- pydicom's signature
    return tag.group != 2


def _as_explicit(meta: bytes) -> bytes:
    """The file meta group with the transfer syntax of the data set once it is inflated, of the same length."""
    syntax = ExplicitVRLittleEndian.ljust(len(DeflatedExplicitVRLittleEndian), "\0")
    return meta.replace(DeflatedExplicitVRLittleEndian.encode(), syntax.encode())


def _elements(content: bytes, at: int, *, explicit: bool) -> int:
    """How many data elements and items there are, those of sequences included; counts little further than allowed."""
    count = 0
    while at + 8 <= len(content) and count <= MOST_ELEMENTS:
        count += 1
        vr = content[at + 4 : at + 6]
        if content[at : at + 2] == _ITEM[:2]:  # begin or end of an item: its content is counted too
            at += 8
            continue
        if explicit and vr.isalpha() and vr not in _LONG_VRS:
            length, at = int.from_bytes(content[at + 6 : at + 8], "little"), at + 8
        elif explicit and vr in _LONG_VRS:
            length, at = int.from_bytes(content[at + 8 : at + 12], "little"), at + 12
        else:
            length, at = int.from_bytes(content[at + 4 : at + 8], "little"), at + 8
        may_nest = not explicit or vr in _NESTED_VRS
        if length != _UNDEFINED_LENGTH and not (may_nest and content[at : at + 4] == _ITEM):
            at += length
    return count
