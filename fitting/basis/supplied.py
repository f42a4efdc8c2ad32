"""Content of a basis file of another program, before conversion to our conventions."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.units import ComplexArray


@dataclass(frozen=True, slots=True)
class SuppliedBasis:
    """Free induction decays as a file has them: names, orientation, referencing and scale are the file's own.

    ``signals`` has shape (components, points); concentrations of the file are divided out.
    """

    names: tuple[str, ...]
    signals: ComplexArray
    dwell_time: float
    spectrometer_frequency: float
    origin: str
    """File or folder name, for display."""
    source: str
    """``lcmodel-basis`` or ``fsl-json``."""
