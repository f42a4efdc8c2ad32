"""Small valid and refused files for every reader, made by code; the reader conformance suite runs on them.

A reader joins the suite with one module here, named like the reader (``siemens_rda.py``), that exposes

``FIXTURES``
    tuple of `Fixture`: at least one small valid file with everything the reader must say about it.
``REFUSALS`` (optional)
    tuple of `Refusal`: files of that format that must be refused, by which error and with which word in it.

Each Fixture says

* which reader must recognise it (and, by omission, that all others must not);
* ``files()``: the named bytes, under 100 kB, with `IDENTITY` written into every header field of the format that
  can hold a person's name, birth date or ID: the suite asserts that none of it appears in the Recording or an error;
* ``samples``: the expected ``Recording.samples``, shape (transients, coils, points), in our sign convention.
  `brain_fid` gives one with NAA at 2.01 ppm and Cr at 3.03 ppm, so that a mirrored spectrum fails;
* ``acquisition``: expected values of *every* field of ``Acquisition`` except ``format``; ``None`` where the header
  is silent. A field left out is expected to have the default of ``Acquisition`` (required fields: None);
* ``water``: the expected samples of ``Recording.water``, or None.

The suite then tries on ``files()`` what real life does: truncation, flipped bytes, empty companions, pickling.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from fitting.errors import UnreadableSpectrum, UnsupportedData
from fitting.io import Files
from fitting.units import ComplexArray, ppm_to_hz

IDENTITY = {"name": "Zzyzx^Quillane", "birth_date": "19470313", "id": "QX-8461937"}
"""Planted in headers; a reader must let none of it out."""


@dataclass(frozen=True)
class Fixture:
    """One small valid file and what reading it must give; see the module docstring."""

    reader: str
    id: str
    files: Callable[[], Files]
    samples: ComplexArray
    acquisition: Mapping[str, object]
    water: ComplexArray | None = None
    tolerance: float = 1e-6
    """Largest allowed error relative to the largest sample: 1e-6 for float32, more for coarser number formats."""


@dataclass(frozen=True)
class Refusal:
    """One file that ``reader`` recognises and must refuse with ``error`` whose sentence contains ``says``."""

    reader: str
    id: str
    files: Callable[[], Files]
    says: str
    error: type[UnreadableSpectrum] = field(default=UnsupportedData)


def brain_fid(points: int, dwell_time: float, spectrometer_frequency: float, *, scale: float = 1.0) -> ComplexArray:
    """Three decaying singlets in our sign convention, shape (points,): NAA 2.01 > Cr 3.03 > Cho 3.22 ppm."""
    time = np.arange(points) * dwell_time
    fid = np.zeros(points, dtype=np.complex128)
    for shift, amplitude in ((2.01, 1.0), (3.03, 0.6), (3.22, 0.4)):
        frequency = float(ppm_to_hz(np.float64(shift), spectrometer_frequency))
        fid += amplitude * np.exp((2j * np.pi * frequency - 20.0) * time)
    return scale * fid


def water_fid(points: int, dwell_time: float, *, scale: float = 100.0) -> ComplexArray:
    """A decaying water singlet at zero frequency, shape (points,)."""
    return scale * np.exp(-25.0 * np.arange(points) * dwell_time).astype(np.complex128)


def _collect(attribute: str) -> tuple:
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = (getattr(importlib.import_module(f"{__name__}.{name}"), attribute, ()) for name in modules)
    return tuple(item for items in found for item in items)


def fixtures() -> tuple[Fixture, ...]:
    """Every module's ``FIXTURES``, in the order of module names."""
    return _collect("FIXTURES")


def refusals() -> tuple[Refusal, ...]:
    """Every module's ``REFUSALS``, in the order of module names."""
    return _collect("REFUSALS")
