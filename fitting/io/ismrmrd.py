"""ISMRMRD (MRD version 1) in HDF5: the raw data of a single-voxel scan, as Siemens' converter and FIRE write them.

A group, by default ``dataset``, holds an XML header and a table of acquisitions with their samples (Inati et al. 2017,
doi:10.1002/mrm.26089; layout and flags of ismrmrd.h). As in Siemens' own raw data the samples have the opposite sign of
ours, and read-outs may be oversampled twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fitting.acquisition import Acquisition, Recording
from fitting.errors import DamagedFile, UnsupportedData
from fitting.io._hdf5 import MALFORMED, SIGNATURE, Hdf5
from fitting.io._hdf5_messages import REFERENCE
from fitting.io.free_text import free_text
from fitting.io.header_values import checked_samples, positive
from fitting.io.limits import MAX_UNPACKED_BYTES, MOST_HEADER_BYTES, refuse_above
from fitting.io.oversampling import without_oversampling
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.water_among import with_water_apart
from fitting.units import ComplexArray

NAME = "ismrmrd"
TITLE = "ISMRMRD/MRD"

_LOOKED_AT = 1 << 22
"""Leading bytes among which the name of the XML header's schema stands."""
_MOST_ACQUISITIONS = 65_536
_FEWEST_POINTS = 16
_FLOAT_BYTES = 4

_NO_SIGNAL = sum(1 << (bit - 1) for bit in (19, 20, 23, 24, 26, 27, 28, 29, 30, 31))
"""Flags of noise, calibration, navigator, phase correction, feedback, dummy and stabilisation read-outs."""
_VOXEL_LOOPS = ("kspace_encode_step_1", "kspace_encode_step_2", "slice", "segment")
_LOOPS = {*_VOXEL_LOOPS, "contrast"}
_COUNTS = {"flags", "active_channels", "number_of_samples", "discard_pre", "discard_post"}

_Heads = npt.NDArray[np.void]


def _recognises(files: Files) -> bool:
    content = files[0].content if len(files) == 1 else b""
    return content.startswith(SIGNATURE) and b"ismrmrd" in content[:_LOOKED_AT].lower()


def _read(files: Files) -> Recording:
    file = files[0]
    try:
        contents = _contents(file)
    except MALFORMED:
        contents = None
    if contents is None:
        raise _damaged(file, "its HDF5 is damaged, compressed or of a version that is not read")
    return _recording(file, *contents)


def _contents(file: SourceFile) -> tuple[str, _Heads, list[npt.NDArray[np.float32]]]:
    """The XML header, the headers of the acquisitions with signal, and their numbers."""
    stored = Hdf5(file.content)
    scans = [members for members in stored.groups().values() if {"data", "xml"} <= set(members)]
    if len(scans) != 1:
        what = f"{len(scans)} scans" if scans else "no raw data (a group with data and xml)"
        raise UnsupportedData(
            f"'{file.name}' is an ISMRMRD file with {what}; send the raw data of one scan.", file=file.name
        )
    header = stored.values(scans[0]["xml"], MOST_HEADER_BYTES)
    if header.dtype == REFERENCE and int(header[0]["length"]) <= MOST_HEADER_BYTES:
        xml = stored.sequence(header[0], 1)
    elif header.dtype.kind == "S":
        xml = bytes(header[0])
    else:
        raise _damaged(file, "its header is longer than headers are, or no text")
    table = stored.values(scans[0]["data"], MAX_UNPACKED_BYTES)
    if len(table) > _MOST_ACQUISITIONS:
        refuse_above(file, f"holds {len(table)} acquisitions", _MOST_ACQUISITIONS, "acquisitions")
    if not {"head", "data"} <= set(table.dtype.names or ()) or table.dtype["data"] != REFERENCE:
        raise _damaged(file, "its table has other columns")
    _check_columns(file, table.dtype["head"])
    kept = table[(table["head"]["flags"].astype(np.uint64) & np.uint64(_NO_SIGNAL)) == 0]
    if not kept.size:
        raise _damaged(file, "it holds no measured signal")
    numbers = _numbers_of_each(file, kept["head"])
    if (kept["data"]["length"] != numbers).any():
        raise _damaged(file, "an acquisition has another size than its header says")
    samples = [np.frombuffer(stored.sequence(item, _FLOAT_BYTES), "<f4") for item in kept["data"]]
    return xml.decode("utf-8", "replace"), kept["head"], samples


def _check_columns(file: SourceFile, head: np.dtype[Any]) -> None:
    """Refuse headers of acquisitions without the fields that are read, or with others than numbers in them."""
    fields, loops = set(head.names or ()), set()
    if fields >= {*_COUNTS, "idx", "sample_time_us"}:
        loops = set(head["idx"].names or ())
    whole = [head[name] for name in _COUNTS if name in fields] + [head["idx"][name] for name in _LOOPS & loops]
    is_known = loops >= _LOOPS and all(each.kind in "iu" for each in whole)
    if not is_known or head["sample_time_us"].kind not in "iuf":
        raise _damaged(file, "its acquisitions have other fields")


def _numbers_of_each(file: SourceFile, heads: _Heads) -> int:
    """How many numbers each acquisition holds."""
    shapes = set(zip(heads["active_channels"].tolist(), heads["number_of_samples"].tolist(), strict=True))
    if len(shapes) > 1:
        raise UnsupportedData(
            f"'{file.name}' holds acquisitions of different sizes; send the raw data of a single-voxel scan.",
            file=file.name,
        )
    ((channels, points),) = shapes
    numbers = 2 * channels * points
    if channels < 1 or points < _FEWEST_POINTS or len(heads) * numbers * _FLOAT_BYTES > len(file.content):
        raise _damaged(file, f"it announces {len(heads)} x {channels} x {points} points, which it cannot hold")
    return int(numbers)


def _recording(file: SourceFile, xml: str, heads: _Heads, samples: Sequence[npt.NDArray[np.float32]]) -> Recording:
    _refuse_other_kinds(file, heads, xml)
    fids, oversampling = _fids(file, heads, samples, xml)
    sequence, protocol = _text(xml, "sequence_type"), _text(xml, "protocolName")
    acquisition = Acquisition(
        format=NAME,
        spectrometer_frequency=positive(_text(xml, "H1resonanceFrequency_Hz")),
        dwell_time=positive(float(heads["sample_time_us"][0]), oversampling * 1e-6),
        echo_time=positive(_text(xml, "TE"), 1e-3),
        repetition_time=positive(_text(xml, "TR"), 1e-3),
        sequence=localisation(sequence),
        sequence_name=sequence or protocol,
        vendor=_text(xml, "systemVendor"),
        scanner_model=_text(xml, "systemModel"),
        averages=len(fids),
    )
    return with_water_apart(Recording(fids, acquisition, free_text=free_text(sequence, protocol)))


def _text(xml: str, tag: str) -> str | None:
    """The content of the first element with this name and no children."""
    found = re.search(rf"<(?:\w{{1,32}}:)?{tag}>([^<>]*)</", xml)
    return found[1].strip() or None if found else None


def _parameter(xml: str, name: str) -> float | None:
    """A user parameter's value."""
    found = re.search(rf"<name>{name}</name>\s*<value>([^<>]*)</value>", xml)
    return positive(found[1]) if found else None


def _refuse_other_kinds(file: SourceFile, heads: _Heads, xml: str) -> None:
    vendor = _text(xml, "systemVendor")
    if vendor is not None and "siemens" not in vendor.lower():
        raise UnsupportedData(
            f"'{file.name}' is an ISMRMRD file of a scanner not by Siemens, whose sign and scale are not known; "
            "send the scanner's own raw data.",
            file=file.name,
        )
    varying = [name for name in sorted(_LOOPS) if np.ptp(heads["idx"][name].astype(np.int64)) > 0]
    if varying:
        kind = "imaging or spectroscopic imaging" if set(varying) & set(_VOXEL_LOOPS) else "a series of contrasts"
        raise UnsupportedData(
            f"'{file.name}' is {kind} (loops {', '.join(varying)}); send an unedited single-voxel scan.", file=file.name
        )
    lines = [int(size) for size in re.findall(r"<matrixSize>\s*<x>\d{1,9}</x>\s*<y>(\d{1,9})</y>", xml)]
    if max(lines, default=1) > 1:
        raise UnsupportedData(f"'{file.name}' is an imaging scan; send a single-voxel scan.", file=file.name)


def _fids(
    file: SourceFile, heads: _Heads, samples: Sequence[npt.NDArray[np.float32]], xml: str
) -> tuple[ComplexArray, int]:
    """FIDs (transients, coils, points) in our sign, and the factor by which they were oversampled and no longer are.

    Points to discard are cut off, and what follows the vector of the protocol.
    """
    channels, points = int(heads["active_channels"][0]), int(heads["number_of_samples"][0])
    before, after = int(heads["discard_pre"].max()), int(heads["discard_post"].max())
    if before + after > points // 2:
        raise _damaged(file, f"its FIDs of {points} points have {before} and {after} points to discard")
    stored = np.stack(samples).view(np.complex64).reshape(len(samples), channels, points)
    fids = checked_samples(stored[:, :, before : points - after], file).conj()
    size = round(_parameter(xml, "SpecVectorSize") or fids.shape[-1])
    if not _FEWEST_POINTS <= size <= fids.shape[-1]:
        raise _damaged(file, f"its vector of {size} points is not in FIDs of {fids.shape[-1]}")
    if fids.shape[-1] < 2 * size:
        return fids[..., :size], 1
    return without_oversampling(fids[..., : 2 * size]), 2


def _damaged(file: SourceFile, what: str) -> DamagedFile:
    return DamagedFile(f"'{file.name}' is recognised as {TITLE}, but {what}; convert the scan again.", file=file.name)


READER = Reader(name=NAME, title=TITLE, recognises=_recognises, read=_read)
