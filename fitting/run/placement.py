"""Images supplied with a spectrum: position of the measured volume in them, and its content by tissue maps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

from fitting.acquisition import VoiGeometry
from fitting.analysis import Anatomy
from fitting.errors import UnusableImage
from fitting.io.nifti_image import read_image
from fitting.io.source import SourceFile
from fitting.quantification.voxel_mask import Content, content, outside_share
from fitting.reason import Reason
from fitting.request import Subject, TissueFractions
from fitting.run.planes import planes
from fitting.units import ByteArray, FloatArray

LARGEST_OUTSIDE = 0.05
"""Share of the measured volume that may lie outside of the maps; beyond it their fractions are not used."""
LEAST_SEGMENTED = 0.9
"""Share of the measured volume that must be grey matter, white matter or CSF; else bone or air is in it, or the maps
are of another head."""
_EXCESS = 1.05
"""Sum of the three probabilities beyond which the maps are invalid."""
CONFLICT = 0.05
"""Difference between a fraction of the request and of the maps that is reported."""


@dataclass(frozen=True, slots=True)
class Images:
    """Images supplied with a spectrum, in the coordinates of the same examination."""

    anatomy: SourceFile | None = None
    """T1-weighted image."""
    gray_matter: SourceFile | None = None
    white_matter: SourceFile | None = None
    csf: SourceFile | None = None

    @property
    def files(self) -> dict[str, SourceFile]:
        """All supplied images by name."""
        return ({} if self.anatomy is None else {"anatomy": self.anatomy}) | self.maps

    @property
    def maps(self) -> dict[str, SourceFile]:
        """The supplied probability maps."""
        given = {"gray_matter": self.gray_matter, "white_matter": self.white_matter, "csf": self.csf}
        return {name: file for name, file in given.items() if file is not None}


@dataclass(frozen=True, slots=True)
class Placement:
    """Result from the images, and the planes to show."""

    anatomy: Anatomy
    planes: ByteArray | None
    planes_middle_mm: FloatArray | None


def place(images: Images, geometry: VoiGeometry | None, subject: Subject) -> tuple[Placement | None, Subject]:
    """Find the measured volume in the images; the subject gets the maps' fractions unless the request gave some.

    Parameters
    ----------
    images : Images
    geometry : VoiGeometry or None
        Place of the measured volume, from the spectrum's header.
    subject : Subject

    Returns
    -------
    placement : Placement or None
        None without images.
    subject : Subject
        With tissue fractions if there are any.

    Raises
    ------
    UnusableImage
        When an image cannot be read, or one of the three maps is missing or holds no probabilities.
    """
    if images.anatomy is None and not images.maps:
        return None, subject
    notes: list[Reason] = []
    if geometry is None:
        notes.append(
            Reason("no-geometry", "The spectrum's header does not say where it was measured: it cannot be placed.")
        )
    outside, shown = _in_image(images, geometry, notes)
    found = _in_maps(images, geometry)
    fractions = None if found is None else _fractions(found, notes)
    tissue, origin = _chosen(subject.tissue, fractions, notes)
    anatomy = Anatomy(
        voi=geometry,
        image_sha256=None if images.anatomy is None else sha256(images.anatomy.content).hexdigest(),
        outside_image=outside,
        maps_sha256=tuple(sha256(file.content).hexdigest() for file in images.maps.values()),
        outside_maps=None if found is None else found.outside,
        segmented=None if found is None else sum(found.shares.values()),
        gm=None if fractions is None else fractions.gm,
        wm=None if fractions is None else fractions.wm,
        csf=None if fractions is None else fractions.csf,
        tissue_from=origin,
        notes=tuple(notes),
    )
    grey, middle = (None, None) if shown is None else shown
    return Placement(anatomy, grey, middle), replace(subject, tissue=tissue)


def _in_image(
    images: Images, geometry: VoiGeometry | None, notes: list[Reason]
) -> tuple[float | None, tuple[ByteArray, FloatArray] | None]:
    """Share of the volume outside of the T1-weighted image, and the planes of the image."""
    if images.anatomy is None:
        return None, None
    image = read_image(images.anatomy, "anatomy")
    if geometry is None:
        return None, None
    outside = outside_share(geometry, image)
    if outside > 0.0:
        notes.append(
            Reason(
                "outside-image",
                f"{outside:.0%} of the measured volume lies outside of the image: the two may be of other examinations."
                if outside >= 0.005
                else "An edge of the measured volume lies outside of the image.",
            )
        )
    return outside, planes(image, geometry)


def _in_maps(images: Images, geometry: VoiGeometry | None) -> Content | None:
    """Shares of the volume by the three maps."""
    files = images.maps
    if not files:
        return None
    missing = [name for name in ("gray_matter", "white_matter", "csf") if name not in files]
    if missing:
        raise UnusableImage(
            f"The maps of gray_matter, white_matter and csf belong together; {' and '.join(missing)} is missing.",
            part=missing[0],
        )
    maps = {name: read_image(file, name) for name, file in files.items()}
    for name, image in maps.items():
        low, high = float(image.voxels.min()), float(image.voxels.max())
        if low < -0.01 or not 0.0 < high <= 1.01:
            raise UnusableImage(
                f"Image '{name}' holds values from {low:g} to {high:g}; send a probability map, 0 to 1.", part=name
            )
    return None if geometry is None else content(geometry, maps)


def _fractions(found: Content, notes: list[Reason]) -> TissueFractions | None:
    """The shares scaled to 1, or the reason why they are not used."""
    total = sum(found.shares.values())
    if total > _EXCESS:
        raise UnusableImage(
            f"The three maps add up to {total:.2f} in the measured volume; probabilities add up to 1 at most.",
            part="gray_matter",
        )
    if found.outside > LARGEST_OUTSIDE:
        notes.append(
            Reason("outside-maps", f"{found.outside:.0%} of the measured volume lies outside of the tissue maps: "
                   "their fractions are not used.")
        )  # fmt: skip
        return None
    if total < LEAST_SEGMENTED:
        notes.append(
            Reason("not-segmented", f"Only {total:.0%} of the measured volume is grey matter, white matter or CSF by "
                   "the maps: their fractions are not used.")
        )  # fmt: skip
        return None
    gm, wm, csf = (found.shares[name] / total for name in ("gray_matter", "white_matter", "csf"))
    if gm + wm <= 0.0:
        notes.append(Reason("only-csf", "By the maps the measured volume is all CSF: their fractions are not used."))
        return None
    return TissueFractions(gm, wm, csf)


def _chosen(
    requested: TissueFractions | None, measured: TissueFractions | None, notes: list[Reason]
) -> tuple[TissueFractions | None, Literal["request", "maps"] | None]:
    """Prefer the request's fractions to those of the maps; report a difference."""
    if requested is None or measured is None:
        return (measured, "maps" if measured else None) if requested is None else (requested, "request")
    names = ("gm", "wm", "csf")
    if max(abs(getattr(requested, name) - getattr(measured, name)) for name in names) > CONFLICT:
        said, seen = (
            ", ".join(f"{name.upper()} {getattr(tissue, name):.0%}" for name in names)
            for tissue in (requested, measured)
        )
        notes.append(
            Reason(
                "tissue-conflict",
                f"The request says {said}; the maps say {seen}. The fractions of the request are used.",
            )
        )
    return requested, "request"
