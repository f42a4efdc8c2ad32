"""The water reference of a spectrum in a BIDS dataset: the one that its sidecar names, else that of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fitting.errors import InaccessibleFile, UnsupportedData
from service.cli.bids.bids_names import BidsName, bids_name

SAME = ("sub", "ses", "voi")
"""Entities in which a spectrum and its reference never differ."""
_FOR_CONCENTRATIONS = "conc"


@dataclass(frozen=True, slots=True)
class ChosenWater:
    """A water reference and what is to be said of its choice."""

    file: Path
    name: BidsName
    note: str | None = None


def reference_of(name: BidsName, file: Path, sidecar: Mapping[str, Any], root: Path) -> ChosenWater | None:
    """The water reference of a spectrum, or None when the dataset has none for it.

    Raises
    ------
    InaccessibleFile
        When the sidecar names one that is not there: a spectrum without it would be another answer.
    UnsupportedData
        When it names one of another person, session or voxel.
    """
    said = sidecar.get("ReferenceSignal")
    named = said if isinstance(said, list) else [] if said is None else [said]
    if not named:
        return _of_the_same_name(name, file)
    found = [_named(str(item), name, file, root) for item in named]
    if len(found) == 1:
        return found[0]
    chosen = next((item for item in found if item.name.get("acq") == _FOR_CONCENTRATIONS), found[0])
    note = f"Of {len(found)} water references '{chosen.file.name}' was used."
    return ChosenWater(chosen.file, chosen.name, note)


def _of_the_same_name(name: BidsName, file: Path) -> ChosenWater | None:
    for ending in (".nii.gz", ".nii"):
        other = f"{name.stem}_mrsref{ending}"
        if (file.parent / other).is_file():
            return ChosenWater(file.parent / other, BidsName(name.entities, "mrsref", ending))
    return None


def _named(uri: str, spectrum: BidsName, file: Path, root: Path) -> ChosenWater:
    """The file of a BIDS URI of this dataset, or of a path within it.

    Raises
    ------
    InaccessibleFile, UnsupportedData
    """
    place = uri.removeprefix("bids::")
    path = (root / place).resolve()
    if place.startswith("bids:") or not path.is_relative_to(root.resolve()):
        raise InaccessibleFile(
            f"ReferenceSignal of '{file.name}' names a file outside of the dataset, which is not read.", file=file.name
        )
    name = bids_name(Path(place).name)
    if name is None or not (root / place).is_file():
        raise InaccessibleFile(
            f"ReferenceSignal of '{file.name}' names '{Path(place).name}', which is not there; get it, or correct the "
            "sidecar.",
            file=file.name,
        )
    differing = [entity for entity in SAME if name.get(entity) != spectrum.get(entity)]
    if differing:
        raise UnsupportedData(
            f"ReferenceSignal of '{file.name}' names '{Path(place).name}', which is of another {differing[0]}; a water "
            "reference is of the same person, session and voxel.",
            file=file.name,
        )
    return ChosenWater(root / place, name)
