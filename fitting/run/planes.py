"""Three planes of an image through the centre of the measured volume, along the axes of the head."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from fitting.acquisition import VoiGeometry
from fitting.io.nifti_image import Image
from fitting.units import ByteArray, FloatArray

SIZE_MM = 256
"""Side of a plane; its pixels are 1 mm."""
_MARGIN_MM = 90.0
"""How far at least the volume's centre stays from the edge of a plane, should the image be larger than a head."""
_BRIGHTEST = 99.5
"""Percentile of the image that is shown white: fat and vessels are brighter and are not of interest here."""
PIXELS = np.arange(SIZE_MM) - (SIZE_MM - 1) / 2.0


def planes(image: Image, geometry: VoiGeometry) -> tuple[ByteArray, FloatArray]:
    """Sagittal, coronal and axial plane through the box's centre, by linear interpolation, as shades of grey.

    Rows run down and backwards, columns run from the person's right to the left (from front to back in the sagittal
    plane): the radiological view. Outside of the image it is black.

    Returns
    -------
    grey : uint8 array, shape (3, 256, 256)
    middle : float array, shape (3,)
        World coordinates of the middle of the planes, mm; perpendicular to a plane the box's centre applies.
    """
    center = np.asarray(geometry.center_mm)
    window = np.clip(_middle(image), center - _MARGIN_MM, center + _MARGIN_MM)
    sections = np.stack([_section(image, center, window, axis) for axis in range(3)])
    shown = sections[sections > 0]
    white = float(np.percentile(shown, _BRIGHTEST)) if shown.size else 1.0
    grey: ByteArray = np.rint(np.clip(sections / white, 0.0, 1.0) * 255.0).astype(np.uint8)
    return grey, np.asarray(window, dtype=np.float64)


def _middle(image: Image) -> FloatArray:
    """World coordinates of the middle of the image, mm."""
    half = (np.asarray(image.voxels.shape) - 1.0) / 2.0
    return np.asarray(image.affine_mm[:3, :3] @ half + image.affine_mm[:3, 3])


def _section(image: Image, center: FloatArray, window: FloatArray, across: int) -> FloatArray:
    """One plane: ``across`` is the world axis that stands on it."""
    along, down = ((1, 2), (0, 2), (0, 1))[across]
    at = np.empty((3, SIZE_MM, SIZE_MM))
    at[across] = center[across]
    # world coordinates grow to the right, front and head; columns run to the left or back and rows run down
    at[along] = window[along] - PIXELS[None, :]
    at[down] = window[down] - PIXELS[:, None]
    back = np.linalg.inv(image.affine_mm)
    index = np.tensordot(back[:3, :3], at, axes=1) + back[:3, 3][:, None, None]
    section: FloatArray = map_coordinates(image.voxels, index, output=np.float64, order=1, mode="constant", cval=0.0)
    return section
