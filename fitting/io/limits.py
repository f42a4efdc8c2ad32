"""Limits on the unpacked and parsed size of a file, which no header can raise, and decompression that stops at them.

A file is bounded as it arrives, but what it unpacks or parses to is not: deflate shrinks zeros a thousandfold, and a
list of two bytes takes a hundred. What is declared is checked first; what is unpacked is bounded whatever was declared.
"""

from __future__ import annotations

import zlib
from typing import NoReturn

from fitting.errors import OversizedFile
from fitting.io.source import SourceFile

MAX_UNPACKED_BYTES = 512 * 1024**2
"""Of one file; 64 coils x 256 transients x 4096 points of 8 bytes, more than a single-voxel scan stores."""
MAX_RATIO = 10
"""A compressed spectrum that grows more than this is none, unless it stays small: noise, of which spectra are made,
hardly gets smaller, but a bomb gets a thousand times larger."""
LITTLE_BYTES = 32 * 1024**2
"""Unpacked size that is accepted whatever the compression ratio."""
MOST_NUMBERS, MOST_LISTS = 16_000_000, 250_000
"""Of a JSON document; parsed, a number takes 32 bytes and a list 100, whatever their length as text."""
MOST_POINTS = 2**20
"""Of one signal that is text or says its own length; the longest in use have 2**15."""
MOST_HEADER_BYTES = 1_000_000
"""Of a header in text; those in use take some thousand."""


def allowance(file: SourceFile) -> int:
    """Bytes that a compressed spectrum may unpack to."""
    return min(MAX_UNPACKED_BYTES, max(LITTLE_BYTES, MAX_RATIO * len(file.content)))


def refuse_unpacking(file: SourceFile, size: int) -> None:
    """Refuse a compressed spectrum that announces ``size`` bytes and would grow beyond its allowance.

    Raises
    ------
    OversizedFile
    """
    if size > allowance(file):
        refuse_above(file, f"would grow from {len(file.content)} to {size} bytes", allowance(file), "bytes")


def inflated(file: SourceFile, begin: int) -> bytes:
    """A raw deflate stream from ``begin`` to its end, unpacked no further than the file's allowance.

    Raises
    ------
    OversizedFile
        When there is more.
    zlib.error
        When the stream is damaged or ends early.
    """
    limit = allowance(file)
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacked = stream.decompress(memoryview(file.content)[begin:], limit + 1)
    if len(unpacked) > limit:
        refuse_above(file, f"would grow from {len(file.content)} bytes", limit, "bytes")
    if not stream.eof:
        raise zlib.error("the stream ends early")
    return unpacked


def refuse_crowded_json(file: SourceFile, content: bytes) -> None:
    """Refuse JSON, which is ``file`` or a part of it, that takes too much memory when it is parsed.

    Raises
    ------
    OversizedFile
    """
    if content.count(b",") > MOST_NUMBERS:
        refuse_above(file, "holds too many numbers", MOST_NUMBERS, "numbers")
    if sum(map(content.count, (b"[", b"{", b'"'))) > MOST_LISTS:
        refuse_above(file, "holds too many lists and texts", MOST_LISTS, "lists and texts")


def refuse_above(file: SourceFile, what: str, limit: int, unit: str) -> NoReturn:
    """Refuse a file that would take too much memory; ``what`` says why, ``limit`` how many of the unit are read.

    Raises
    ------
    OversizedFile
    """
    raise OversizedFile(
        f"'{file.name}' {what}, more than the {limit} {unit} that are read; no single-voxel spectrum needs as much.",
        file=file.name,
        limit=limit,
        unit=unit,
    )
