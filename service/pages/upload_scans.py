"""Many files of an upload as scans: which belong together, which are water references, and of which spectrum.

The data decide; names only where headers do not say the place. They are used here and neither kept nor answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fitting.io.exports import Exported, are_of_one_place, examined, in_scans, is_reference
from fitting.io.file_names import known_ending
from fitting.io.scan_files import shared_stem
from fitting.io.source import SourceFile

Named = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class ProposedScan:
    """One scan among the files."""

    files: tuple[int, ...]
    """Places of its files in the order they were sent."""
    is_water: bool
    """Whether it is a water reference."""
    water: int | None
    """Place of its water reference among the scans; None without one, or where several may be meant."""


def proposed_scans(files: Sequence[Named]) -> list[ProposedScan]:
    """Every scan that is recognised; files that are none are left out."""
    groups: dict[tuple[str, int], list[int]] = {}
    for place, (name, _) in enumerate(files):
        stem, ending = shared_stem(name), known_ending(name)
        repeat = 0  # files of one name come from different folders
        while any(known_ending(files[other][0]) == ending for other in groups.get((stem, repeat), ())):
            repeat += 1
        groups.setdefault((stem, repeat), []).append(place)
    places: dict[str, int] = {}
    spectra: list[Exported] = []
    for number, members in enumerate(groups.values()):
        named = {f"scan{number}{known_ending(files[place][0])}": place for place in members}
        places |= named
        spectra += examined(tuple(SourceFile(name, files[place][1]) for name, place in named.items()))
    scans = in_scans(spectra)
    firsts = [scan[0] for scan in scans]
    waters = [number for number, first in enumerate(firsts) if is_reference(first, firsts)]
    owned = [tuple(sorted(places[name] for item in scan for name in item.names)) for scan in scans]
    names = [files[own[0]][0] for own in owned]
    return [
        ProposedScan(own, number in waters, None if number in waters else _water_of(number, waters, firsts, names))
        for number, own in enumerate(owned)
    ]


def _water_of(number: int, waters: Sequence[int], firsts: Sequence[Exported], names: Sequence[str]) -> int | None:
    """The reference of one place by the headers; else the one whose name begins most alike."""
    placed = [water for water in waters if are_of_one_place(firsts[number], firsts[water])]
    if len(placed) == 1:
        return placed[0]
    if firsts[number].examination is not None and any(firsts[water].examination is not None for water in waters):
        return None
    alike = {water: _alike(names[number].lower(), names[water].lower()) for water in waters}
    best = [water for water, length in alike.items() if length == max(alike.values())]
    return best[0] if len(best) == 1 else None


def _alike(one: str, other: str) -> int:
    """Letters that two names begin with alike."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
