"""Make one complete Recording of a request's files: read, pair with the water reference, complete the header."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace

from fitting.acquisition import Acquisition, Recording
from fitting.errors import ImplausibleParameter, UnsupportedData
from fitting.io import Files, read
from fitting.reason import Reason
from fitting.request import Overrides
from fitting.run.completion import complete, contradictions
from fitting.run.sequence_notes import Note, sequence_notes

SAME_FREQUENCY = 0.01
"""Largest relative difference of spectrometer frequency between a spectrum and its water reference."""

SAME_VOLUME = 0.05
"""Largest relative difference of the measured volume between the two: concentrations are wrong by as much."""


WITHOUT_A_COMMON_SCALE = frozenset({"bruker", "varian"})
"""Formats whose files hold sums or means at a receiver gain of their own, so that two files cannot be compared."""


@dataclass(frozen=True, slots=True)
class Intake:
    """A recording with its acquisition completed, and the source of its parts."""

    recording: Recording
    supplied: tuple[str, ...]
    """Quantities the request supplied."""
    contradictions: tuple[str, ...]
    """Differences between the request's numbers and the file's header, in sentences."""
    notes: tuple[Note, ...]
    """Remarks on the sequence."""
    may_be_cut: tuple[str, ...]
    """Reasons to suspect truncated files, in sentences."""
    water_source: str | None
    """``separate file``, ``same file`` or None."""
    input_sha256: str
    water_sha256: str | None

    @property
    def doubts(self) -> tuple[Reason, ...]:
        """Doubts that limit the verdict: request, header and file disagree, or the file may be truncated."""
        return (
            *(Reason("contradicts-header", sentence) for sentence in self.contradictions),
            *(Reason(note.code, note.sentence) for note in self.notes if note.limits),
            *(Reason("file-may-be-cut", sentence) for sentence in self.may_be_cut),
        )

    @property
    def remarks(self) -> tuple[Reason, ...]:
        """Remarks on the scan that do not limit the verdict."""
        remarks = [Reason(note.code, note.sentence) for note in self.notes if not note.limits]
        remarks += [Reason("companion-used", sentence) for sentence in self.recording.beside]
        return (*remarks, *_about_coils(self.recording), *_about_scale(self.recording))


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
        if recording.water is None and digest(metabolite) == digest(water_reference):
            raise _unpaired("is the same file as the spectrum")
    if source == "separate file":
        one_scale = recording.acquisition.format not in WITHOUT_A_COMMON_SCALE
    else:
        one_scale = recording.one_scale
    acquisition, supplied = complete(recording.acquisition, overrides)
    if water is not None:
        _require_pair(recording, water)
        water = replace(water, acquisition=_like(water.acquisition, recording.acquisition, acquisition), water=None)
    return Intake(
        recording=replace(recording, acquisition=acquisition, water=water, one_scale=one_scale),
        supplied=supplied,
        contradictions=contradictions(recording.acquisition, overrides),
        notes=sequence_notes(recording.acquisition, recording.free_text, overrides.sequence),
        may_be_cut=tuple(
            sentence if part is recording else f"Water reference: {sentence}"
            for part in (recording, water)
            if part is not None and (sentence := part.may_be_cut) is not None
        ),
        water_source=source,
        input_sha256=digest(metabolite),
        water_sha256=digest(water_reference) if water_reference else None,
    )


def _about_coils(recording: Recording) -> tuple[Reason, ...]:
    """Remark on a water reference that scales nothing, because it has other receive coils than the spectrum."""
    water = recording.water
    if water is None or water.coils == recording.coils:
        return ()
    sentence = (
        f"No concentrations: the water reference has {_coils(water)}, the spectrum {_coils(recording)}, so their "
        "scales cannot be compared. Send both combined or both uncombined."
    )
    return (Reason("water-of-other-coils", sentence),)


def _about_scale(recording: Recording) -> tuple[Reason, ...]:
    """Remark on a water reference that scales nothing, because its file has a scale of its own."""
    if recording.water is None or recording.one_scale:
        return ()
    sentence = (
        f"No concentrations: two {recording.acquisition.format} files may differ in receiver gain and number of added "
        "transients, so the water corrects eddy currents but scales nothing."
    )
    return (Reason("water-of-another-scale", sentence),)


def _coils(recording: Recording) -> str:
    return "one coil signal" if recording.coils == 1 else f"{recording.coils} coils"


def digest(files: Files) -> str:
    """SHA-256 of a file's content; of several files, of their contents' digests in order."""
    digests = [hashlib.sha256(file.content).hexdigest() for file in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _reference(recording: Recording) -> Recording:
    """The unsuppressed part of a file given as water reference."""
    if recording.water is not None and recording.acquisition.water_suppressed is not False:
        return recording.water
    return recording


def _require_pair(scan: Recording, water: Recording) -> None:
    """Refuse a reference whose header shows that it is of another scan, or that the two files were swapped.

    Other echo and repetition times, other numbers of points and averages are no contradiction; nor are sequences that
    only free text names.
    """
    spectrum, reference = scan.acquisition, water.acquisition
    volume, other_volume = spectrum.voi_volume_ml, reference.voi_volume_ml
    if volume and other_volume and not math.isclose(volume, other_volume, rel_tol=SAME_VOLUME):
        raise _unpaired(f"is of a volume of {other_volume:.1f} ml, the spectrum of {volume:.1f} ml")
    is_typed = scan.free_text.is_source or water.free_text.is_source
    if not is_typed and spectrum.sequence and reference.sequence and spectrum.sequence != reference.sequence:
        raise _unpaired(f"was acquired with {reference.sequence}, the spectrum with {spectrum.sequence}")
    if spectrum.water_suppressed is False and reference.water_suppressed is True:
        raise _unpaired("is water-suppressed and the spectrum is not, by their headers: the two seem to be swapped")


def _like(reference: Acquisition, header: Acquisition, completed: Acquisition) -> Acquisition:
    """The reference's acquisition, completed and corrected as that of the spectrum it belongs to.

    Where the reference states nothing, or the same as the spectrum's ``header``, the request's correction holds for
    both.
    """
    names = ("spectrometer_frequency", "dwell_time", "echo_time", "repetition_time")
    shared = {name: getattr(completed, name) for name in names if _agrees(reference, header, name)}
    try:
        like, _ = complete(replace(reference, **shared), Overrides())
    except (ImplausibleParameter, UnsupportedData) as error:
        raise type(error)(f"Water reference: {error.detail}", **error.data) from None
    ours, theirs = completed.spectrometer_frequency, like.spectrometer_frequency
    if ours and theirs and abs(theirs / ours - 1.0) > SAME_FREQUENCY:
        raise _unpaired(f"was acquired at {theirs / 1e6:.3f} MHz, the spectrum at {ours / 1e6:.3f} MHz")
    return like


def _agrees(reference: Acquisition, header: Acquisition, name: str) -> bool:
    value, other = getattr(reference, name), getattr(header, name)
    return value is None or (other is not None and math.isclose(value, other, rel_tol=1e-3))


def _unpaired(difference: str) -> ImplausibleParameter:
    return ImplausibleParameter(
        f"The water reference {difference}; send the reference that belongs to this spectrum, or none.",
        parameter="water_reference",
    )
