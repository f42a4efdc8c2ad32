"""Messages of an HDF5 object header: the shape, type and place of a dataset's values, and links.

From the HDF5 File Format Specification 3.0, section IV.A.2 (The HDF Group). What is damaged or not read raises
`ValueError`, `IndexError`, `TypeError`, `OverflowError` or `struct.error`; the caller guards.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

DATASPACE, DATATYPE, LINK, EXTERNAL, LAYOUT, FILTERS, CONTINUATION, SYMBOL_TABLE = 1, 3, 6, 7, 8, 11, 16, 17
COMPACT, CONTIGUOUS, CHUNKED = 0, 1, 2

REFERENCE: Final = np.dtype([("length", "<u4"), ("heap", "<u8"), ("index", "<u4")])
"""A member of variable length as it is stored: how many items, and where in a heap."""


_MOST_DEPTH, _MOST_RANK = 16, 4
"""Of types inside types, and of arrays."""


@dataclass(frozen=True, slots=True)
class DatasetLayout:
    """Where the values of a dataset are."""

    kind: int
    address: int
    chunk: tuple[int, ...]
    """Sizes of a chunk, the last that of a value; empty when there are none."""
    inline: bytes
    """The values themselves, when they are in the header."""


def shape_of(content: bytes) -> tuple[int, ...]:
    """Sizes of a dataspace; a scalar is one value."""
    version, rank = content[0], content[1]
    if version not in (1, 2) or rank > _MOST_RANK:
        raise ValueError("another dataspace")
    return struct.unpack_from(f"<{rank}Q", content, 8 if version == 1 else 4) or (1,)


def type_of(content: bytes) -> np.dtype[Any]:
    """The numpy type of a datatype; sequences and texts of variable length are `REFERENCE`."""
    return _type(content, 0, 0)[0]


def _type(content: bytes, at: int, depth: int) -> tuple[np.dtype[Any], int]:
    """The type that is described at a place, and where its description ends."""
    if depth > _MOST_DEPTH:
        raise ValueError("types inside types")
    kind, version = content[at] & 15, content[at] >> 4
    bits, size = int.from_bytes(content[at + 1 : at + 4], "little"), int.from_bytes(content[at + 4 : at + 8], "little")
    order = ">" if bits & 1 else "<"
    match kind:
        case 0:
            return np.dtype(f"{order}{'i' if bits & 8 else 'u'}{size}"), at + 12
        case 1:
            return np.dtype(f"{order}f{size}"), at + 20
        case 3:
            return np.dtype(f"S{size}"), at + 8
        case 6:
            return _compound(content, at + 8, (bits & 0xFFFF, size, version), depth)
        case 9 if size == REFERENCE.itemsize:
            return REFERENCE, _type(content, at + 8, depth + 1)[1]
        case 10:
            return _array(content, at + 8, (size, version), depth)
    raise ValueError("a type that is not read")


def _array(content: bytes, at: int, stated: tuple[int, int], depth: int) -> tuple[np.dtype[Any], int]:
    """A type of version 2 has three bytes more and a permutation, which the library never used."""
    size, version = stated
    rank, begin = content[at], at + (4 if version < 3 else 1)
    shape = struct.unpack_from(f"<{rank}I", content, begin)
    inner, end = _type(content, begin + rank * (8 if version < 3 else 4), depth + 1)
    if rank > _MOST_RANK or math.prod(shape) * inner.itemsize != size:
        raise ValueError("an array of another size")
    return np.dtype((inner, shape)), end


def _compound(content: bytes, at: int, stated: tuple[int, int, int], depth: int) -> tuple[np.dtype[Any], int]:
    """Members by name, offset and type; the versions differ in padding, width of offsets and arrays."""
    count, size, version = stated
    names, offsets, kinds = [], [], []
    width = 4 if version < 3 else max(1, (size.bit_length() + 7) // 8)
    for _ in range(count):
        length = content.index(b"\0", at) - at
        names.append(content[at : at + length].decode("utf-8", "replace"))
        at += length + 1 if version > 2 else (length // 8 + 1) * 8
        offsets.append(int.from_bytes(content[at : at + width], "little"))
        at += width
        shape: tuple[int, ...] = ()
        if version == 1:
            shape = struct.unpack_from("<4I", content, at + 12)[: content[at]]
            at += 28
        inner, at = _type(content, at, depth + 1)
        kinds.append(np.dtype((inner, shape)) if shape else inner)
        if offsets[-1] + kinds[-1].itemsize > size:
            raise ValueError("a member beyond its row")
    return np.dtype({"names": names, "offsets": offsets, "formats": kinds, "itemsize": size}), at


def layout_of(content: bytes, rank: int) -> DatasetLayout:
    """Where the values of a dataset with ``rank`` dimensions are; chunks of a B-tree of version 1 only."""
    version, kind = content[0], content[1]
    if kind == COMPACT and version in (3, 4):
        return DatasetLayout(kind, 0, (), content[4 : 4 + int.from_bytes(content[2:4], "little")])
    if kind == CONTIGUOUS and version in (3, 4):
        (address,) = struct.unpack_from("<Q", content, 2)
        return DatasetLayout(kind, address, (), b"")
    if kind == CHUNKED and version == 3 and content[2] == rank + 1:
        address, *chunk = struct.unpack_from(f"<Q{rank + 1}I", content, 3)
        return DatasetLayout(kind, address, tuple(chunk), b"")
    raise ValueError("another layout")


def hard_link(content: bytes) -> tuple[str, int] | None:
    """Name and address that a link message holds; None for soft and external links."""
    flags, at = content[1], 2
    kind = content[at] if flags & 8 else 0
    at += (1 if flags & 8 else 0) + (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)
    begin = at + width + int.from_bytes(content[at : at + width], "little")
    if kind != 0:
        return None
    return content[at + width : begin].decode("utf-8", "replace"), struct.unpack_from("<Q", content, begin)[0]
