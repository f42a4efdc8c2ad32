"""DICOM MR Spectroscopy Storage by Siemens (VE11, XA) and Philips; parameters are in functional groups.

DICOM PS3.3 C.8.14 stores (real, imaginary) pairs whose sign is opposite to ours; suspect reads and conjugates
them. A Philips object of two frames holds the water-suppressed spectrum and then its water reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset

from fitting.acquisition import Acquisition, Recording, VoiGeometry
from fitting.errors import UnsupportedData
from fitting.io._dicom import (
    count,
    damaged,
    free_texts,
    open_dataset,
    quantity,
    refuse_imaging_matrix,
    refuse_nucleus,
    sop_class,
    text,
)
from fitting.io._suspect import mr_spectroscopy
from fitting.io.free_text import free_text
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.values import edge_lengths
from fitting.io.voi import in_patient_axes, numbers

NAME = "dicom_mrs"
TITLE = "DICOM MR Spectroscopy"

MR_SPECTROSCOPY_STORAGE = "1.2.840.10008.5.1.4.1.1.4.2"

_BYTES_PER_POINT = 8
_PHILIPS_VOLUME = "Philips MR Imaging DD 001"
_PHILIPS_EDITING = "Philips MR Imaging DD 006"
"""Element 97 of its block is Y in the product's MEGA-PRESS (wtclarke/spec2nii#131)."""


def _recognises(files: Files) -> bool:
    return len(files) == 1 and sop_class(files[0].content) == MR_SPECTROSCOPY_STORAGE


def _read(files: Files) -> Recording:
    file, dataset = open_dataset(files[0], TITLE)
    refuse_nucleus(file, text(dataset.get("ResonantNucleus")) or "1H")
    _refuse_other_kinds(file, dataset)
    frames = count(dataset.get("NumberOfFrames")) or 1
    points = count(dataset.get("DataPointColumns"))
    size = len(dataset.get("SpectroscopyData") or b"")
    if points is None or points < 2 or size != frames * points * _BYTES_PER_POINT:
        raise damaged(
            file, TITLE, f"it holds {size} bytes of data where the header promises {frames} x {points} points"
        )
    spectra = mr_spectroscopy(file, NAME, TITLE)
    acquisition = _acquisition(dataset, spectra.acquisition)
    said = free_text(*_sequence_fields(dataset), *free_texts(dataset))
    if frames == 1:
        return Recording(samples=spectra.samples, acquisition=acquisition, free_text=said)
    return replace(_with_water(file, dataset, spectra, acquisition), free_text=said)


def _with_water(file: SourceFile, dataset: Dataset, spectra: Recording, acquisition: Acquisition) -> Recording:
    """Split the two frames of a Philips object; other objects with several frames are refused."""
    suppressed, water = spectra.samples[:1], spectra.samples[1:]
    philips = "philips" in (acquisition.vendor or "").lower()
    if not philips or len(water) != 1 or np.linalg.norm(water) <= np.linalg.norm(suppressed):
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


def _acquisition(dataset: Dataset, read: Acquisition) -> Acquisition:
    sequence_name = text(dataset.get("PulseSequenceName"))
    sequence = localisation(*_sequence_fields(dataset))
    vendor = text(dataset.get("Manufacturer"))
    return replace(
        read,
        echo_time=quantity(_shared(dataset, "MREchoSequence", "EffectiveEchoTime"), 1e-3),
        repetition_time=quantity(_shared(dataset, "MRTimingAndRelatedParametersSequence", "RepetitionTime"), 1e-3),
        sequence=sequence,
        sequence_name=sequence_name,
        mixing_time=_siemens_mixing_time(dataset) if sequence == "STEAM" else None,
        vendor=vendor,
        scanner_model=text(dataset.get("ManufacturerModelName")),
        software=text(dataset.get("SoftwareVersions")),
        voi_size=_voi_size(dataset),
        voi_geometry=_slabs(dataset) or _philips_box(dataset),
        averages=count(_shared(dataset, "MRAveragesSequence", "NumberOfAverages")),
        nucleus=text(dataset.get("ResonantNucleus")) or "1H",
        water_suppressed=_water_suppressed(dataset, vendor),
    )


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


def _shared(dataset: Dataset, group: str, keyword: str) -> object:
    """A value from the functional groups shared by all frames or from those of the first frame."""
    for functional_groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in (dataset.get(functional_groups) or [])[:1]:
            for macro in (item.get(group) or [])[:1]:
                if keyword in macro:
                    return macro.get(keyword)
    return None


def _voi_size(dataset: Dataset) -> tuple[float, float, float] | None:
    """Thickness of the three slabs; Philips of old gives one slab only, which is not a volume."""
    slabs = [text(slab.get("SlabThickness")) for slab in dataset.get("VolumeLocalizationSequence") or []]
    return edge_lengths(slabs, 1e-3) if len(slabs) == 3 else None


def _slabs(dataset: Dataset) -> VoiGeometry | None:
    """Three slabs that cross at one point: normal and thickness of each are direction and length of an edge."""
    slabs = list(dataset.get("VolumeLocalizationSequence") or [])
    if len(slabs) != 3:
        return None
    return in_patient_axes(
        _texts(slabs[0].get("MidSlabPosition")),
        [_texts(slab.get("SlabOrientation")) for slab in slabs],
        [text(slab.get("SlabThickness")) for slab in slabs],
    )


def _philips_box(dataset: Dataset) -> VoiGeometry | None:
    """The private volume (edges, then centre, by AP, FH, RL) and the plane, whose rows run RL and whose columns AP.

    Philips' own ``VolumeLocalizationSequence`` has one slab, whose orientation is three angles, not a normal.
    """
    items = _private(dataset, 0x2005, _PHILIPS_VOLUME, 0x85)
    volume = next((item for item in items or () if isinstance(item, Dataset)), None)  # type: ignore[attr-defined]
    plane = _texts(_shared(dataset, "PlaneOrientationSequence", "ImageOrientationPatient"))
    row, column = numbers(plane[:3]), numbers(plane[3:])
    if volume is None or row is None or column is None:
        return None
    ap, fh, rl, ap_center, fh_center, rl_center = (
        text(_private(volume, 0x2005, _PHILIPS_VOLUME, element)) for element in range(0x57, 0x5D)
    )
    normal = [float(part) for part in np.cross(row, column)]
    return in_patient_axes((rl_center, ap_center, fh_center), (plane[:3], plane[3:], normal), (rl, ap, fh))


def _texts(value: object) -> list[str | None]:
    """The members of a header value that has several."""
    return [text(member) for member in value] if isinstance(value, Sequence) else []


def _siemens_mixing_time(dataset: Dataset) -> float | None:
    """Element 04 of the private block SIEMENS MR MRS 05 next to the echo time, ms."""
    return quantity(_private(_shared_item(dataset, "MREchoSequence"), 0x0021, "SIEMENS MR MRS 05", 0x04), 1e-3)


def _philips_averages(dataset: Dataset, frame: int) -> int | None:
    """Element 79 of the private block Philips MR Imaging DD 004, kept per frame."""
    rows = _private(dataset, 0x2005, "Philips MR Imaging DD 004", 0x71) or []
    items = list(rows) if hasattr(rows, "__iter__") else []
    if frame >= len(items) or not isinstance(items[frame], Dataset):
        return None
    return count(_private(items[frame], 0x2005, "Philips MR Imaging DD 004", 0x79))


def _shared_item(dataset: Dataset, group: str) -> Dataset:
    for item in (dataset.get("SharedFunctionalGroupsSequence") or [])[:1]:
        for macro in (item.get(group) or [])[:1]:
            if isinstance(macro, Dataset):
                return macro
    return Dataset()


def _private(dataset: Dataset, group: int, creator: str, element: int) -> object:
    try:
        return dataset.private_block(group, creator)[element].value
    except KeyError:
        return None


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
    if text(_private(dataset, 0x2005, _PHILIPS_EDITING, 0x97)) == "Y":
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
