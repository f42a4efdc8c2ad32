"""Philips SDAT/SPAR: VAX floats in one file, their parameters as text in the other.

The SDAT has no header at all, so nothing can be read without its SPAR. Read naively the spectrum has higher
ppm at higher frequency (seen on in-vivo scans of four software releases); it is conjugated to our convention.
"""

from __future__ import annotations

import numpy as np

from fitting.acquisition import Recording
from fitting.errors import DamagedFile
from fitting.io._spar import acquisition_of, count_of, is_list, is_spar, parameters_of, refuse_other_kinds
from fitting.io.header_values import complex_samples
from fitting.io.source import Files, Reader, SourceFile
from fitting.units import ComplexArray, FloatArray


def _is_sdat_name(file: SourceFile) -> bool:
    return file.name.lower().endswith(".sdat")


def _recognises(files: Files) -> bool:
    # A lone SDAT is a row of numbers without a mark: only its name can say that its SPAR is missing.
    if len(files) > 2 or any(map(is_list, files)):
        return False
    return any(map(is_spar, files)) or any(map(_is_sdat_name, files))


def _read(files: Files) -> Recording:
    spar = next((file for file in files if is_spar(file)), None)
    if spar is None:
        name = next((file.name for file in files if _is_sdat_name(file)), files[0].name)
        raise DamagedFile(
            f"'{name}' is a Philips SDAT without a readable SPAR; send the SPAR of the same scan with it.", file=name
        )
    others = tuple(file for file in files if file is not spar and file.content)
    if not others:
        raise DamagedFile(
            f"'{spar.name}' is a Philips SPAR, which holds no signal; send the SDAT of the same scan with it.",
            file=spar.name,
        )
    sdat = next((file for file in others if _is_sdat_name(file)), others[0])
    parameters = parameters_of(spar)
    refuse_other_kinds(parameters, spar)
    rows = count_of(parameters, ("rows", "spec_num_row"), spar)
    points = count_of(parameters, ("samples", "spec_num_col"), spar)
    acquisition, said = acquisition_of(parameters, READER.name, rows)
    return Recording(_samples(sdat, rows, points, spar), acquisition, free_text=said)


def _samples(sdat: SourceFile, rows: int, points: int, spar: SourceFile) -> ComplexArray:
    expected = rows * points * 8
    if len(sdat.content) != expected:
        raise DamagedFile(
            f"The SDAT '{sdat.name}' has {len(sdat.content)} bytes where its SPAR '{spar.name}' announces {expected} "
            f"({rows} x {points} complex points); send the pair that belongs together.",
            file=sdat.name,
        )
    pairs = _from_vax(sdat).reshape(rows, 1, points, 2)
    return complex_samples(pairs[..., 0], -pairs[..., 1], sdat)


def _from_vax(sdat: SourceFile) -> FloatArray:
    """VAX F_floating numbers as float64.

    Two little-endian 16-bit words, high word first: sign, 8-bit exponent in excess 128, and a fraction
    0.1f (VAX Architecture Reference Manual). A zero exponent is 0; with the sign set it is no number at all.
    """
    words = np.frombuffer(sdat.content, dtype="<u2").reshape(-1, 2).astype(np.uint32)
    bits = (words[:, 0] << 16) | words[:, 1]
    sign, exponent, fraction = bits >> 31, (bits >> 23) & 0xFF, bits & 0x7FFFFF
    if np.any((exponent == 0) & (sign == 1)):
        raise DamagedFile(f"The SDAT '{sdat.name}' holds bytes that are no VAX floats.", file=sdat.name)
    magnitude = np.ldexp((fraction | 0x800000).astype(np.float64), exponent.astype(np.int32) - 152)
    return np.where(exponent == 0, 0.0, np.where(sign == 1, -magnitude, magnitude))


READER = Reader("philips_sdat", "Philips SDAT/SPAR", _recognises, _read)
