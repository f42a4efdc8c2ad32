"""Header values as numbers or None, and the checks of every block of samples."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from fitting.errors import DamagedFile
from fitting.io.source import SourceFile
from fitting.units import ComplexArray, FloatArray

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+(?:[eE][+-]?\d+)?\s*")
"""A number of a console whose language writes a comma before the decimals; no format here groups thousands."""


def positive(value: float | str | None, unit: float = 1.0) -> float | None:
    """``value`` times ``unit`` when it is a finite number above zero, else None.

    Headers write 0, -1 or nothing for a quantity they do not know; none of these is a measurement.
    """
    number = finite(value)
    scaled = 0.0 if number is None else number * unit
    return scaled if math.isfinite(scaled) and scaled > 0 else None


def finite(value: float | str | None) -> float | None:
    """``value`` as a finite number of any sign, else None; the decimals may stand behind a comma."""
    try:
        number = float(with_point(value)) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def with_point(value: float | str) -> float | str:
    """A number in text with a decimal point where it has a decimal comma; anything else as it is."""
    is_comma = isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value) is not None
    return value.replace(",", ".") if is_comma and isinstance(value, str) else value


def stated(count: int | None) -> str:
    """A count of a header in a sentence."""
    return "an unknown number of" if count is None else str(count)


def place_digest(names: Iterable[str | None]) -> str:
    """Digest of what a header calls a scan, by which its files are compared without keeping dates or identifiers."""
    return hashlib.sha256("\0".join(name or "" for name in names).encode()).hexdigest()


def edge_lengths(edges: Iterable[float | str | None], unit: float) -> tuple[float, float, float] | None:
    """The three edge lengths of a volume in metres, or None unless all three are known."""
    lengths = [length for edge in edges if (length := positive(edge, unit)) is not None]
    return (lengths[0], lengths[1], lengths[2]) if len(lengths) == 3 else None


def checked_samples(values: npt.ArrayLike, file: SourceFile) -> ComplexArray:
    """The samples as complex128, shape (transients, coils, points).

    Raises
    ------
    DamagedFile
        When there is no sample, or one is not a finite number.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # overflow becomes infinity, which is refused below
        samples = np.array(values, dtype=np.complex128, order="C")
    if samples.size == 0:
        raise DamagedFile(f"'{file.name}' holds no samples; export it again.", file=file.name)
    if not np.isfinite(samples).all():
        raise DamagedFile(f"'{file.name}' holds samples that are not finite numbers; export it again.", file=file.name)
    return samples


def complex_samples(real: FloatArray, imaginary: FloatArray, file: SourceFile) -> ComplexArray:
    """Samples from their parts, shape (transients, coils, points); raises as `checked_samples`."""
    samples = np.empty(np.shape(real), dtype=np.complex128)
    samples.real, samples.imag = real, imaginary  # no arithmetic: it warns on infinities
    return checked_samples(samples, file)
