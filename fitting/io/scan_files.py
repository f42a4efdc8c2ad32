"""Join one scan that comes in several files: one for each transient or coil, as archives and exports write them.

Files belong together when their headers say so (`Place`) and every quantity that shapes a spectrum is equal. What does
not belong together is refused as several scans, never averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fitting.acquisition import Acquisition, Recording
from fitting.errors import DamagedFile, UnsupportedData
from fitting.io.file_names import known_ending
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.water_among import of_unit_size, with_water_apart
from fitting.units import ComplexArray

_SAME = (
    ("format", "format"),
    ("nucleus", "nucleus"),
    ("sequence_name", "sequence"),
    ("echo_time", "echo time"),
    ("repetition_time", "repetition time"),
    ("mixing_time", "mixing time"),
    ("dwell_time", "dwell time"),
    ("voi_size", "size of the volume"),
    ("voi_geometry", "place of the volume"),
)
"""Fields of an acquisition that are equal in all files of a scan, and their names in words."""
_FREQUENCY_DRIFT = 1e-5
"""Relative difference of spectrometer frequency between files of a scan; scanners may follow the drift of the field."""
_PHASES_AGREE = 0.7
"""Length of the mean of unit phasors of transients; coils have phases of their own, which have a mean near 0."""


@dataclass(frozen=True, slots=True)
class Scans:
    """Files sorted into scans, each with its reader, and those that belong to none."""

    found: tuple[tuple[Reader, Files], ...]
    others: Files


def scans_of(files: Files, readers: Sequence[Reader]) -> Scans:
    """Sort files into scans by content: files of one stem first, for pairs such as SDAT and SPAR, then each alone."""
    by_stem: dict[str, list[SourceFile]] = {}
    for file in files:
        by_stem.setdefault(shared_stem(file.name), []).append(file)
    found: list[tuple[Reader, Files]] = []
    others: list[SourceFile] = []
    for group in by_stem.values():
        together = tuple(group)
        reader = reader_of(together, readers)
        if reader is not None:
            found.append((reader, together))
            continue
        for file in together:
            alone = reader_of((file,), readers)
            if alone is None:
                others.append(file)
            else:
                found.append((alone, (file,)))
    return Scans(tuple(found), tuple(others))


def reader_of(files: Files, readers: Sequence[Reader]) -> Reader | None:
    """The reader that takes all of these files as one scan."""
    return next((reader for reader in readers if reader.recognises(files)), None)


def shared_stem(name: str) -> str:
    """A file's name without its known ending, in lower case: files of one scan share it."""
    return (name[: len(name) - len(known_ending(name))] or name).lower()


def read_joined(scans: Scans) -> Recording:
    """One recording of the files of one scan.

    Raises
    ------
    UnreadableSpectrum
        When a file cannot be read, or the files are of several scans.
    """
    parts = [(files[0], reader.read(files)) for reader, files in scans.found]
    first, one = parts[0]
    for file, part in parts[1:]:
        contradiction = difference(one, part)
        if contradiction is not None:
            raise UnsupportedData(
                f"'{first.name}' and '{file.name}' are two scans: their {contradiction}. Send one scan; a water "
                "reference is sent as such (--water-reference, part water_reference).",
                file=file.name,
            )
    _refuse_repeated([file for file, _ in parts])
    parts.sort(key=lambda item: _number(item[1]))
    return _joined([part for _, part in parts])


def alone(recording: Recording) -> Recording:
    """A recording whose file came without the others of its series.

    The header counts the averages of the whole scan. The first object of a series is usually the only one; a later one
    may hold one average or all, so how many it holds is not known.
    """
    if _number(recording) <= 1 or recording.transients > 1:
        return recording
    return replace(recording, acquisition=replace(recording.acquisition, averages=None))


def _number(recording: Recording) -> int:
    return (recording.place.number if recording.place is not None else None) or 0


def difference(one: Recording, other: Recording) -> str | None:
    """The difference that makes two recordings two scans, in words; None when they are parts of one."""
    ours, theirs = one.acquisition, other.acquisition
    for name, words in _SAME:
        if getattr(ours, name) != getattr(theirs, name):
            return f"{words} differs{_values(ours, theirs, name)}"
    if one.samples.shape[2] != other.samples.shape[2]:
        return f"number of points differs ({one.points} and {other.points})"
    frequencies = ours.spectrometer_frequency or 0.0, theirs.spectrometer_frequency or 0.0
    if abs(frequencies[0] - frequencies[1]) > _FREQUENCY_DRIFT * max(frequencies):
        return "spectrometer frequency differs"
    if one.place is None or other.place is None:
        return "format has one file for each scan"
    if one.place.scan != other.place.scan:
        return "headers name two series"
    is_counted = None not in (one.place.number, other.place.number) and one.place != other.place
    return None if is_counted else "headers do not count them as parts of one series"


def _values(ours: Acquisition, theirs: Acquisition, name: str) -> str:
    values = getattr(ours, name), getattr(theirs, name)
    shown = all(isinstance(value, float) for value in values)
    return f" ({values[0]:g} and {values[1]:g} s)" if shown else ""


def _refuse_repeated(files: Sequence[SourceFile]) -> None:
    names: dict[bytes, str] = {}
    for file in files:
        if file.content in names:
            raise DamagedFile(
                f"'{names[file.content]}' and '{file.name}' have the same content; send each file once.", file=file.name
            )
        names[file.content] = file.name


def _joined(parts: Sequence[Recording]) -> Recording:
    coils = [part.place.coil for part in parts if part.place is not None]
    labels = list(dict.fromkeys(coils))
    stored = np.concatenate([part.samples for part in parts])
    if None not in labels and len(labels) > 1:
        samples = _by_coil(parts, labels)
    else:
        samples = np.swapaxes(stored, 0, 1) if _are_coils(stored) else stored
    one = parts[0]
    acquisition = replace(one.acquisition, averages=_averages(one, len(samples)))
    doubt = next((part.may_be_cut for part in parts if part.may_be_cut is not None), None)
    return with_water_apart(replace(one, samples=samples, acquisition=acquisition, may_be_cut=doubt, place=None))


def _averages(one: Recording, transients: int) -> int | None:
    """Averages of the scan: its transients, or what the header counts when the files are coils of a mean."""
    return transients if transients > 1 else one.acquisition.averages


def _by_coil(parts: Sequence[Recording], labels: Sequence[str | None]) -> ComplexArray:
    """Samples as (transients, coils, points) of files that name their coil.

    Raises
    ------
    DamagedFile
        When a coil has fewer files than another.
    """
    groups = [
        np.concatenate([part.samples for part in parts if part.place is not None and part.place.coil == label])
        for label in labels
    ]
    if len({len(group) for group in groups}) > 1:
        raise DamagedFile("Files are missing: the receive coils have different numbers of files; send the whole scan.")
    return np.concatenate(groups, axis=1)


def _are_coils(samples: ComplexArray) -> bool:
    """Whether files without a coil's name (files, 1, points) are those of coils: they have all kinds of phases."""
    if samples.shape[1] != 1 or len(samples) < 2:
        return False
    samples = of_unit_size(samples)
    loudest = samples[np.argmax(np.linalg.norm(samples[:, 0], axis=-1)), 0]
    overlap = samples[:, 0] @ np.conj(loudest)
    known = np.abs(overlap) > 0
    return bool(known.any() and np.abs(np.mean(overlap[known] / np.abs(overlap[known]))) < _PHASES_AGREE)
