"""One signal from many receive coils, for a spectrum and its water reference alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fitting.preprocessing.coil_combination import EARLY_SECONDS, SINGLE_COIL, CoilWeights, coil_weights
from fitting.preprocessing.pairing import check_pair, water_height
from fitting.preprocessing.sampling import Sampling
from fitting.preprocessing.step import COMBINATION, WATER_REFERENCE, Step, step
from fitting.signal import Recording
from fitting.units import ComplexArray


@dataclass(frozen=True, slots=True)
class Received:
    """Transients (transients, points) of a spectrum and of its reference, and what was found on the way."""

    transients: ComplexArray
    water: ComplexArray | None
    same_scale: bool
    """Did both keep one receiver scale?"""
    opposed_coils: int
    """See ``CoilWeights.opposed``; 0 where the weights come from the spectrum itself."""
    steps: list[Step]


def combined(recording: Recording, reference: Recording | None, sampling: Sampling) -> Received:
    """One signal of the coils of a spectrum and of its reference.

    Raises
    ------
    UnusableSignal
        When the reference holds too little water for the spectrum.
    """
    same_coils = reference is not None and reference.coils == recording.coils
    found, steps = _weights(recording, reference if same_coils else None, sampling)
    samples = found.combine(recording.samples)
    if reference is None:
        return Received(samples, None, False, 0, steps)
    own_dwell_time = reference.acquisition.dwell_time or sampling.dwell_time
    if same_coils:
        water = found.combine(reference.samples)
        check_pair(
            water_height(samples, sampling.dwell_time, sampling.spectrometer_frequency),
            water_height(water, own_dwell_time, sampling.spectrometer_frequency),
        )
        early = max(1, round(EARLY_SECONDS / sampling.dwell_time))
        opposed = found.opposed(recording.samples, reference.samples, early) if recording.coils > 1 else 0
        return Received(samples, water, True, opposed, steps)
    own, _ = _weights(reference, None, replace(sampling, dwell_time=own_dwell_time))
    details = (
        f"The water reference has {reference.coils} coil(s), the spectrum {recording.coils}: their scales cannot be "
        "compared, so the water corrects eddy currents but scales nothing. Send both combined or both uncombined."
    )
    return Received(samples, own.combine(reference.samples), False, 0, [*steps, step(WATER_REFERENCE, details)])


def _weights(recording: Recording, reference: Recording | None, sampling: Sampling) -> tuple[CoilWeights, list[Step]]:
    """Coil weights from the reference if given, else from the recording itself."""
    if recording.coils == 1:
        return SINGLE_COIL, []
    strongest = recording if reference is None else reference
    found = coil_weights(strongest.samples, recording.samples, sampling.dwell_time, sampling.spectrometer_frequency)
    source = "the spectrum itself" if reference is None else "the water reference"
    details = (
        f"{recording.coils} coils ({found.dead} without signal), noise-whitened (largest correlation "
        f"{found.largest_noise_correlation:.2f}), sensitivities from {source}."
    )
    return found, [step(COMBINATION, details)]
