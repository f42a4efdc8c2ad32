"""DICOM MR Spectroscopy Storage by Siemens (VE11, XA), Philips and United Imaging; parameters are in functional groups.

DICOM PS3.3 C.8.14 stores (real, imaginary) pairs whose sign is opposite to ours. Several frames are dynamics
(transients), with or without frames of a water reference; a Philips object of two frames holds the water-suppressed
spectrum and then its water reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset

from fitting.acquisition import Acquisition, Recording
from fitting.errors import UnsupportedData
from fitting.io._dicom import (
    count,
    damaged,
    free_texts,
    open_dataset,
    place,
    quantity,
    refuse_imaging_matrix,
    refuse_nucleus,
    sop_class,
    text,
    with_scanner,
)
from fitting.io._dicom_voi import philips_box, slab_volume, voi_size
from fitting.io._functional_groups import of_frames, private, shared, shared_item
from fitting.io.free_text import free_text
from fitting.io.header_values import checked_samples, stated
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.water_among import split, with_water_apart
from fitting.units import ComplexArray

NAME = "dicom_mrs"
TITLE = "DICOM MR Spectroscopy"

MR_SPECTROSCOPY_STORAGE = "1.2.840.10008.5.1.4.1.1.4.2"

_BYTES = 8
"""Of a complex point."""
_PHILIPS_REFERENCE = _PHILIPS_AVERAGES = "Philips MR Imaging DD 004"
_PHILIPS_FRAMES = "Philips MR Imaging DD 005"
_UIH_SPECTROSCOPY = "Spectroscopy Private Header"
_PHILIPS_EDITING = "Philips MR Imaging DD 006"
"""Element 97 of its block is Y in the product's MEGA-PRESS (wtclarke/spec2nii#131)."""


def _recognises(files: Files) -> bool:
    return len(files) == 1 and sop_class(files[0].content) == MR_SPECTROSCOPY_STORAGE


def _read(files: Files) -> Recording:
    file, dataset = open_dataset(files[0], TITLE)
    refuse_nucleus(file, text(dataset.get("ResonantNucleus")) or "1H")
    _refuse_other_kinds(file, dataset)
    samples = _samples(file, dataset)
    frames = len(samples)
    acquisition = _acquisition(dataset)
    spectra = Recording(samples, acquisition)
    said = free_text(*_sequence_fields(dataset), *free_texts(dataset))
    if frames == 1:
        single = Recording(samples=spectra.samples, acquisition=acquisition, free_text=said, place=place(dataset))
        return _with_private_water(file, dataset, single)
    if frames > 2 or not _is_philips(acquisition):
        return replace(_dynamics(file, dataset, spectra, acquisition), free_text=said)
    return replace(_with_water(file, dataset, spectra, acquisition), free_text=said)


def _samples(file: SourceFile, dataset: Dataset) -> ComplexArray:
    """Every frame, shape (frames, 1, points), in our sign.

    The points of a frame are those of ``DataPointColumns``; where that is missing or wrong, those of
    ``SpectroscopyAcquisitionDataColumns``. One frame of twice as many points is a Philips scan with its reference.

    Raises
    ------
    DamagedFile
    """
    data = dataset.get("SpectroscopyData") or b""
    frames = count(dataset.get("NumberOfFrames")) or 1
    announced = [count(dataset.get(name)) for name in ("DataPointColumns", "SpectroscopyAcquisitionDataColumns")]
    has_reference = text(dataset.get("WaterReferencedPhaseCorrection")) == "YES"
    for rows in (frames, frames + 1) if has_reference else (frames,):
        for points in announced:
            if points is not None and points > 1 and isinstance(data, bytes) and len(data) == rows * points * _BYTES:
                return checked_samples(np.frombuffer(data, "<c8").reshape(rows, 1, points).conj(), file)
    promised = f"{frames} x {stated(next(filter(None, announced), None))} points"
    raise damaged(file, TITLE, f"it holds {len(data)} bytes of data where the header promises {promised}")


def _is_philips(acquisition: Acquisition) -> bool:
    return "philips" in (acquisition.vendor or "").lower()


def _dynamics(file: SourceFile, dataset: Dataset, spectra: Recording, acquisition: Acquisition) -> Recording:
    """Frames as transients, and those without water suppression as the reference.

    Philips marks reference frames in a private sequence with one item for each frame (wtclarke/spec2nii,
    philips_dcm.py); without marks the amplitudes tell them.
    """
    for group, keyword in (
        ("MREchoSequence", "EffectiveEchoTime"),
        ("MRTimingAndRelatedParametersSequence", "RepetitionTime"),
    ):
        if len(set(of_frames(dataset, group, keyword))) > 1:
            raise UnsupportedData(
                f"'{file.name}' is a series: {keyword} changes from frame to frame. Send one part of it.",
                file=file.name,
                field=keyword,
            )
    count_of_frames = len(spectra.samples)
    recording = Recording(spectra.samples, replace(acquisition, averages=count_of_frames))
    marked = np.array([_is_reference(item) for item in _frame_items(dataset)], dtype=np.bool_)
    if len(marked) == count_of_frames and 0 < np.count_nonzero(marked) < count_of_frames:
        return split(recording, marked)
    return with_water_apart(recording)


def _frame_items(dataset: Dataset) -> list[Dataset]:
    """The items of Philips' private sequence, one for each frame."""
    rows = private(dataset, 0x2005, _PHILIPS_FRAMES, 0x0F) or private(dataset, 0x2005, _PHILIPS_AVERAGES, 0x71)
    return [item for item in rows if isinstance(item, Dataset)] if isinstance(rows, Sequence) else []


def _is_reference(item: Dataset) -> bool:
    return bool(private(item, 0x2005, _PHILIPS_REFERENCE, 0x04))


def _with_private_water(file: SourceFile, dataset: Dataset, recording: Recording) -> Recording:
    """With the water reference that United Imaging keeps in a private element (wtclarke/spec2nii#1 and #186)."""
    stored = private(dataset, 0x0065, _UIH_SPECTROSCOPY, 0x07)
    if not isinstance(stored, bytes) or len(stored) != recording.points * _BYTES or not any(stored):
        return recording
    water = checked_samples(np.frombuffer(stored, "<c8").reshape(1, 1, -1).conj(), file)
    acquisition = replace(recording.acquisition, water_suppressed=False)
    return replace(recording, water=Recording(water, acquisition))


def _with_water(file: SourceFile, dataset: Dataset, spectra: Recording, acquisition: Acquisition) -> Recording:
    """Split the two frames of a Philips object."""
    suppressed, water = spectra.samples[:1], spectra.samples[1:]
    if np.linalg.norm(water) <= np.linalg.norm(suppressed):
        raise UnsupportedData(
            f"'{file.name}' holds {len(spectra.samples)} spectra that are not one water-suppressed spectrum followed "
            "by its water reference; send the averaged single-voxel spectrum.",
            file=file.name,
        )
    return Recording(
        samples=suppressed,
        acquisition=replace(acquisition, averages=_philips_averages(dataset, 0), water_suppressed=True),
        water=Recording(
            samples=water,
            acquisition=replace(acquisition, averages=_philips_averages(dataset, 1), water_suppressed=False),
        ),
    )


def _acquisition(dataset: Dataset) -> Acquisition:
    sequence_name = text(dataset.get("PulseSequenceName")) or text(dataset.get("SequenceName"))
    sequence = localisation(*_sequence_fields(dataset))
    vendor = text(dataset.get("Manufacturer"))
    width = quantity(dataset.get("SpectralWidth"))
    echo_time = shared(dataset, "MREchoSequence", "EffectiveEchoTime")
    repetition_time = shared(dataset, "MRTimingAndRelatedParametersSequence", "RepetitionTime")
    acquisition = Acquisition(
        format=NAME,
        spectrometer_frequency=quantity(dataset.get("TransmitterFrequency"), 1e6),
        dwell_time=None if width is None else 1.0 / width,
        # United Imaging has no functional groups.
        echo_time=quantity(echo_time or dataset.get("EchoTime"), 1e-3),
        repetition_time=quantity(repetition_time or dataset.get("RepetitionTime"), 1e-3),
        sequence=sequence,
        sequence_name=sequence_name,
        mixing_time=_siemens_mixing_time(dataset) if sequence == "STEAM" else None,
        voi_size=voi_size(dataset),
        voi_geometry=slab_volume(dataset) or philips_box(dataset),
        averages=count(shared(dataset, "MRAveragesSequence", "NumberOfAverages")),
        nucleus=text(dataset.get("ResonantNucleus")) or "1H",
        water_suppressed=_water_suppressed(dataset, vendor),
    )
    return with_scanner(acquisition, dataset)


def _sequence_fields(dataset: Dataset) -> tuple[str | None, ...]:
    """The names of the sequence, then the technique; Philips calls every sequence SPECTROSCOPY."""
    keywords = ("PulseSequenceName", "SequenceName", "VolumeLocalizationTechnique")
    return tuple(text(dataset.get(keyword)) for keyword in keywords)


def _water_suppressed(dataset: Dataset, vendor: str | None) -> bool | None:
    """Whether the header states it; Siemens writes NONE into suppressed spectra too, so its NONE is ignored."""
    suppression = text(dataset.get("SpectrallySelectedSuppression"))
    if suppression in ("WATER", "FAT_AND_WATER"):
        return True
    siemens = "siemens" in (vendor or "").lower()
    return False if suppression == "NONE" and not siemens else None


def _siemens_mixing_time(dataset: Dataset) -> float | None:
    """Element 04 of the private block SIEMENS MR MRS 05 next to the echo time, ms."""
    return quantity(private(shared_item(dataset, "MREchoSequence"), 0x0021, "SIEMENS MR MRS 05", 0x04), 1e-3)


def _philips_averages(dataset: Dataset, frame: int) -> int | None:
    """Element 79 of the private block Philips MR Imaging DD 004, kept per frame."""
    rows = private(dataset, 0x2005, _PHILIPS_AVERAGES, 0x71) or []
    items = list(rows) if hasattr(rows, "__iter__") else []
    if frame >= len(items) or not isinstance(items[frame], Dataset):
        return None
    return count(private(items[frame], 0x2005, _PHILIPS_AVERAGES, 0x79))


def _refuse_other_kinds(file: SourceFile, dataset: Dataset) -> None:
    columns, rows, slices = (
        count(dataset.get(keyword)) or 1
        for keyword in ("Columns", "Rows", "SpectroscopyAcquisitionOutOfPlanePhaseSteps")
    )
    refuse_imaging_matrix(file, (columns, rows, slices))
    acquisition_type = text(dataset.get("MRSpectroscopyAcquisitionType")) or "SINGLE_VOXEL"
    if acquisition_type != "SINGLE_VOXEL" or (count(dataset.get("DataPointRows")) or 1) > 1:
        raise UnsupportedData(
            f"'{file.name}' is a {acquisition_type} acquisition of more than one spectral dimension or voxel; "
            "send a single-voxel spectrum.",
            file=file.name,
        )
    if text(private(dataset, 0x2005, _PHILIPS_EDITING, 0x97)) == "Y":
        raise UnsupportedData(
            f"'{file.name}' is a spectral editing scan (MEGA); only unedited spectra can be analysed.", file=file.name
        )
    form = (text(dataset.get("DataRepresentation")) or "COMPLEX", text(dataset.get("SignalDomainColumns")) or "TIME")
    if form != ("COMPLEX", "TIME"):
        raise UnsupportedData(
            f"'{file.name}' holds {form[0]} data in the {form[1]} domain; send the complex time-domain signal.",
            file=file.name,
        )


READER = Reader(name=NAME, title=TITLE, recognises=_recognises, read=_read)
