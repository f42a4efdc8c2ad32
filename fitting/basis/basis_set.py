"""The nouns of basis sets: the time grid, and simulated or supplied metabolite responses on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fitting.fid import Axes
from fitting.units import ComplexArray, FloatArray


@dataclass(frozen=True, slots=True)
class Grid:
    """Sample times of a free induction decay: ``points`` of them, ``dwell_time`` (s) apart, the first at zero."""

    points: int
    dwell_time: float


@dataclass(frozen=True, slots=True)
class BasisDeviations:
    """Signals by which macromolecules of amplitude 1 may differ from their mean, one standard deviation each."""

    templates: ComplexArray
    """(templates, points): toward each published template."""
    lines: ComplexArray
    """(changes, points): changes of single lines."""
    multiples: Mapping[str, float]
    """Published templates by name, in order, with the multiple of the deviation that leads to each."""
    common: FloatArray | None = None
    """(changes,): part of the variance of each change that all spectra of a scanner share; None where only what holds
    for people in general is known."""
    fills_gaps: bool = False
    """Whether the changes can take any shape as broad as macromolecules, so that the baseline need not."""

    def tobytes(self) -> bytes:
        """All signals, for a content address."""
        common = b"" if self.common is None else self.common.tobytes()
        return self.templates.tobytes() + self.lines.tobytes() + common


@dataclass(frozen=True, slots=True, eq=False)
class BasisSet:
    """Time-domain responses of metabolites to one acquisition; each is equal to itself alone.

    ``signals`` has shape (components, points), NIfTI-MRS sign, first point whole, referenced so that
    zero frequency is ``WATER_PPM``, undamped apart from what the source carries, scaled so that one
    fully visible uncoupled proton has amplitude 1 at t = 0. Then the fitted amplitude of a component is
    the signal of one of its protons, and the water reference divided by 2 is that of one water proton.
    """

    names: tuple[str, ...]
    signals: ComplexArray
    dwell_time: float
    spectrometer_frequency: float
    key: str
    """Content address; equal keys mean equal signals."""
    description: str
    """Description for display: sequence, echo time, pulses, or the source file."""
    source: str
    """``simulated-shaped``, ``simulated-ideal``, ``lcmodel-basis`` or ``fsl-json``."""
    deviations: BasisDeviations | None = None
    """How ``MM`` may differ from its signal."""
    differences: ComplexArray | None = None
    """Changes (ways, components, points) of all signals together, one standard deviation each."""
    off_scale: Mapping[str, float] = field(default_factory=dict)
    """Components of a supplied set whose protons are not on its scale: how many of one each counts."""

    @property
    def points(self) -> int:
        """Number of complex points."""
        return int(self.signals.shape[1])

    @property
    def axes(self) -> Axes:
        """Sample times and chemical shifts of the signals."""
        return Axes(self.points, self.dwell_time, self.spectrometer_frequency)
