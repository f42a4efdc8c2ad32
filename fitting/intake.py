"""From a request's files to one complete Recording: read, pair with the water reference, fill in the header's gaps."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from fitting.errors import ImplausibleParameter
from fitting.io import Files, read
from fitting.protocol import complete
from fitting.signal import Acquisition, Recording
from fitting.subject import Overrides

SAME_FREQUENCY = 0.01
"""Largest relative difference of spectrometer frequency between a spectrum and its water reference."""


@dataclass(frozen=True, slots=True)
class Intake:
    """A recording with its acquisition completed, and where its parts came from."""

    recording: Recording
    supplied: tuple[str, ...]
    """Quantities the request supplied."""
    water_source: str | None
    """``separate file``, ``same file`` or None."""
    input_sha256: str
    water_sha256: str | None


def take_in(metabolite: Files, water_reference: Files, overrides: Overrides) -> Intake:
    """Read a spectrum and its water reference and complete the acquisition with the request's quantities.

    A separate reference replaces one inside the spectrum's own file.

    Raises
    ------
    UnreadableSpectrum, ImplausibleParameter, UnsupportedData
    """
    recording = read(metabolite)
    water, source = recording.water, "same file" if recording.water is not None else None
    if water_reference:
        water, source = _reference(read(water_reference)), "separate file"
    acquisition, supplied = complete(recording.acquisition, overrides)
    if water is not None:
        water = replace(water, acquisition=_like(water.acquisition, acquisition), water=None)
    return Intake(
        recording=replace(recording, acquisition=acquisition, water=water),
        supplied=supplied,
        water_source=source,
        input_sha256=digest(metabolite),
        water_sha256=digest(water_reference) if water_reference else None,
    )


def digest(files: Files) -> str:
    """SHA-256 of a file's content; of several files, of their contents' digests in order."""
    digests = [hashlib.sha256(file.content).hexdigest() for file in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _reference(recording: Recording) -> Recording:
    """The unsuppressed part of a file given as water reference."""
    if recording.water is not None and recording.acquisition.water_suppressed is not False:
        return recording.water
    return recording


def _like(reference: Acquisition, acquisition: Acquisition) -> Acquisition:
    """The reference's acquisition with what its header lacks taken from the spectrum it belongs to."""
    names = ("spectrometer_frequency", "dwell_time", "echo_time", "repetition_time")
    gaps = {name: getattr(acquisition, name) for name in names if getattr(reference, name) is None}
    completed = replace(reference, **gaps)
    ours, theirs = acquisition.spectrometer_frequency, completed.spectrometer_frequency
    if ours and theirs and abs(theirs / ours - 1.0) > SAME_FREQUENCY:
        raise ImplausibleParameter(
            f"The water reference was acquired at {theirs / 1e6:.3f} MHz but the spectrum at {ours / 1e6:.3f} MHz; "
            "they are not of the same scan. Send the reference that belongs to this spectrum.",
            parameter="water_reference",
        )
    return completed
