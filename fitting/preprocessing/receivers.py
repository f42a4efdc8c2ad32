"""One signal from many receive coils, for a spectrum and its water reference alike."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.fid import Fid
from fitting.preprocessing.coil_combination import EARLY_SECONDS, SINGLE_COIL, CoilWeights, coil_weights
from fitting.preprocessing.pairing import check_pair, water_height
from fitting.preprocessing.step import COMBINATION, WATER_REFERENCE, Step, step


@dataclass(frozen=True, slots=True)
class Received:
    """Transients (transients, points) of a spectrum and of its reference, with the findings of the combination."""

    transients: Fid
    water: Fid | None
    same_scale: bool
    """Whether both have one receiver scale."""
    opposed_coils: int
    """See ``CoilWeights.opposed``; 0 where the weights come from the spectrum itself."""
    steps: list[Step]


def combined(spectrum: Fid, reference: Fid | None) -> Received:
    """One signal of the coils of a spectrum and of its reference, both (transients, coils, points).

    Raises
    ------
    UnusableSignal
        When the reference holds too little water for the spectrum.
    """
    coils = spectrum.samples.shape[1]
    same_coils = reference is not None and reference.samples.shape[1] == coils
    found, steps = _weights(spectrum, reference if same_coils else None)
    transients = found.combine(spectrum)
    if reference is None:
        return Received(transients, None, False, 0, steps)
    if same_coils:
        water = found.combine(reference)
        check_pair(water_height(transients), water_height(water))
        early = max(1, round(EARLY_SECONDS / spectrum.dwell_time))
        opposed = found.opposed(spectrum.samples, reference.samples, early) if coils > 1 else 0
        return Received(transients, water, True, opposed, steps)
    own, _ = _weights(reference, None)
    details = (
        f"The water reference has {reference.samples.shape[1]} coil(s), the spectrum {coils}: their scales cannot be "
        "compared, so the water corrects eddy currents but scales nothing. Send both combined or both uncombined."
    )
    return Received(transients, own.combine(reference), False, 0, [*steps, step(WATER_REFERENCE, details)])


def _weights(spectrum: Fid, reference: Fid | None) -> tuple[CoilWeights, list[Step]]:
    """Coil weights from the reference if given, else from the spectrum itself."""
    coils = spectrum.samples.shape[1]
    if coils == 1:
        return SINGLE_COIL, []
    strongest = spectrum if reference is None else reference
    found = coil_weights(strongest.samples, spectrum)
    source = "the spectrum itself" if reference is None else "the water reference"
    details = (
        f"{coils} coils ({found.dead} without signal), noise-whitened (largest correlation "
        f"{found.largest_noise_correlation:.2f}), sensitivities from {source}."
    )
    return found, [step(COMBINATION, details)]
