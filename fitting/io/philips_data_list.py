"""Philips raw data: a .list with one line for each stored vector, its .data with the samples, and the scan's SPAR.

A line of the .list gives kind, loop counters, coil, size and offset of a vector of little-endian single-precision
pairs (the columns are named in the file itself). ``STD`` vectors are signal; noise, rejected and navigator vectors are
left out. Of two mixes one is the scan and the other, much louder, its water reference. Frequency and times stand in
the SPAR only. Samples have the opposite sign of ours (wtclarke/spec2nii, philips_data_list.py; Gannet,
PhilipsRead_data.m).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fitting.acquisition import Recording
from fitting.errors import DamagedFile, UnsupportedData
from fitting.io._spar import acquisition_of, is_list, is_spar, parameters_of, refuse_other_kinds
from fitting.io.header_values import checked_samples
from fitting.io.limits import refuse_above
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.water_among import LOUDER, with_water_apart
from fitting.units import ComplexArray

_END = b"# === END OF DATA DESCRIPTION FILE"
_COLUMNS = (
    "mix", "dyn", "card", "echo", "loca", "chan", "extr1", "extr2", "kx", "ky", "kz", "aver", "sign", "rf", "grad",
    "enc", "rtop", "rr", "size", "offset",
)  # fmt: skip
_ROW = re.compile(rb"^[ \t]*STD((?:[ \t]+-?\d{1,15}){20})[ \t]*\r?$", re.M)
_ANY_ROW = re.compile(rb"^[ \t]*STD[ \t]", re.M)
_TRANSIENTS = ("dyn", "extr1", "extr2", "aver")
_SERIES = {"card": "heart phases", "echo": "echoes", "loca": "places", "ky": "phase encodings", "kz": "phase encodings"}
_BYTES = 8
_MOST_LIST_BYTES = 64 * 1024**2
_MOST_ROWS = 262_144
"""Stored vectors; 64 coils of 4096 transients."""
_NO_END = "The .list has no end mark: it may have been cut off."

_Rows = npt.NDArray[np.int64]


def _recognises(files: Files) -> bool:
    if not 1 <= len(files) <= 3 or sum(map(is_list, files)) != 1:
        return False
    others = [file for file in files if not is_list(file)]
    return sum(map(is_spar, others)) <= 1 and len([file for file in others if not is_spar(file)]) <= 1


def _read(files: Files) -> Recording:
    listed = next(file for file in files if is_list(file))
    spar = next((file for file in files if is_spar(file)), None)
    data = next((file for file in files if file not in (listed, spar) and file.content), None)
    if data is None or spar is None:
        needed = (("the .data", data), ("the SPAR, which has its frequency and times,", spar))
        missing = " and ".join(name for name, file in needed if file is None)
        raise DamagedFile(
            f"'{listed.name}' is Philips raw data (data/list); send {missing} of the same scan with it, under the same "
            "name, or SDAT + SPAR.",
            file=listed.name,
        )
    parameters = parameters_of(spar)
    refuse_other_kinds(parameters, spar)
    rows = _rows(listed)
    _refuse_series(listed, rows)
    parts = [_samples(listed, data, part) for part in _by_mix(listed, rows)]
    scan, water = _scan_and_water(listed, parts)
    acquisition, said = acquisition_of(parameters, READER.name, 1)
    doubt = None if _END in listed.content[-4096:] else _NO_END
    recording = Recording(scan, replace(acquisition, averages=len(scan)), free_text=said, may_be_cut=doubt)
    if water is None:
        return with_water_apart(recording)
    of_water = Recording(water, replace(acquisition, averages=len(water), water_suppressed=False))
    return replace(recording, water=of_water, acquisition=replace(recording.acquisition, water_suppressed=True))


def _rows(listed: SourceFile) -> _Rows:
    """Counters of the signal's vectors, shape (vectors, columns).

    Raises
    ------
    DamagedFile, OversizedFile
    """
    if len(listed.content) > _MOST_LIST_BYTES or len(_ANY_ROW.findall(listed.content)) > _MOST_ROWS:
        refuse_above(listed, "lists too many vectors", _MOST_ROWS, "vectors")
    found = [match[1].split() for match in _ROW.finditer(listed.content)]
    if not found or len(found) != len(_ANY_ROW.findall(listed.content)):
        what = "has a line that is not whole" if found else "lists no signal (STD)"
        raise DamagedFile(f"The .list '{listed.name}' {what}; export the raw data again.", file=listed.name)
    return np.array(found, dtype=np.int64)


def _column(rows: _Rows, name: str) -> _Rows:
    return rows[:, _COLUMNS.index(name)]


def _refuse_series(listed: SourceFile, rows: _Rows) -> None:
    for name, words in _SERIES.items():
        if np.ptp(_column(rows, name)) > 0:
            raise UnsupportedData(
                f"'{listed.name}' is a scan of several {words} ({name}); send a single-voxel scan with one echo time.",
                file=listed.name,
                column=name,
            )


def _by_mix(listed: SourceFile, rows: _Rows) -> list[_Rows]:
    mixes = np.unique(_column(rows, "mix"))
    if len(mixes) > 2:
        raise UnsupportedData(
            f"'{listed.name}' holds {len(mixes)} mixes; only a scan and its water reference can be told apart.",
            file=listed.name,
        )
    return [rows[_column(rows, "mix") == mix] for mix in mixes]


def _samples(listed: SourceFile, data: SourceFile, rows: _Rows) -> ComplexArray:
    """Samples of one mix as (transients, coils, points), in our sign.

    Raises
    ------
    DamagedFile
        When vectors are missing, lie outside the data or are of different sizes.
    """
    sizes, offsets, coils = (_column(rows, name) for name in ("size", "offset", "chan"))
    if np.ptp(sizes) > 0 or sizes[0] < 2 * _BYTES or sizes[0] % _BYTES:
        raise _damaged(listed, "lists vectors of different sizes")
    if offsets.min() < 0 or int(offsets.max()) + int(sizes[0]) > len(data.content):
        raise _damaged(listed, f"lists vectors beyond the end of '{data.name}'")
    if int(sizes[0]) * len(rows) > len(data.content):
        raise _damaged(listed, "lists more vectors than its .data holds")
    counters = np.stack([_column(rows, name) for name in _TRANSIENTS], axis=1)
    order = np.lexsort((coils, *counters.T[::-1]))
    names, counts = np.unique(coils, return_counts=True)
    is_whole = np.ptp(counts) == 0 and not np.any(coils[order].reshape(-1, len(names)) - names)
    if not is_whole or len(np.unique(np.column_stack([counters, coils]), axis=0)) != len(rows):
        raise _damaged(listed, "lacks vectors of some coils or lists vectors twice")
    vectors = [
        np.frombuffer(data.content, "<c8", int(sizes[0]) // _BYTES, int(offset)) for offset in offsets[order].tolist()
    ]
    return checked_samples(np.stack(vectors).reshape(-1, len(names), len(vectors[0])).conj(), data)


def _scan_and_water(listed: SourceFile, parts: Sequence[ComplexArray]) -> tuple[ComplexArray, ComplexArray | None]:
    """The quieter mix is the scan, the other its reference; one mix is a scan.

    Raises
    ------
    UnsupportedData
        When one is not much louder than the other.
    """
    if len(parts) == 1:
        return parts[0], None
    scan, water = sorted(parts, key=_loudness)
    if _loudness(water) <= LOUDER * _loudness(scan):
        raise UnsupportedData(
            f"'{listed.name}' holds two mixes that are not a scan and its unsuppressed water; send an unedited scan.",
            file=listed.name,
        )
    return scan, water


def _loudness(samples: ComplexArray) -> float:
    early = samples[..., : max(16, samples.shape[-1] // 16)]
    return float(np.sqrt(np.mean(np.abs(early) ** 2)))


def _damaged(listed: SourceFile, what: str) -> DamagedFile:
    return DamagedFile(f"The .list '{listed.name}' {what}; export the raw data again.", file=listed.name)


READER = Reader("philips_data_list", "Philips data/list", _recognises, _read)
