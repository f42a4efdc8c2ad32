"""Result of preprocessing: the FID after each stage, and the findings of the stages."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.fid import Fid
from fitting.preprocessing.referencing import Pattern
from fitting.preprocessing.step import Step


@dataclass(frozen=True, slots=True)
class Transients:
    """Registration of the transients before averaging, one entry for each, in the order of the file."""

    shift_hz: tuple[float, ...] | None
    """Frequency against the median transient, Hz, positive toward higher ppm; null where a single transient holds too
    little signal to be aligned."""
    phase_deg: tuple[float, ...] | None
    """Phase against the mean direction, degrees; null as ``shift_hz``."""
    shift_sd_hz: float | None
    """Standard error that the noise gives each shift (Cramér-Rao), Hz; null where there is no signal."""
    phase_sd_deg: float | None
    """The same of each phase, degrees."""
    weight: tuple[float, ...]
    """Weight in the average: 1 for a good transient, 0 for one left out as corrupted, between for a doubtful one."""

    @property
    def rejected(self) -> int:
        """Transients left out."""
        return sum(weight == 0 for weight in self.weight)


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """The FIDs after each stage of preprocessing, and the findings of the stages; None where one does not apply.

    All but the recorded ones have shape (points,), one receiver scale and the axes of the spectrum.
    """

    recorded: Fid
    """As in the file without zero filling, shape (transients, coils, points)."""
    recorded_water: Fid | None
    """The water reference as in its file, the same shape."""
    mean: Fid
    """Coils combined, transients aligned and averaged: as the receiver delivered it, not moved in frequency."""
    water_mean: Fid | None
    """The same of the water reference, with its own sample times."""
    corrected: Fid
    """After eddy current correction, with residual water."""
    water: Fid | None
    """The water reference after its own correction; None when it is none."""
    residual_water: Fid
    """Residual water that was removed, at its place after referencing."""
    clean: Fid
    """Without residual water, referenced: the fitted FID, but for the receiver's scale."""
    rest: Fid
    """Remainder of ``corrected`` without any decaying line: noise and signal that is not a decaying line."""
    steps: tuple[Step, ...]
    transients: Transients | None
    """None for a single transient, which may be the scanner's average of many."""
    frequency_drift_hz: float | None
    """Span of the averaged transients' frequency over the scan."""
    phase_spread_deg: float | None
    """Standard deviation of the averaged transients' phase."""
    amplitude_spread: float | None
    """See ``averaging.amplitude_spread``; None for a single transient."""
    opposed_coils: int
    """See ``CoilWeights.opposed``."""
    eddy_current_deg: float | None
    """Largest phase of the water reference beyond a shift and a constant, in its first 50 ms."""
    shift_ppm: float
    """Shift of the spectrum to reference its peaks, toward higher ppm; with a water reference,
    after that had put water at 4.65 ppm."""
    pattern: Pattern
    """Whether brain peaks were found where the dwell time and spectrometer frequency put them."""

    @property
    def transients_rejected(self) -> int:
        """Transients left out of the average."""
        return 0 if self.transients is None else self.transients.rejected
