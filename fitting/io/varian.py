"""Varian and Agilent scans (VNMR, VnmrJ): the binary fid with its procpar.

The fid has a header of 32 bytes, then blocks of one or more headers of 28 bytes and a trace of pairs, all big-endian
(VnmrJ User Programming, chapter 5; nmrglue, fileio/varian.py). A procpar entry has a line of attributes that begins
with the name and a line of values that begins with their count. Times are in s, the frequency is in MHz. The sign is
ours (wtclarke/spec2nii, varian_importer.py, and FID-A, io_loadspec_varian.m, agree).
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

import numpy as np

from fitting.acquisition import Acquisition, Recording
from fitting.errors import DamagedFile, UnsupportedData
from fitting.io.free_text import free_text
from fitting.io.header_values import complex_samples, positive
from fitting.io.limits import MOST_POINTS, refuse_above
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.water_among import of_unit_size, with_water_apart
from fitting.units import ComplexArray

NAME = "varian"
TITLE = "Varian/Agilent"

_FILE_HEADER, _BLOCK_HEADER = 32, 28
_DATA, _SPECTRUM, _INT32, _FLOAT = 0x1, 0x2, 0x4, 0x8
"""Bits of the status of a file."""
_ENTRY = re.compile(rb"^([A-Za-z_]\w*)((?: +-?[\d.eE+-]+){8,10})[ \t]*\r?\n(\d+) +([^\r\n]*)", re.M)
_MOST_BYTES = 4 * 1024**2
"""Of a procpar; those in use take some hundred kilobytes."""
_REPETITIONS = frozenset({"", "nt", "rep", "reps", "nrep", "average", "averages"})
"""Arrayed parameters that make transients; any other makes a series."""
_NO_RECEIVERS = "The procpar does not say how many receivers there were (rcvrs): it may have been cut off."
_CLEAR = 1.5
"""One order of coils and transients must make neighbours this much more alike than the other."""


class _Header(NamedTuple):
    """The header of a fid file."""

    blocks: int
    traces: int
    numbers: int
    """Of a trace; two make a point."""
    number_bytes: int
    trace_bytes: int
    block_bytes: int
    version: int
    status: int
    block_headers: int


def _header(content: bytes) -> _Header | None:
    """The header, or None when its counts are none of a fid file."""
    if len(content) < _FILE_HEADER:
        return None
    header = _Header(*struct.unpack(">6i2hi", content[:_FILE_HEADER]))
    is_consistent = (
        min(header.blocks, header.traces, header.numbers, header.block_headers) >= 1
        and header.number_bytes in (2, 4)
        and header.trace_bytes == header.numbers * header.number_bytes
        and header.block_bytes == header.traces * header.trace_bytes + header.block_headers * _BLOCK_HEADER
        and header.status & _DATA
    )
    return header if is_consistent else None


def _is_procpar(file: SourceFile) -> bool:
    head = file.content[:2048]
    return b"\0" not in head and _ENTRY.match(head) is not None


def _recognises(files: Files) -> bool:
    if not 1 <= len(files) <= 2:
        return False
    kinds = [(_header(file.content) is not None, _is_procpar(file)) for file in files]
    return all(fid or procpar for fid, procpar in kinds) and sum(fid for fid, _ in kinds) <= 1


def _read(files: Files) -> Recording:
    fid = next((file for file in files if _header(file.content) is not None), None)
    procpar = next((file for file in files if _is_procpar(file)), None)
    if fid is None or procpar is None:
        missing = "its fid" if fid is None else "its procpar"
        raise DamagedFile(
            f"'{files[0].name}' is of a Varian or Agilent scan; send {missing} with it, or the folder of the scan.",
            file=files[0].name,
        )
    parameters = _parameters(procpar)
    name = parameters.get("seqfil")
    sequence = localisation(name)
    nucleus = _nucleus(parameters.get("tn"))
    _refuse_series(fid, parameters)
    samples = _samples(fid, max(1, parameters.get("rcvrs", "y").count("y")))
    width, averages = positive(parameters.get("sw")), positive(parameters.get("nt"))
    acquisition = Acquisition(
        format=NAME,
        spectrometer_frequency=positive(parameters.get("sfrq"), 1e6),
        dwell_time=None if width is None else 1.0 / width,
        echo_time=positive(parameters.get("te")),
        repetition_time=positive(parameters.get("tr")),
        sequence=sequence,
        sequence_name=name,
        mixing_time=positive(parameters.get("tm")) if sequence == "STEAM" else None,
        vendor="Varian",
        averages=None if averages is None else round(averages) * len(samples),
        nucleus=nucleus,
    )
    doubt = _NO_RECEIVERS if "rcvrs" not in parameters and len(samples) > 1 else None
    return with_water_apart(Recording(samples, acquisition, free_text=free_text(name), may_be_cut=doubt))


def _parameters(procpar: SourceFile) -> dict[str, str]:
    """The first value of each parameter that has one.

    Raises
    ------
    OversizedFile, DamagedFile
        When it is too long, or its last entry is not whole.
    """
    content = procpar.content
    if len(content) > _MOST_BYTES:
        refuse_above(procpar, "is a long procpar", _MOST_BYTES, "bytes")
    if not content.endswith(b"\n"):
        raise DamagedFile(f"'{procpar.name}' ends within a line; copy the scan again.", file=procpar.name)
    found: dict[str, str] = {}
    for match in _ENTRY.finditer(content):
        value = match[4].decode("latin-1").strip()
        text = re.match(r'"([^"]*)"', value)
        found[match[1].decode("ascii")] = text[1] if text else value.split(" ")[0]
    return {name: value for name, value in found.items() if value}


def _nucleus(text: str | None) -> str:
    """``H1`` is 1H."""
    named = re.fullmatch(r"([A-Za-z]{1,2})(\d{1,3})", text or "")
    return f"{named[2]}{named[1].capitalize()}" if named else "1H"


def _refuse_series(fid: SourceFile, parameters: dict[str, str]) -> None:
    arrayed = parameters.get("array", "")
    if arrayed not in _REPETITIONS:
        raise UnsupportedData(
            f"'{fid.name}' is a series: its array changes a parameter of the scan; send one part of it.", file=fid.name
        )
    sizes = [positive(parameters.get(name)) or 1.0 for name in ("nv", "nv2", "ni", "ns")]
    if max(sizes) > 1:
        raise UnsupportedData(
            f"'{fid.name}' is imaging or of more than one dimension; send a single-voxel spectrum.", file=fid.name
        )


def _samples(fid: SourceFile, coils: int) -> ComplexArray:
    """Traces as (transients, coils, points).

    Raises
    ------
    DamagedFile, UnsupportedData
    """
    header = _header(fid.content)
    if header is None or not 32 <= header.numbers <= 2 * MOST_POINTS or header.numbers % 2:
        raise _damaged(fid, "its header counts no points")
    if header.status & _SPECTRUM or header.traces > 1:
        kind = "a transformed spectrum" if header.status & _SPECTRUM else f"of {header.traces} traces in a block"
        raise UnsupportedData(f"'{fid.name}' is {kind}; send the FIDs of a single-voxel scan.", file=fid.name)
    expected = _FILE_HEADER + header.blocks * header.block_bytes
    if len(fid.content) != expected:
        raise _damaged(fid, f"it has {len(fid.content)} bytes where its header announces {expected}")
    if header.blocks % coils:
        raise _damaged(fid, f"it has {header.blocks} blocks of {coils} coils")
    whole = ">i4" if header.status & _INT32 or header.number_bytes == 4 else ">i2"
    kind = ">f4" if header.status & _FLOAT else whole
    if np.dtype(kind).itemsize != header.number_bytes:
        raise _damaged(fid, "its header contradicts itself about the size of a number")
    lead = header.block_headers * _BLOCK_HEADER
    block = np.dtype([("header", f"V{lead}"), ("numbers", kind, (header.numbers,))])
    stored = np.frombuffer(fid.content, block, header.blocks, _FILE_HEADER)["numbers"]
    with np.errstate(invalid="ignore"):  # numbers that are none are refused below
        numbers = stored.astype(np.float64)
    pairs = numbers.reshape(header.blocks, -1, 2)
    return _by_coil(fid, complex_samples(pairs[..., 0], pairs[..., 1], fid), coils)


def _by_coil(fid: SourceFile, blocks: ComplexArray, coils: int) -> ComplexArray:
    """Blocks (blocks, points) as (transients, coils, points), in the order in which transients of a coil are alike.

    Raises
    ------
    UnsupportedData
        When both orders look alike.
    """
    transients, points = len(blocks) // coils, blocks.shape[-1]
    inner = blocks.reshape(transients, coils, points)
    if coils == 1 or transients == 1:
        return inner
    outer = np.ascontiguousarray(np.swapaxes(blocks.reshape(coils, transients, points), 0, 1))
    alike = [_likeness(of_unit_size(order)) for order in (inner, outer)]
    if max(alike) < _CLEAR * min(alike):
        raise UnsupportedData(
            f"'{fid.name}' does not show in which order its {coils} coils and {transients} transients are stored; "
            "export the scan as NIfTI-MRS.",
            file=fid.name,
        )
    return inner if alike[0] > alike[1] else outer


def _likeness(samples: ComplexArray) -> float:
    """Size of the mean over transients relative to that of the transients: near 1 where each coil keeps its phase."""
    power = float(np.mean(np.abs(samples) ** 2))
    return float(np.mean(np.abs(samples.mean(axis=0)) ** 2)) / power if power > 0 else 0.0


def _damaged(fid: SourceFile, what: str) -> DamagedFile:
    return DamagedFile(f"'{fid.name}' is recognised as {TITLE}, but {what}; copy the scan again.", file=fid.name)


READER = Reader(name=NAME, title=TITLE, recognises=_recognises, read=_read)
