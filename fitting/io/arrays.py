"""Plain arrays in a JSON object: for programs that already hold the FID.

Fields: ``fid_real``, ``fid_imag`` (lists: points; transients x points; or transients x coils x points),
optional ``water_real``, ``water_imag`` alike, ``sequence`` and the quantities in ``_QUANTITIES``. A quantity without
unit in its name is SI; with one (``echo_time_ms``, ``spectrometer_frequency_mhz``) it is in that unit. Other fields are
ignored, unless they look like a misspelling of one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from fitting.acquisition import Acquisition, Recording
from fitting.errors import DamagedFile
from fitting.io.free_text import free_text
from fitting.io.header_values import complex_samples
from fitting.io.limits import refuse_crowded_json
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.units import ComplexArray, FloatArray

_TIME = {"": 1.0, "_s": 1.0, "_ms": 1e-3}
_QUANTITIES: dict[str, dict[str, float]] = {
    "dwell_time": _TIME,
    "spectrometer_frequency": {"": 1.0, "_hz": 1.0, "_mhz": 1e6},
    "echo_time": _TIME,
    "repetition_time": _TIME,
    "mixing_time": _TIME,
}
_KNOWN = {"fid_real", "fid_imag", "water_real", "water_imag", "sequence"} | {
    name + suffix for name, units in _QUANTITIES.items() for suffix in units
}
_LOOKALIKE = re.compile(r"fid|water|dwell|spectrometer|(echo|repetition|mixing)_?time|sequence", re.I)


def _is_object(content: bytes) -> bool:
    return content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"fid_real"' in content


def _recognises(files: Files) -> bool:
    return len(files) == 1 and _is_object(files[0].content)


def _read(files: Files) -> Recording:
    file = files[0]
    fields = _fields(file)
    unknown = sorted(key for key in fields if key not in _KNOWN and _LOOKALIKE.match(key))
    if unknown:
        raise DamagedFile(
            f"'{file.name}' has the unknown field '{unknown[0]}'; the fields are {', '.join(sorted(_KNOWN))}.",
            file=file.name,
            field=unknown[0],
        )
    name = fields.get("sequence")
    if name is not None and not isinstance(name, str):
        raise _wrong(file, "sequence", "is not a text")
    acquisition = Acquisition(
        format=READER.name,
        spectrometer_frequency=_quantity(fields, "spectrometer_frequency", file),
        dwell_time=_quantity(fields, "dwell_time", file),
        echo_time=_quantity(fields, "echo_time", file),
        repetition_time=_quantity(fields, "repetition_time", file),
        mixing_time=_quantity(fields, "mixing_time", file),
        sequence=localisation(name),
        sequence_name=name,
    )
    water = None
    if "water_real" in fields or "water_imag" in fields:
        water = Recording(_samples(fields, "water", file), replace(acquisition, water_suppressed=False))
    return Recording(_samples(fields, "fid", file), acquisition, water, free_text(name))


def _fields(file: SourceFile) -> Mapping[str, object]:
    def refuse(constant: str) -> None:
        raise DamagedFile(f"'{file.name}' holds {constant}, which is not a number in JSON.", file=file.name)

    refuse_crowded_json(file, file.content)
    try:
        fields = json.loads(file.content, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise DamagedFile(f"'{file.name}' is not a complete JSON document; write it again.", file=file.name) from None
    if not isinstance(fields, dict):
        raise DamagedFile(f"'{file.name}' is not a JSON object.", file=file.name)
    return fields


def _wrong(file: SourceFile, field: str, what: str) -> DamagedFile:
    return DamagedFile(f"Field '{field}' of '{file.name}' {what}.", file=file.name, field=field)


def _quantity(fields: Mapping[str, object], name: str, file: SourceFile) -> float | None:
    given = [name + suffix for suffix in _QUANTITIES[name] if fields.get(name + suffix) is not None]
    if not given:
        return None
    if len(given) > 1:
        raise _wrong(file, given[1], f"repeats '{given[0]}'; give one of them")
    value = fields[given[0]]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(file, given[0], "is not a number")
    try:
        number = float(value) * _QUANTITIES[name][given[0].removeprefix(name)]
    except OverflowError as error:
        raise _wrong(file, given[0], "is not a usable number") from error
    if not np.isfinite(number):
        raise _wrong(file, given[0], "is not a usable number")
    return number


def _samples(fields: Mapping[str, object], stem: str, file: SourceFile) -> ComplexArray:
    real, imaginary = (_numbers(fields, f"{stem}_{part}", file) for part in ("real", "imag"))
    if real.shape != imaginary.shape:
        raise _wrong(file, f"{stem}_imag", f"has another length than '{stem}_real'")
    shape = {1: (1, 1, real.shape[-1]), 2: (real.shape[0], 1, real.shape[-1]), 3: real.shape}[real.ndim]
    return complex_samples(real.reshape(shape), imaginary.reshape(shape), file)


def _numbers(fields: Mapping[str, object], name: str, file: SourceFile) -> FloatArray:
    try:
        numbers = np.asarray(fields.get(name, []))
    except ValueError:
        raise _wrong(file, name, "has rows of different lengths") from None
    if numbers.size == 0:
        raise _wrong(file, name, "is missing or empty")
    if numbers.dtype.kind not in "iuf":
        raise _wrong(file, name, "holds something that is not a number")
    if not 1 <= numbers.ndim <= 3:
        raise _wrong(file, name, "is not a list of points, of transients or of transients of coils")
    if not np.isfinite(numbers).all():
        raise _wrong(file, name, "holds a number that is not finite")
    return numbers.astype(np.float64)


READER = Reader("arrays", "JSON arrays", _recognises, _read)
