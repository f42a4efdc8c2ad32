"""The measured volume in words: position, tissue content by maps, and reasons for caution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.acquisition import VoiGeometry
from fitting.analysis import Analysis, Anatomy
from service.reports import numbers
from service.reports.texts import text


@dataclass(frozen=True, slots=True)
class VolumeBox:
    """Text beside the picture of the measured volume, or in place of it."""

    sentences: tuple[str, ...]
    warnings: tuple[str, ...]


def volume_box(analysis: Analysis) -> VolumeBox:
    """Place, tissue and notes; without an image a sentence that states it."""
    anatomy = analysis.anatomy
    if anatomy is None:
        return VolumeBox((text("voxel.none"),), ())
    lines = [] if anatomy.image_sha256 else [text("voxel.none")]
    if anatomy.voi is not None:
        lines.append(text("voxel.place", place=place_in_words(anatomy.voi), size=size_in_words(anatomy.voi)))
    lines += _tissue(anatomy)
    if anatomy.voi is not None:
        lines.append(text("voxel.motion"))
    return VolumeBox(tuple(lines), tuple(note.sentence for note in anatomy.notes))


def place_in_words(geometry: VoiGeometry) -> str:
    """Centre in the scanner's coordinates with the side in words, such as "33 mm right, 11 mm in front"."""
    sides = (("right", "left"), ("front", "back"), ("up", "down"))
    return ", ".join(
        text(f"voxel.{names[0] if value >= 0 else names[1]}", mm=numbers.fixed(abs(value), 0))
        for value, names in zip(geometry.center_mm, sides, strict=True)
    )


def size_in_words(geometry: VoiGeometry) -> str:
    """The three edges, mm."""
    return " × ".join(numbers.plain(float(np.linalg.norm(edge)), 3) for edge in geometry.edges_mm)


def _tissue(anatomy: Anatomy) -> list[str]:
    if anatomy.gm is None or anatomy.wm is None or anatomy.csf is None or anatomy.segmented is None:
        return []
    percent = {
        name: numbers.fixed(share * 100.0, 0)
        for name, share in (("gm", anatomy.gm), ("wm", anatomy.wm), ("csf", anatomy.csf))
    }
    lines = [
        text("voxel.tissue", **percent),
        text("voxel.segmented", percent=numbers.fixed(anatomy.segmented * 100.0, 0)),
    ]
    return lines if anatomy.tissue_from is None else [*lines, text(f"voxel.used_{anatomy.tissue_from}")]
