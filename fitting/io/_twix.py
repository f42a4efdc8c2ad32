"""The bytes of Siemens raw data: measurements, their protocol texts and their transients, not interpreted.

Own code, after judging the libraries: pyMapVBVD 0.7 never returns from some damaged files, takes the size of the
first transient for all, needs a file on disk and prints a progress bar; suspect 0.6 refuses a header without the
patient's name and cuts the FID to a power of two. The tests compare our reading with pyMapVBVD's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LOOPS = ("Lin", "Ave", "Sli", "Par", "Eco", "Phs", "Rep", "Set", "Seg", "Ida", "Idb", "Idc", "Idd", "Ide")

_TABLE_ENTRY = 152
_MAX_MEASUREMENTS = 64
_MAX_TEXTS = 64
_MAX_HEADER_BYTES = 8 * 1024**2
"""Headers in use take up to a megabyte; parsed, a line of four bytes takes two hundred."""
_SMALLEST_VB_HEADER = 10_000
_FIRST_TEXT = re.compile(rb"\w{4,}\x00.{4}(?:<XProtocol>|### ASCCONV)", re.DOTALL)
_TEXT_NAME = re.compile(rb"(\w{4,47})\x00")
_ASCCONV = re.compile(r"### ASCCONV BEGIN[^\n]*\n(.*?)### ASCCONV END", re.DOTALL)
_PARAMETER = re.compile(r'<Param\w+\."(\w+)">\s*\{([^{}]*)\}')
_PRECISION = re.compile(r"\s*<Precision>\s*\d+")

_END, _SYNCHRONISATION = 1 << 0, 1 << 5
_REFERENCE_LINE, _REFERENCE_AND_SIGNAL = 1 << 22, 1 << 23
_NO_SIGNAL = sum(1 << bit for bit in (1, 2, 14, 15, 21, 25))
"""Evaluation flags of feedback, phase stabilisation, phase correction and noise adjustment readouts."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Layout of a transient: one header for all coils from VD on, one per coil in VB."""

    header: np.dtype[np.void]
    scan_header: int
    channel_header: int


def _header(*, flags: int, cut_off: int, ice: int, ice_count: int, free: int, size: int) -> np.dtype[np.void]:
    fields = {
        "length": ("<u4", 0),
        "flags": ("<u8", flags),
        "points": ("<u2", flags + 8),
        "coils": ("<u2", flags + 10),
        "loops": (f"({len(_LOOPS)},)<u2", flags + 12),
        "cut_off": ("(2,)<u2", cut_off),
        "ice": (f"({ice_count},)<u2", ice),
        "free": ("(4,)<u2", free),
    }
    formats, offsets = zip(*fields.values(), strict=True)
    return np.dtype({"names": list(fields), "formats": formats, "offsets": offsets, "itemsize": size})


_VB = _Layout(_header(flags=20, cut_off=60, ice=80, ice_count=4, free=88, size=128), 0, 128)
_VD = _Layout(_header(flags=40, cut_off=80, ice=128, ice_count=24, free=176, size=192), 192, 32)


@dataclass(frozen=True, slots=True)
class RawMeasurement:
    """One measurement of a raw data file; texts are as stored and may hold identity, so they go no further."""

    texts: dict[str, str]
    samples: npt.NDArray[np.complex64] | None
    """Signal as stored, shape (transients, coils, points); None when there is no transient."""
    headers: npt.NDArray[np.void]
    """One header per transient."""

    def protocol(self) -> dict[str, str]:
        """Assignments of the measured protocol (ASCCONV) by their full name, such as ``alTE[0]``."""
        block = _ASCCONV.search(self.texts.get("MeasYaps", ""))
        lines = [] if block is None else [line.partition("=") for line in block[1].splitlines()]
        return {key.strip(): value.strip() for key, _, value in lines}

    def dicom(self) -> dict[str, str]:
        """Parameters of the block that the scanner copies into DICOM files."""
        found = _PARAMETER.finditer(self.texts.get("Dicom", ""))
        return {match[1]: _PRECISION.sub("", match[2], count=1).strip(' \n\r\t"') for match in found}

    def loop(self, name: str) -> npt.NDArray[np.int64]:
        """The counter of one loop, such as ``Ave``, for each transient."""
        counters: npt.NDArray[np.int64] = self.headers["loops"][:, _LOOPS.index(name)].astype(np.int64)
        return counters


def is_raw_data(content: bytes) -> bool:
    """Whether the bytes are a raw data file of any version. Never raises."""
    start = _starts(content)[0]
    return _FIRST_TEXT.match(content, start + 8) is not None if start + 8 < len(content) else False


def last_measurement(content: bytes) -> RawMeasurement:
    """The last measurement of the file: from VD on the scan itself, after its adjustments.

    Raises
    ------
    ValueError
        When texts or transients are cut off, inconsistent, or not closed by the end mark.
    """
    start = _starts(content)[-1]
    length = _uint32(content, start)
    texts = dict(_texts(content, start, start + length))
    layout = _VD if _has_table(content) else _VB
    begins = list(_transients(content, start + length, layout))
    headers = np.array([np.frombuffer(content, layout.header, 1, begin)[0] for begin in begins], layout.header)
    return RawMeasurement(texts, _samples(content, begins, headers, layout), headers)


def _has_table(content: bytes) -> bool:
    """Whether the file begins with a table of measurements (VD and later) and not with the header's length (VB)."""
    first, count = int.from_bytes(content[:4], "little"), int.from_bytes(content[4:8], "little")
    return first < _SMALLEST_VB_HEADER and 1 <= count <= _MAX_MEASUREMENTS


def _starts(content: bytes) -> list[int]:
    if not _has_table(content):
        return [0]
    entries = (8 + _TABLE_ENTRY * number for number in range(int.from_bytes(content[4:8], "little")))
    return [int.from_bytes(content[entry + 8 : entry + 16], "little") for entry in entries]


def _uint32(content: bytes, at: int) -> int:
    if at + 4 > len(content):
        raise ValueError("cut off")
    return int.from_bytes(content[at : at + 4], "little")


def _texts(content: bytes, start: int, end: int) -> Iterator[tuple[str, str]]:
    """The named texts of a measurement's header."""
    at, count = start + 8, _uint32(content, start + 4)
    if count > _MAX_TEXTS or end > len(content) or end - start > _MAX_HEADER_BYTES:
        raise ValueError("implausible header")
    for _ in range(count):
        name = _TEXT_NAME.match(content, at, end)
        if name is None:
            raise ValueError("text without a name")
        begin = name.end() + 4
        at = begin + _uint32(content, name.end())
        if at > end:
            raise ValueError("text beyond its header")
        yield name[1].decode("latin-1"), content[begin:at].decode("latin-1")


def _transients(content: bytes, begin: int, layout: _Layout) -> Iterator[int]:
    """Offset of each transient with signal."""
    while True:
        if begin + layout.header.itemsize > len(content):
            raise ValueError("no end mark")
        header = np.frombuffer(content, layout.header, 1, begin)[0]
        flags = int(header["flags"])
        if flags & _END:
            return
        if flags & _SYNCHRONISATION:
            length = int(header["length"]) & 0x1FFFFFF
        else:
            length = layout.scan_header + int(header["coils"]) * (layout.channel_header + 8 * int(header["points"]))
            reference = flags & _REFERENCE_LINE and not flags & _REFERENCE_AND_SIGNAL
            if not flags & _NO_SIGNAL and not reference:
                yield begin
        if length < layout.header.itemsize:
            raise ValueError("transient without length")
        begin += length


def _samples(
    content: bytes, begins: list[int], headers: npt.NDArray[np.void], layout: _Layout
) -> npt.NDArray[np.complex64] | None:
    if not begins:
        return None
    ((points, coils),) = {(int(header["points"]), int(header["coils"])) for header in headers}  # raises if they differ
    channel = np.dtype([("header", f"V{layout.channel_header}"), ("samples", "<c8", (points,))])
    stored = [np.frombuffer(content, channel, coils, begin + layout.scan_header)["samples"] for begin in begins]
    return np.stack(stored)
