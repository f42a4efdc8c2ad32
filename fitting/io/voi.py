"""Geometry of the measured volume: centre, axes and edges from headers, in NIfTI world coordinates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fitting.acquisition import VoiGeometry
from fitting.io.header_values import finite

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])
"""DICOM's and all scanners' patient axes point to the left and to the back, NIfTI's to the right and to the front."""

FARTHEST_MM = 1e5
"""No coordinate, edge or direction in a header is larger: a scanner's room ends 100 m from its centre. Beyond it there
is no place to speak of, and squares and determinants of such numbers may overflow."""
_LONGEST_MM = 500.0
"""Some writers use 10 m for an unknown volume; no head is half a metre wide."""
_SAME_CENTER_MM = 1.0
"""How far apart the two centres of a GE header may be; in files at hand they agree to 1e-4."""
_SKEW = 0.02
"""Largest cosine between two axes; measured boxes have right angles, digits are rounded."""

Header = Sequence[float | str | None]


def in_patient_axes(center: Header, axes: Sequence[Header], lengths: Header) -> VoiGeometry | None:
    """A box given in DICOM's patient coordinates (x to the left, y to the back, z to the head), mm.

    Parameters
    ----------
    center : three numbers or texts
        mm.
    axes : three times three numbers or texts
        Direction of each edge; need not be of unit length.
    lengths : three numbers or texts
        Length of each edge, mm.

    Returns
    -------
    VoiGeometry or None
        None unless every number is there, and together they are a box.
    """
    directions = [numbers(axis) for axis in axes]
    middle, sizes = numbers(center), numbers(lengths)
    if middle is None or sizes is None or len(directions) != 3:
        return None
    edges = []
    for direction, size in zip(directions, sizes, strict=True):
        if direction is None or not np.linalg.norm(direction) > 0:
            return None
        edges.append(LPS_TO_RAS @ direction / np.linalg.norm(direction) * size)
    return box(LPS_TO_RAS @ middle, edges)


def from_normal(center: Header, normal: Header, rotation: float | str | None, lengths: Header) -> VoiGeometry | None:
    """A box as Siemens protocols give it: slice normal and rotation in plane, rad; edges read-out, phase, slice, mm.

    Without rotation the phase direction lies in the plane of the slice and, for transverse slices, of the sagittal
    plane; for coronal and sagittal ones, of the transverse plane. The read-out is normal × phase. The numbers of scans
    that give directions and normal with rotation confirm it.
    """
    slice_axis, turn = numbers(normal), finite(rotation)
    if slice_axis is None or turn is None or not np.linalg.norm(slice_axis) > 0:
        return None
    x, y, z = slice_axis / np.linalg.norm(slice_axis)
    if max(abs(x), abs(y)) <= abs(z):
        phase = np.array([0.0, z, -y]) / np.hypot(y, z)
    elif abs(x) <= abs(y):
        phase = np.array([y, -x, 0.0]) / np.hypot(x, y)
    else:
        phase = np.array([-y, x, 0.0]) / np.hypot(x, y)
    across = np.array([x, y, z])
    phase = np.cos(turn) * phase - np.sin(turn) * np.cross(across, phase)
    directions = (np.cross(across, phase), phase, across)
    return in_patient_axes(center, [[float(part) for part in axis] for axis in directions], lengths)


def from_corners(center: Header, corners: Sequence[Header], lengths: Header) -> VoiGeometry | None:
    """A box as GE headers give it: its centre, the slice through it, and its edges by the patient's axes, mm.

    Coordinates go to the right, to the front and to the head. Directions are those of the slice's rows, columns and
    normal; each length belongs to the axis nearest to the patient's, as Gannet (``GannetMask_GE``, after R. Noeske's
    co-registration) and VESPA read it. The header says the centre twice; without agreement there is no box.

    Parameters
    ----------
    center : three numbers
        Of the measured volume.
    corners : three times three numbers
        Of the slice: upper left, upper right and lower right.
    lengths : three numbers
        Along right-left, front-back and head-feet.
    """
    middle, sizes, places = numbers(center), numbers(lengths), [numbers(corner) for corner in corners]
    known = [place for place in places if place is not None]
    if middle is None or sizes is None or len(known) != 3:
        return None
    upper_left, upper_right, lower_right = known
    rows, columns = upper_right - upper_left, lower_right - upper_right
    if not (np.linalg.norm(rows) > 0 and np.linalg.norm(columns) > 0):
        return None
    if np.linalg.norm((upper_left + lower_right) / 2.0 - middle) > _SAME_CENTER_MM:
        return None
    rows, columns = rows / np.linalg.norm(rows), columns / np.linalg.norm(columns)
    normal = np.cross(rows, columns)
    axes = {0: (normal, rows, columns), 1: (rows, normal, columns), 2: (rows, columns, normal)}
    chosen = axes[int(np.argmax(np.abs(normal)))]
    return box(middle, [axis * size for axis, size in zip(chosen, sizes, strict=True)])


def box(center: npt.ArrayLike, edges: npt.ArrayLike) -> VoiGeometry | None:
    """A box in NIfTI world coordinates, mm; None when the three edges (rows) are none of a head's measured volume."""
    middle, sides = np.asarray(center, dtype=np.float64), np.asarray(edges, dtype=np.float64)
    if not (is_near(middle) and is_near(sides)):
        return None
    lengths = np.linalg.norm(sides, axis=1)
    if not np.all((lengths > 0) & (lengths <= _LONGEST_MM)):
        return None
    cosines = (sides @ sides.T) / np.outer(lengths, lengths)
    if np.max(np.abs(cosines - np.eye(3))) > _SKEW:
        return None
    rows = [(float(x), float(y), float(z)) for x, y, z in sides]
    return VoiGeometry((float(middle[0]), float(middle[1]), float(middle[2])), (rows[0], rows[1], rows[2]))


def numbers(values: Header) -> npt.NDArray[np.float64] | None:
    """Three header values as numbers; None unless all three are finite and none is beyond ``FARTHEST_MM``."""
    found = [finite(value) for value in values]
    known = np.array([value for value in found if value is not None])
    return known if len(known) == len(found) == 3 and is_near(known) else None


def is_near(values: npt.NDArray[np.float64]) -> bool:
    """Whether all of these are numbers within the size of a scanner room."""
    return bool(np.all(np.abs(values) <= FARTHEST_MM))
