"""Files as a scanner exports them, many in one folder: which make up one scan, and which are water references.

Names of files decide nothing here. Samples are looked at once and not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fitting.acquisition import Recording, VoiGeometry
from fitting.errors import UnreadableSpectrum
from fitting.io import READERS
from fitting.io._dicom import open_dataset, text
from fitting.io._dicom_file import is_dicom
from fitting.io.containers import is_archive
from fitting.io.dialects import plain
from fitting.io.scan_files import difference, reader_of, scans_of
from fitting.io.source import Files, SourceFile
from fitting.io.water_among import of_unit_size
from fitting.units import ComplexArray

WATER_POINTS, WATER_SHARE = 30, 0.9
"""Within so many points of its peak a spectrum without water suppression has more than this share of its energy. Header
fields do not tell: Siemens writes SpectrallySelectedSuppression NONE into suppressed scans too."""
LOUDER = 10.0
"""Of two scans with one peak, that of this many times the amplitude is the reference, the other badly suppressed."""
SAME_PLACE_MM = 0.1
"""Largest difference of centre and edges of one measured volume in two files."""
SAME_FREQUENCY = 100e-6
"""Largest relative difference of spectrometer frequency: the scanner follows its field between two scans."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One file with its companions, as far as sorting and pairing need it."""

    names: tuple[str, ...]
    outline: Recording | None = None
    """The recording without its samples; None when it cannot be read, or is in an archive."""
    has_one_peak: bool = False
    """Whether nearly all energy is in one peak, as without water suppression."""
    loudness: float = 0.0
    """Mean magnitude of the samples, in the units of the receiver."""
    examination: tuple[str, ...] | None = None
    """Study and frame of reference of a DICOM object."""


def examined(files: Files) -> tuple[Exported, ...]:
    """The spectra among files whose names differ in their ending only; what is none is left out.

    A spectrum that is recognised and cannot be read has no outline: its analysis gives the reason.
    """
    archives = [Exported((file.name,)) for file in files if is_archive(file.content)]
    others = tuple(plain(file) for file in files if not is_archive(file.content))
    reader = reader_of(others, READERS) if others else None
    found = ((reader, others),) if reader is not None else scans_of(others, READERS).found
    return (*archives, *(_examined(own, reader.read) for reader, own in found))


def in_scans(spectra: Iterable[Exported]) -> list[tuple[Exported, ...]]:
    """The same, those of one scan in many files together; the rule is that of ``fitting.io.read``."""
    scans: list[list[Exported]] = []
    by_series: dict[str, list[Exported]] = {}
    for item in spectra:
        place = None if item.outline is None else item.outline.place
        mates = [] if place is None else by_series.setdefault(place.scan, [])
        scan = next((scan for scan in scans if scan[0] in mates and _are_parts(scan[0], item)), None)
        if scan is None:
            scans.append([item])
            mates.append(item)
        else:
            scan.append(item)
    return [tuple(scan) for scan in scans]


def is_reference(item: Exported, others: Iterable[Exported]) -> bool:
    """Whether a scan is unsuppressed water: by its header, or by having one peak.

    One peak is not enough beside a louder scan of the same place: that is the reference of a badly suppressed one.
    """
    if item.outline is not None and item.outline.acquisition.water_suppressed is False:
        return True
    if not item.has_one_peak:
        return False
    return not any(
        other.has_one_peak and other.loudness > LOUDER * item.loudness and are_of_one_place(item, other)
        for other in others
        if other is not item
    )


def are_of_one_place(one: Exported, other: Exported) -> bool:
    """Whether two DICOM objects are of one volume of one examination: same study and frame of reference, centre and
    edges, nucleus, echo time and frequency.
    """
    if one.outline is None or other.outline is None or one.examination is None or one.examination != other.examination:
        return False
    ours, theirs = one.outline.acquisition, other.outline.acquisition
    frequencies = ours.spectrometer_frequency, theirs.spectrometer_frequency
    return (
        ours.nucleus == theirs.nucleus
        and ours.echo_time == theirs.echo_time
        and frequencies[0] is not None
        and frequencies[1] is not None
        and abs(frequencies[1] / frequencies[0] - 1.0) <= SAME_FREQUENCY
        and _same_volume(ours.voi_geometry, theirs.voi_geometry)
    )


def _same_volume(ours: VoiGeometry | None, theirs: VoiGeometry | None) -> bool:
    if ours is None or theirs is None:
        return False
    pairs = zip((ours.center_mm, *ours.edges_mm), (theirs.center_mm, *theirs.edges_mm), strict=True)
    return all(np.allclose(one, other, rtol=0.0, atol=SAME_PLACE_MM) for one, other in pairs)


def _are_parts(one: Exported, other: Exported) -> bool:
    return one.outline is not None and other.outline is not None and difference(one.outline, other.outline) is None


def _examined(files: Files, read: Callable[[Files], Recording]) -> Exported:
    names = tuple(file.name for file in files)
    try:
        recording = read(files)
    except UnreadableSpectrum:
        return Exported(names)
    samples = recording.samples
    outline = replace(recording, samples=np.empty((0, *samples.shape[1:]), dtype=samples.dtype), water=None)
    has_one_peak = recording.water is None and _has_one_peak(of_unit_size(samples))
    return Exported(names, outline, has_one_peak, float(np.mean(np.abs(samples))), _examination(files))


def _has_one_peak(samples: ComplexArray) -> bool:
    """Whether the spectra (transients, coils, points), added in power, have nearly all of it around their peak."""
    power = np.sum(np.abs(np.fft.fft(samples, axis=-1)) ** 2, axis=(0, 1))
    near = np.take(power, np.argmax(power) + np.arange(-WATER_POINTS, WATER_POINTS + 1), mode="wrap")
    return bool(near.sum() > WATER_SHARE * power.sum())


def _examination(files: Sequence[SourceFile]) -> tuple[str, ...] | None:
    if not is_dicom(files[0].content):
        return None
    _, dataset = open_dataset(files[0], "DICOM")
    study, frame = (text(dataset.get(keyword)) for keyword in ("StudyInstanceUID", "FrameOfReferenceUID"))
    return None if study is None else (study, frame or "")
