"""The scans of one study: files of one scan together, each spectrum with its water reference.

What belongs together is asked of data and headers by ``fitting.io.exports``. Of several references of one volume the
nearest before the spectrum is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from fitting.errors import FittingError
from fitting.io.exports import Exported, are_of_one_place, examined, in_scans, is_reference
from fitting.io.source import SourceFile

SEVERAL = "Several water references of this volume were measured after it or at once; none was used."


@dataclass(frozen=True, slots=True)
class StudyScan:
    """One scan of a study by the keys of its instances, the first of which names it."""

    keys: tuple[str, ...]
    water: tuple[str, ...] = ()
    """Keys of its water reference."""
    is_water: bool = False
    note: str | None = None


def scans_of(instances: Sequence[tuple[str, bytes, Dataset]]) -> list[StudyScan]:
    """The scans among the instances (key, content, header) of a study."""
    header = {key: found for key, _, found in instances}
    spectra = [item for key, content, _ in instances for item in _examined(key, content)]
    groups = in_scans(spectra)
    waters = [group for group in groups if is_reference(group[0], (other[0] for other in groups))]
    return [_scan(group, waters, header) for group in groups]


def _examined(key: str, content: bytes) -> tuple[Exported, ...]:
    try:
        found = examined((SourceFile(f"{key}.dcm", content),))
    except FittingError:
        found = ()
    return found or (Exported((f"{key}.dcm",)),)  # the analysis says what is wrong with it


def _scan(group: tuple[Exported, ...], waters: Sequence[tuple[Exported, ...]], header: dict[str, Dataset]) -> StudyScan:
    keys = _keys(group)
    if any(group is water for water in waters):
        return StudyScan(keys, is_water=True)
    own = [water for water in waters if are_of_one_place(group[0], water[0])]
    if len(own) <= 1:
        return StudyScan(keys, _keys(own[0]) if own else ())
    at = _acquired(header[keys[0]])
    before = [water for water in own if "" < _acquired(header[_keys(water)[0]]) < at]
    if not before:
        return StudyScan(keys, note=SEVERAL)
    nearest = max(before, key=lambda water: _acquired(header[_keys(water)[0]]))
    return StudyScan(keys, _keys(nearest))


def _keys(group: tuple[Exported, ...]) -> tuple[str, ...]:
    return tuple(name.removesuffix(".dcm") for item in group for name in item.names)


def _acquired(header: Dataset) -> str:
    """Time of acquisition as text that sorts by it; empty when it is not stated."""
    stated = str(header.get("AcquisitionDateTime") or "")
    return stated or f"{header.get('AcquisitionDate') or ''}{header.get('AcquisitionTime') or ''}"
