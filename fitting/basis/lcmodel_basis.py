"""LCModel .BASIS files: namelists and frequency-domain spectra.

Each spectrum is the FFT of an FID zero-filled to NDATAB points, its first point halved, divided by sqrt(NDATAB),
in FFT order and to be multiplied by TRAMP / (VOLUME CONC); a positive ISHIFT moves it that many points to higher
ppm (LCModel & LCMgui User's Manual, http://s-provencher.com/lcmodel.shtml; LCModel.f, subroutine MYBASI).
"""

from __future__ import annotations

import re
from itertools import islice

import numpy as np

from fitting.basis.supplied import SuppliedBasis
from fitting.errors import UnusableBasis
from fitting.io.limits import MOST_HEADER_BYTES, MOST_POINTS
from fitting.io.source import Files, SourceFile
from fitting.units import ComplexArray

_BEGIN = r"[$&](?:SEQPAR|BASIS1|NMUSED|BASIS)\b"
_NAMELIST = re.compile(rf"[$&](SEQPAR|BASIS1|NMUSED|BASIS)\b((?:(?!{_BEGIN}).)*?)[$&]END", re.IGNORECASE | re.DOTALL)
_MOST_SECTIONS = 1000
_ASSIGNMENT = re.compile(r"(\w+)\s*=\s*('[^']*'|\"[^\"]*\"|[^,\s'\"$&]+)")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[EDed][-+]?\d+)?")


def recognises(files: Files) -> bool:
    """Whether the one file is an LCModel basis set, by content."""
    return len(files) == 1 and re.search(rb"[$&]BASIS1\b", files[0].content[:65536], re.IGNORECASE) is not None


def read(files: Files) -> SuppliedBasis:
    """Read an LCModel basis set.

    Raises
    ------
    UnusableBasis
        When a needed parameter is absent or impossible, a spectrum is incomplete, or the file is encrypted.
    """
    file = files[0]
    text = file.content.decode("latin-1")
    sections = list(islice(_NAMELIST.finditer(text), _MOST_SECTIONS + 1))
    if len(sections) > _MOST_SECTIONS or any(len(section[2]) > MOST_HEADER_BYTES for section in sections):
        raise UnusableBasis(
            f"Basis set '{file.name}' holds more than {_MOST_SECTIONS} namelists or one of more than "
            f"{MOST_HEADER_BYTES} bytes.",
            file=file.name,
        )
    header: dict[str, str] = {}
    for section in sections:
        if section[1].upper() in ("SEQPAR", "BASIS1"):
            header |= _assignments(section[2])
    points = int(_positive(header, "NDATAB", file))
    if points > MOST_POINTS:
        raise UnusableBasis(
            f"Basis set '{file.name}': NDATAB = {points} is more than the {MOST_POINTS} points that are read.",
            file=file.name,
        )
    dwell_time = _number(header, "BADELT", file)
    if dwell_time < 0:
        raise UnusableBasis(f"Basis set '{file.name}' is encrypted by LCModel and cannot be read.", file=file.name)
    megahertz = _positive(header, "HZPPPM", file)
    names, spectra = [], []
    for position, section in enumerate(sections):
        if section[1].upper() != "BASIS":
            continue
        end = sections[position + 1].start() if position + 1 < len(sections) else len(text)
        entry = _assignments(section[2])
        names.append(_text(entry, "METABO", file))
        spectra.append(_spectrum(text[section.end() : end], entry, points, names[-1], file))
    if not names:
        raise UnusableBasis(f"Basis set '{file.name}' holds no spectra.", file=file.name)
    signals = np.fft.ifft(np.array(spectra), axis=1) * np.sqrt(points)
    return SuppliedBasis(
        names=tuple(names),
        signals=_without_zero_filling(signals),
        dwell_time=_positive(header, "BADELT", file),
        spectrometer_frequency=megahertz * 1e6,
        origin=file.name,
        source="lcmodel-basis",
    )


def _assignments(body: str) -> dict[str, str]:
    return {key.upper(): value.strip("'\" ") for key, value in _ASSIGNMENT.findall(body)}


def _text(entry: dict[str, str], key: str, file: SourceFile) -> str:
    if not entry.get(key):
        raise UnusableBasis(f"Basis set '{file.name}' does not give {key}.", file=file.name, parameter=key)
    return entry[key]


def _number(entry: dict[str, str], key: str, file: SourceFile) -> float:
    value = _text(entry, key, file)
    try:
        number = float(value.lower().replace("d", "e"))
    except ValueError as error:
        raise UnusableBasis(f"Basis set '{file.name}': {key} = '{value}' is no number.", file=file.name) from error
    if not np.isfinite(number):
        raise UnusableBasis(f"Basis set '{file.name}': {key} = '{value}' is not finite.", file=file.name)
    return number


def _positive(entry: dict[str, str], key: str, file: SourceFile) -> float:
    number = _number(entry, key, file)
    if number <= 0:
        raise UnusableBasis(f"Basis set '{file.name}': {key} = {number:g} must be positive.", file=file.name)
    return number


def _spectrum(body: str, entry: dict[str, str], points: int, name: str, file: SourceFile) -> ComplexArray:
    body = body.split("$", 1)[0]
    found = islice(_NUMBER.finditer(body), 2 * points + 1)
    values = np.array([float(match[0].lower().replace("d", "e")) for match in found])
    if values.size != 2 * points or not np.isfinite(values).all():
        raise UnusableBasis(
            f"Basis set '{file.name}': '{name}' has {'more than ' if values.size > 2 * points else ''}"
            f"{values.size // 2} readable points instead of {points}.",
            file=file.name,
            metabolite=name,
        )
    factors = {key: _positive(entry, key, file) if key in entry else 1.0 for key in ("TRAMP", "VOLUME", "CONC")}
    scale = factors["TRAMP"] / (factors["VOLUME"] * factors["CONC"])
    shift = int(_number(entry, "ISHIFT", file)) if "ISHIFT" in entry else 0
    spectrum: ComplexArray = np.roll(values[0::2] + 1j * values[1::2], -shift) * scale
    return spectrum


def _without_zero_filling(signals: ComplexArray) -> ComplexArray:
    """The first half when the second is empty; some programs write spectra that were not zero-filled."""
    half = signals.shape[1] // 2
    empty = np.abs(signals[:, half:]).max() < 1e-3 * np.abs(signals[:, :half]).max()
    return signals[:, :half] if empty else signals
