"""NIfTI images supplied with a spectrum (T1-weighted or tissue maps): only voxels and geometry are kept."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitting.errors import FittingError, UnusableImage
from fitting.io._nifti import Opened, affine_mm, is_nifti, open_nifti, take
from fitting.io.source import SourceFile
from fitting.units import FloatArray

MAX_VOXELS = 2**26
"""A head of 256 mm at 0.63 mm; more is refused before it is read, as is a compressed file that would unpack to more."""

_VOXELS_AT_ONCE = 2**20
"""Voxels that are unpacked before the next ones: an image of 8 bytes a voxel is never in memory as it is stored."""


@dataclass(frozen=True, slots=True)
class Image:
    """Voxels and their geometry; no name, date or other field of the file."""

    voxels: npt.NDArray[np.float32]
    """Shape (I, J, K)."""
    affine_mm: FloatArray
    """From voxel indices to world coordinates (x right, y front, z head; mm), shape (4, 4)."""


def read_image(file: SourceFile, part: str) -> Image:
    """One image of real numbers, scaled as its header says; values that are not finite count as 0.

    Parameters
    ----------
    file : SourceFile
        NIfTI-1 or NIfTI-2, ``.nii`` or ``.nii.gz``.
    part : str
        Its name in the request, for messages.

    Raises
    ------
    UnusableImage
        When it is no such image, is too large, is damaged, or has no geometry.
    """
    refuse_other_than_image(file, part)
    try:
        opened = open_nifti(file)
        voxels = _voxels(opened, part)
    except UnusableImage:
        raise
    except FittingError as error:
        raise UnusableImage(f"Image '{part}': {error.detail}", part=part) from error
    affine = affine_mm(opened.header)
    if affine is None:
        raise _unusable(part, "does not say where it lies (neither sform nor qform); convert it again from DICOM")
    return Image(voxels, affine)


def refuse_other_than_image(file: SourceFile, part: str) -> None:
    """Refuse a file that is not NIfTI, by its first bytes.

    Raises
    ------
    UnusableImage
    """
    if not is_nifti(file.content):
        raise _unusable(part, "is no NIfTI image; convert it to .nii or .nii.gz (dcm2niix does)")


def _voxels(opened: Opened, part: str) -> npt.NDArray[np.float32]:
    shape = opened.shape
    if len(shape) < 3 or min(shape) < 1 or math.prod(shape[3:]) != 1:
        sizes = " x ".join(str(size) for size in shape) or "no"
        raise _unusable(part, f"has {sizes} voxels; one three-dimensional image is needed")
    count = math.prod(shape[:3])
    if count > MAX_VOXELS:
        raise _unusable(part, f"has {count} voxels, more than the {MAX_VOXELS} that are read; resample it to 1 mm")
    kind = opened.data_type()
    if kind.kind not in "iuf":
        raise _unusable(part, "does not hold real numbers; send a T1-weighted image or a probability map")
    slope, intercept = float(opened.header["scl_slope"]), float(opened.header["scl_inter"])
    voxels = np.empty(count, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for begin in range(0, count, _VOXELS_AT_ONCE):
            part_of_all = voxels[begin : begin + _VOXELS_AT_ONCE]
            part_of_all[:] = np.frombuffer(take(opened.stream, part_of_all.size * kind.itemsize, opened.file), kind)
        opened.check_sum()
        if math.isfinite(slope) and slope != 0.0:
            voxels *= np.float32(slope)
            voxels += np.float32(intercept if math.isfinite(intercept) else 0.0)
    return np.nan_to_num(voxels, copy=False, nan=0.0, posinf=0.0, neginf=0.0).reshape(shape[:3], order="F")


def _unusable(part: str, what: str) -> UnusableImage:
    return UnusableImage(f"Image '{part}' {what}.", part=part)
