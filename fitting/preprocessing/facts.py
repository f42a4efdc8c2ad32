"""What preprocessing measured on the way."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.preprocessing.referencing import Pattern
from fitting.preprocessing.step import Step


@dataclass(frozen=True, slots=True)
class Transients:
    """What told the transients apart before they were averaged, one entry for each, in the order of the file."""

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
class PreprocessingFacts:
    """What preprocessing measured on the way; None where it does not apply."""

    steps: tuple[Step, ...]
    transients: Transients | None
    """None for a single transient, which may be the scanner's average of many."""
    frequency_drift_hz: float | None
    """Span of the averaged transients' frequency over the scan."""
    phase_spread_deg: float | None
    """Standard deviation of the averaged transients' phase."""
    eddy_current_deg: float | None
    """Largest phase of the water reference beyond a shift and a constant, in its first 50 ms."""
    residual_water: float | None
    """Height of the residual water that was removed over the height of tNAA (magnitude spectra)."""
    shift_ppm: float
    """How far the spectrum was moved to put its peaks where they belong, toward higher ppm; with a water reference,
    after that had put water at 4.65 ppm."""
    pattern: Pattern
    """Were brain peaks found where the dwell time and spectrometer frequency put them?"""
    water_linewidth_hz: float | None
    """FWHM of the water reference."""
    lipid: float | None
    """Height of the spectrum from 1.15 to 1.5 ppm over the highest metabolite peak (magnitude spectra)."""
    noise_correlation: float | None
    """About 1 for white noise, see ``whiteness.noise_correlation``."""
    noise_tail: float | None
    """Noise at the end of the FID over that of the whole, see ``whiteness.noise_tail``."""
    spikes: int
    """Lone samples that stand far out of the averaged FID, see ``damage.spikes``."""
    axis_error: float | None
    """See ``axis_scale.axis_error``; None without the pattern of brain peaks."""
    quadrature_image: float | None
    """See ``quadrature.quadrature_image``."""
    water_ripple: float | None
    """See ``ripple.water_ripple``."""
    water_offset: float | None
    """See ``offset.water_offset``."""
    amplitude_spread: float | None
    """See ``averaging.amplitude_spread``; None for a single transient."""
    opposed_coils: int
    """See ``CoilWeights.opposed``."""
    digitisation_step: float | None
    """See ``digitisation.digitisation_step``."""
    clipped_samples: int
    """Samples of the spectrum's transients that stand at the end of the receiver's range."""
    water_clipped_samples: int | None
    """The same of the water reference."""

    @property
    def transients_rejected(self) -> int:
        """Transients left out of the average."""
        return 0 if self.transients is None else self.transients.rejected
