"""The volume of interest of DICOM MR Spectroscopy objects."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from fitting.acquisition import VoiGeometry
from fitting.io._dicom import text
from fitting.io._functional_groups import private, shared, texts
from fitting.io.header_values import edge_lengths
from fitting.io.voi import in_patient_axes, numbers

_PHILIPS_VOLUME = "Philips MR Imaging DD 001"


def voi_size(dataset: Dataset) -> tuple[float, float, float] | None:
    """Thickness of the three slabs; Philips of old gives one slab only, which is not a volume."""
    slabs = [text(slab.get("SlabThickness")) for slab in dataset.get("VolumeLocalizationSequence") or []]
    return edge_lengths(slabs, 1e-3) if len(slabs) == 3 else None


def slab_volume(dataset: Dataset) -> VoiGeometry | None:
    """Three slabs that cross at one point: normal and thickness of each are direction and length of an edge."""
    slabs = list(dataset.get("VolumeLocalizationSequence") or [])
    if len(slabs) != 3:
        return None
    return in_patient_axes(
        texts(slabs[0].get("MidSlabPosition")),
        [texts(slab.get("SlabOrientation")) for slab in slabs],
        [text(slab.get("SlabThickness")) for slab in slabs],
    )


def philips_box(dataset: Dataset) -> VoiGeometry | None:
    """The private volume (edges, then centre, by AP, FH, RL) and the plane, whose rows run RL and whose columns AP.

    Philips' own ``VolumeLocalizationSequence`` has one slab, whose orientation is three angles, not a normal.
    """
    items = private(dataset, 0x2005, _PHILIPS_VOLUME, 0x85)
    volume = next((item for item in items or () if isinstance(item, Dataset)), None)  # type: ignore[attr-defined]
    plane = texts(shared(dataset, "PlaneOrientationSequence", "ImageOrientationPatient"))
    row, column = numbers(plane[:3]), numbers(plane[3:])
    if volume is None or row is None or column is None:
        return None
    ap, fh, rl, ap_center, fh_center, rl_center = (
        text(private(volume, 0x2005, _PHILIPS_VOLUME, element)) for element in range(0x57, 0x5D)
    )
    normal = [float(part) for part in np.cross(row, column)]
    return in_patient_axes((rl_center, ap_center, fh_center), (plane[:3], plane[3:], normal), (rl, ap, fh))
