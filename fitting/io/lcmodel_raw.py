"""LCModel .RAW and .H2O text: namelists, then the FID in Fortran number columns.

Rules from the LCModel manual (Provencher, LCModel & LCMgui User's Manual 6.3, chapter 5): data are multiplied by
TRAMP/VOLUME and conjugated with BRUKER=T; ECHOT is in ms and HZPPPM in MHz. LCModel's sign is ours. The
dwell time stands in LCModel's control file, never in the data file.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np

from fitting.acquisition import Acquisition, Recording
from fitting.errors import DamagedFile, UnsupportedData
from fitting.io.free_text import free_text
from fitting.io.header_values import complex_samples, positive, with_point
from fitting.io.limits import MOST_HEADER_BYTES, MOST_POINTS, refuse_above
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.text_rows import Ending, ending_of
from fitting.units import FloatArray

_NAMELIST = re.compile(r"^[ \t]*[$&](SEQPAR|NMID|BASIS1|BASIS|NMUSED|LCMODL)\b", re.I | re.M)
_END = re.compile(r"[$&]END\b|^[ \t]*/[ \t]*$", re.I | re.M)
_ENTRY = re.compile(r"(\w+)[ \t]*=[ \t]*(?:'((?:[^'\n]|'')*)'|([^\s,$&=']*(?:,\d+(?:[EeDd][+-]?\d+)?)?))")
_REAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[EeDdQq][+-]?\d{1,3}|[+-]\d{3})?")
_COMMA_NUMBER = re.compile(r"\s*[+-]?\d*,\d{3,}(?:[EeDd][+-]?\d{1,3})?(?:\s|$|[+-]\d)")
_COLUMNS = re.compile(r"\(\s*(?:\d+P\s*,?\s*)?(\d*)\s*[EDFG]N?(\d+)(?:[.,]\d+)?\s*\)", re.I)
_HEAD_BYTES = 4096
_WIDEST = 32
"""Characters that a number takes at most, with the space before it."""
_SAME_FREQUENCY = 0.01
_ROUND = (64, 100)
"""Usual divisor of the number of points, unless a writer removed some."""
_NOT_A_SPECTRUM = {
    "LCMODL": "an LCModel control file; send the .RAW file it names",
    "BASIS1": "an LCModel basis set; give it as the basis, not as the spectrum",
    "BASIS": "an LCModel basis set; give it as the basis, not as the spectrum",
    "NMUSED": "an LCModel basis set; give it as the basis, not as the spectrum",
}


def _namelists(text: str) -> set[str]:
    return {match.group(1).upper() for match in _NAMELIST.finditer(text)}


def _is_lcmodel(content: bytes) -> bool:
    head = content[:_HEAD_BYTES]
    return b"\0" not in head and bool(_namelists(head.decode("latin-1")))


def _recognises(files: Files) -> bool:
    if not 1 <= len(files) <= 2 or not all(_is_lcmodel(file.content) for file in files):
        return False
    return len(files) == 1 or sum(map(_is_control, files)) == 1


def _is_control(file: SourceFile) -> bool:
    return "LCMODL" in _namelists(file.content[:_HEAD_BYTES].decode("latin-1"))


def _read(files: Files) -> Recording:
    data, *others = sorted(files, key=_is_control)
    recording = _read_data(data)
    return _with_control(recording, others[0]) if others else recording


def _with_control(recording: Recording, file: SourceFile) -> Recording:
    """The recording with what only LCModel's control file says: dwell time (DELTAT) and frequency (HZPPPM).

    Raises
    ------
    DamagedFile
        When the two files contradict each other.
    """
    if len(file.content) > MOST_HEADER_BYTES:
        refuse_above(file, "is a long control file", MOST_HEADER_BYTES, "bytes")
    entries = _entries(file.content.decode("latin-1"))
    acquisition, points = recording.acquisition, positive(_real(entries.get("NUNFIL")))
    frequency = positive(_real(entries.get("HZPPPM")), 1e6)
    stated = acquisition.spectrometer_frequency
    if points is not None and points != recording.points:
        raise _contradiction(file, f"NUNFIL is {points:g}, the data have {recording.points} points")
    if frequency and stated and not math.isclose(frequency, stated, rel_tol=_SAME_FREQUENCY):
        raise _contradiction(file, f"HZPPPM is {frequency * 1e-6:g}, the data say {stated * 1e-6:g}")
    completed = replace(
        acquisition,
        dwell_time=positive(_real(entries.get("DELTAT"))),
        spectrometer_frequency=stated or frequency,
    )
    said = "The dwell time is that of the LCModel control file sent with the spectrum or beside it."
    return replace(recording, acquisition=completed, beside=(said,))


def _contradiction(file: SourceFile, what: str) -> DamagedFile:
    return DamagedFile(
        f"The control file '{file.name}' is not that of this spectrum: {what}. Send the right one, or none.",
        file=file.name,
    )


def _read_data(file: SourceFile) -> Recording:
    text = file.content.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    namelists = _namelists(text)
    for namelist, what in _NOT_A_SPECTRUM.items():
        if namelist in namelists:
            raise UnsupportedData(f"'{file.name}' is {what}.", file=file.name)
    header, data = _split(text, file)
    entries = _entries(header)
    if _true(entries.get("SEQACQ")):
        raise UnsupportedData(
            f"'{file.name}' was acquired with alternating real and imaginary points (SEQACQ=T); "
            "export simultaneously sampled data.",
            file=file.name,
        )
    ending = ending_of(data)
    if ending is Ending.CUT:
        raise DamagedFile(f"'{file.name}' ends within a row of numbers; export it again.", file=file.name)
    numbers = _numbers(data, entries.get("FMTDAT"), file)
    if numbers.size % 2:
        raise DamagedFile(f"'{file.name}' ends within a complex point; export it again.", file=file.name)
    announced = positive(_real(entries.get("NUNFIL")))
    if announced is not None and numbers.size != 2 * announced:
        raise DamagedFile(
            f"'{file.name}' holds {numbers.size // 2} points where its header announces {announced:g} (NUNFIL); export "
            "it again.",
            file=file.name,
        )
    with np.errstate(over="ignore", invalid="ignore"):  # non-finite values are refused below
        pairs = (numbers * _scale(entries, file)).reshape(1, 1, -1, 2)
    sign = -1.0 if _true(entries.get("BRUKER")) else 1.0
    name = entries.get("SEQ") or None
    acquisition = Acquisition(
        format=READER.name,
        # A widespread writer names it HZPPM.
        spectrometer_frequency=positive(_real(entries.get("HZPPPM") or entries.get("HZPPM")), 1e6),
        dwell_time=None,
        echo_time=positive(_real(entries.get("ECHOT")), 1e-3),
        repetition_time=None,
        sequence=localisation(name),
        sequence_name=name,
    )
    samples = complex_samples(pairs[..., 0], sign * pairs[..., 1], file)
    doubt = None if announced is not None else _doubt(numbers.size // 2, ending)
    return Recording(samples, acquisition, free_text=free_text(name), may_be_cut=doubt)


def _doubt(points: int, ending: Ending) -> str | None:
    """Reason to suspect a truncated file: the number of points is not stated, but usually is a round number."""
    if ending is Ending.UNSURE:
        return "The file does not say how many points it has and ends without a line break: it may have been cut off."
    if any(points % number == 0 for number in _ROUND):
        return None
    return f"The file does not say how many points it has, and {points} is no usual number: it may have been cut off."


def _split(text: str, file: SourceFile) -> tuple[str, str]:
    """The namelists and the text after the last of them."""
    start = max((match.start() for match in _NAMELIST.finditer(text)), default=0)
    end = _END.search(text, start)
    if end is None:
        raise DamagedFile(f"The header of '{file.name}' does not end ($END); export it again.", file=file.name)
    if end.start() > MOST_HEADER_BYTES:
        refuse_above(file, "has a long header", MOST_HEADER_BYTES, "bytes of header")
    return text[: end.start()], text[end.end() :]


def _entries(header: str) -> dict[str, str]:
    return {key.upper(): quoted.strip() or bare for key, quoted, bare in _ENTRY.findall(header)}


def _true(value: str | None) -> bool:
    """Fortran's logical input: T, .T., TRUE, .TRUE."""
    return value is not None and value.lstrip(".").upper().startswith("T")


def _real(text: str | None) -> float | None:
    """A Fortran real: 1.0D+03 and 1.0+003 are 1000."""
    text = None if text is None else str(with_point(text))
    if text is None or not _REAL.fullmatch(text):
        return None
    plain = re.sub(r"[DdQq]", "E", text)
    return float(plain if "e" in plain.lower() else re.sub(r"(?<=[\d.])([+-])", r"E\1", plain))


def _scale(entries: dict[str, str], file: SourceFile) -> float:
    factors = {name: _real(entries[name]) if entries.get(name) else 1.0 for name in ("TRAMP", "VOLUME")}
    for name, value in factors.items():
        if positive(value) is None:
            raise DamagedFile(f"{name} in the header of '{file.name}' is not a positive number.", file=file.name)
    return float(factors["TRAMP"] or 1.0) / float(factors["VOLUME"] or 1.0)


def _numbers(data: str, fortran_format: str | None, file: SourceFile) -> FloatArray:
    """All numbers of the data part: free form, or by FMTDAT's columns where they stand without a space."""
    if _has_decimal_commas(data):
        data = data.replace(",", ".")
    words = data.split(maxsplit=2 * MOST_POINTS)
    if len(words) > 2 * MOST_POINTS or len(data) > _WIDEST * 2 * MOST_POINTS:
        refuse_above(file, "holds too many numbers", MOST_POINTS, "points")
    try:
        return np.array(words, dtype=np.float64)
    except ValueError:
        pass  # a D exponent, glued columns, or no number at all: look line by line
    width = _column_width(fortran_format)
    numbers: list[float] = []
    for line_number, line in enumerate(data.split("\n")):
        values = [_real(item) for item in line.split()]
        if None in values and width:
            values = [_real(line[at : at + width].strip()) for at in range(0, len(line.rstrip()), width)]
        if None in values:
            raise DamagedFile(
                f"Line {line_number} after the header of '{file.name}' is not a row of numbers; export it again.",
                file=file.name,
                line=line_number,
            )
        numbers.extend(value for value in values if value is not None)
    return np.array(numbers)


def _has_decimal_commas(data: str) -> bool:
    """Whether commas stand for decimal points: no point anywhere, and numbers look like those of exponent formats."""
    return "," in data and "." not in data and _COMMA_NUMBER.match(data) is not None


def _column_width(fortran_format: str | None) -> int:
    columns = _COLUMNS.fullmatch((fortran_format or "").strip())
    return int(columns.group(2)) if columns else 0


READER = Reader("lcmodel_raw", "LCModel RAW", _recognises, _read)
