"""Undo what editors, systems and archives do to a file without changing its meaning, before any reader looks at it.

A byte order mark, UTF-16 and the end-of-file mark of DOS (Ctrl-Z) are removed from text; a DICOM data set that an old
archive wrote without preamble or file meta group gets them (DICOM PS3.10 section 7.1). Other files stay as they are.
"""

from __future__ import annotations

import codecs
import struct
from dataclasses import replace

from fitting.io.source import SourceFile

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_END_OF_FILE = b"\x1a"
_LOOKED_AT = 256
"""Bytes by which text is told from samples."""

_PREAMBLE = bytes(128) + b"DICM"
_META_GROUP, _IDENTIFYING_GROUP = 0x0002, 0x0008
_FIRST_ELEMENTS = range(0x19)
"""The data set of a spectrum begins with one of these elements of its group: up to its SOP instance UID (0018)."""
_SHORT_VRS = (b"CS", b"UI", b"UL", b"SH", b"LO", b"DA", b"TM", b"DT")
_LONGEST_FIRST_VALUE = 1024
_EXPLICIT, _IMPLICIT = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0"


def plain(file: SourceFile) -> SourceFile:
    """The file as its format has it: text without marks, DICOM with its preamble. Never raises."""
    content = _with_preamble(_without_marks(file.content))
    return file if content is file.content else replace(file, content=content)


def _without_marks(content: bytes) -> bytes:
    encoding = _UTF16.get(content[:2])
    head = b"" if encoding is None else content[2:_LOOKED_AT].decode(encoding, "replace").encode("latin-1", "replace")
    if encoding is not None and _is_text(head):
        content = content[2:].decode(encoding, "replace").encode()
    elif content.startswith(codecs.BOM_UTF8):
        content = content[len(codecs.BOM_UTF8) :]
    if content.endswith(_END_OF_FILE) and _is_text(content[-_LOOKED_AT:].rstrip(_END_OF_FILE)):
        content = content.rstrip(_END_OF_FILE)
    return content


def _is_text(content: bytes) -> bool:
    return bool(content) and all(32 <= code < 127 or code in b"\t\n\r" for code in content)


def _with_preamble(content: bytes) -> bytes:
    if len(content) < 16 or content[128:132] == b"DICM":
        return content
    group, element, length = struct.unpack_from("<2HI", content)
    short, vr = int.from_bytes(content[6:8], "little"), content[4:6]
    if group == _META_GROUP and element in (0, 1, 2) and vr in (b"UL", b"OB", b"UI"):
        return _PREAMBLE + content
    if group != _IDENTIFYING_GROUP or element not in _FIRST_ELEMENTS:
        return content
    if vr in _SHORT_VRS and short <= _LONGEST_FIRST_VALUE:
        return _PREAMBLE + _meta(_EXPLICIT) + content
    return _PREAMBLE + _meta(_IMPLICIT) + content if length <= _LONGEST_FIRST_VALUE else content


def _meta(transfer_syntax: bytes) -> bytes:
    """A file meta group with its length and the transfer syntax."""
    element = struct.pack("<2H2sH", _META_GROUP, 0x0010, b"UI", len(transfer_syntax)) + transfer_syntax
    return struct.pack("<2H2sHI", _META_GROUP, 0, b"UL", 4, len(element)) + element
