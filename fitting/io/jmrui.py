"""jMRUI files: the text form (``.txt``) and the binary form (``.mrui``) with all their signals.

Both give the sampling interval in ms and the transmitter frequency in Hz, and both store the spectrum with higher
ppm at higher frequency (spant's and spec2nii's readers agree); it is conjugated to our convention. ZeroOrderPhase and
BeginTime describe the display, not the samples, and are left to the fit. The binary form is big-endian doubles: a
header of 64, the signals, then free text with the patient's name, which is not read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from fitting.acquisition import Acquisition, Recording
from fitting.errors import DamagedFile
from fitting.io.free_text import free_text
from fitting.io.header_values import complex_samples, positive
from fitting.io.limits import MOST_POINTS, refuse_above
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.text_rows import Ending, ending_of
from fitting.io.water_among import with_water_apart
from fitting.units import FloatArray

_TITLE = b"jMRUI Data Textfile"
_FIELD = re.compile(r"^([A-Za-z]\w*)[ \t]*:[ \t]*(.*?)[ \t]*$", re.M)
_SIGNAL = re.compile(r"^[ \t]*Signal (?:number:[ \t]*)?\d+ out of (\d+) in file.*$", re.M | re.I)
_NUCLEI = {"1": "1H", "2": "31P", "3": "13C", "4": "19F", "5": "23Na"}
"""TypeOfNucleus as a number; 0 is unknown."""
_BINARY_HEADER = 512
_NO_TEXT = "The file lacks the lines of text that jMRUI writes behind the signals: it may have been cut off."
_NO_BREAK = "The file ends without a line break: it may have been cut off."


class _Binary(NamedTuple):
    points: int
    sampling_interval: float
    transmitter_frequency: float
    nucleus: int


def _binary_header(content: bytes) -> _Binary | None:
    """The header of a binary file, or None when the bytes cannot be one: there is no magic number."""
    if len(content) < _BINARY_HEADER:
        return None
    header = np.frombuffer(content, ">f8", 13)
    if not np.isfinite(header).all():
        return None
    _, points, interval, _, _, frequency, field, nucleus = (float(value) for value in header[:8])
    if (
        points == int(points)
        and 16 <= points <= MOST_POINTS
        and 1e-3 <= interval <= 100.0
        and 1e6 <= frequency <= 1e9
        and 0.0 <= field <= 30.0
        and nucleus in range(6)
    ):
        return _Binary(int(points), interval, frequency, int(nucleus))
    return None


def _is_jmrui(content: bytes) -> bool:
    return content[:64].lstrip(b"\xef\xbb\xbf \r\n").startswith(_TITLE) or _binary_header(content) is not None


def _recognises(files: Files) -> bool:
    return len(files) == 1 and _is_jmrui(files[0].content)


def _read(files: Files) -> Recording:
    file = files[0]
    binary = _binary_header(file.content)
    return _read_text(file) if binary is None else _read_binary(file, binary)


def _read_binary(file: SourceFile, header: _Binary) -> Recording:
    signal_bytes = header.points * 16
    signals = (len(file.content) - _BINARY_HEADER) // signal_bytes
    # The text at the end may be longer than a short signal.
    while signals > 1 and _is_text(file.content[_BINARY_HEADER + (signals - 1) * signal_bytes :][:signal_bytes]):
        signals -= 1
    rest = file.content[_BINARY_HEADER + signals * signal_bytes :]
    if signals < 1 or not _is_text(rest):
        raise DamagedFile(f"The jMRUI file '{file.name}' ends within a signal; export it again.", file=file.name)
    numbers = np.frombuffer(file.content, ">f8", signals * header.points * 2, _BINARY_HEADER)
    acquisition = _acquisition(
        interval=header.sampling_interval,
        frequency=header.transmitter_frequency,
        nucleus=str(header.nucleus),
    )
    doubt = None if b"\n" in rest or b"\r" in rest else _NO_TEXT
    return _recording(numbers.reshape(signals, 1, header.points, 2), file, acquisition, doubt)


def _is_text(content: bytes) -> bool:
    """Whether these bytes are text; most bytes of binary numbers are not printable characters."""
    codes = np.frombuffer(content, np.uint8)
    printable = ((codes >= 32) & (codes < 127)) | ((codes >= 9) & (codes <= 13))
    return bool(4 * np.count_nonzero(~printable) <= codes.size)


def _read_text(file: SourceFile) -> Recording:
    if file.content.count(b"\n") + file.content.count(b"\r") > 4 * MOST_POINTS:
        refuse_above(file, "holds too many rows", 4 * MOST_POINTS, "rows")
    text = file.content.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    parts = _SIGNAL.split(text)
    header, announced, blocks = parts[0], parts[1::2], parts[2::2]
    fields: dict[str, str] = dict(_FIELD.findall(header))
    points = positive(fields.get("PointsInDataset"))
    if points is None or not blocks:
        raise DamagedFile(
            f"The jMRUI file '{file.name}' lacks {'PointsInDataset' if blocks else 'its signals'}; export it again.",
            file=file.name,
        )
    if int(announced[0]) != len(blocks):
        raise DamagedFile(
            f"The jMRUI file '{file.name}' announces {announced[0]} signals and holds {len(blocks)}; export it again.",
            file=file.name,
        )
    ending = ending_of(blocks[-1])
    if ending is Ending.CUT:
        raise DamagedFile(
            f"The jMRUI file '{file.name}' ends within a row of numbers; export it again.", file=file.name
        )
    signals = [_columns(block, int(points), file) for block in blocks]
    name = fields.get("PulseSequence") or None
    acquisition = _acquisition(
        interval=positive(fields.get("SamplingInterval")),
        frequency=positive(fields.get("TransmitterFrequency")),
        nucleus=fields.get("TypeOfNucleus"),
        sequence_name=name,
    )
    doubt = _NO_BREAK if ending is Ending.UNSURE else None
    return _recording(np.stack(signals)[:, np.newaxis], file, acquisition, doubt)


def _columns(block: str, points: int, file: SourceFile) -> FloatArray:
    """Real and imaginary part of one signal, shape (points, 2); further columns are its spectrum."""
    if "," in block and "." not in block:
        block = block.replace(",", ".")  # decimal commas
    rows = [line.split(maxsplit=2) for line in block.split("\n") if line.strip()]
    if len(rows) != points or any(len(row) < 2 for row in rows):
        raise DamagedFile(
            f"A signal of the jMRUI file '{file.name}' has {len(rows)} rows where {points} points of two columns are "
            "announced; export it again.",
            file=file.name,
        )
    try:
        return np.array([row[:2] for row in rows], dtype=np.float64)
    except ValueError as error:
        raise DamagedFile(
            f"A signal of the jMRUI file '{file.name}' holds something that is not a number; export it again.",
            file=file.name,
        ) from error


def _acquisition(
    interval: float | None, frequency: float | None, nucleus: str | None, sequence_name: str | None = None
) -> Acquisition:
    """Values common to both forms: sampling interval in ms, transmitter frequency in Hz."""
    return Acquisition(
        format=READER.name,
        spectrometer_frequency=frequency,
        dwell_time=positive(interval, 1e-3),
        echo_time=None,
        repetition_time=None,
        sequence=localisation(sequence_name),
        sequence_name=sequence_name,
        nucleus=_nucleus(nucleus),
    )


def _nucleus(text: str | None) -> str:
    """Name of the nucleus from its code or its name; 1H when unknown, as in every other reader."""
    code = positive(text)
    if code is not None:
        return _NUCLEI.get(f"{code:g}", "1H")
    named = re.fullmatch(r"(\d{1,3})([A-Za-z]{1,2})", text or "")
    return f"{named.group(1)}{named.group(2).capitalize()}" if named else "1H"


def _recording(pairs: FloatArray, file: SourceFile, acquisition: Acquisition, may_be_cut: str | None) -> Recording:
    """Signals as transients, unsuppressed ones apart; ``pairs``: (signals, 1, points, 2), real and imaginary."""
    samples = complex_samples(pairs[..., 0], -pairs[..., 1], file)
    said = free_text(acquisition.sequence_name)
    return with_water_apart(Recording(samples, acquisition, free_text=said, may_be_cut=may_be_cut))


READER = Reader("jmrui", "jMRUI", _recognises, _read)
