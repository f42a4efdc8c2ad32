"""The scans in one folder: files of one scan together, each spectrum with its water reference.

What belongs together is asked of the data and headers first; names decide where those do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fitting.errors import InaccessibleFile
from fitting.io.companions import file_content
from fitting.io.exports import Exported, are_of_one_place, examined, in_scans, is_reference
from fitting.io.file_names import of_one_scan
from fitting.io.scan_files import shared_stem
from service.cli.reference_names import is_name_of_reference, of_pattern

LARGEST_EXAMINED_BYTES = 64 * 1024**2
"""Larger files, raw data of many coils, are one scan each and paired by name only."""

COMPANIONS = (".spar", ".list", ".json", ".control", ".ctrl", ".cntl")
"""Endings of files that describe the samples in another one."""

Stamp = tuple[str, int, int]
"""Name, size and modification time of a file."""


@dataclass(frozen=True, slots=True)
class FolderScan:
    """One scan of a folder: its files, those of its water reference, and what is to be said of the pairing."""

    files: tuple[Path, ...]
    mains: tuple[Path, ...]
    """Of each part its file with the samples, without companions such as SPAR; never empty."""
    reference: tuple[Path, ...] = ()
    is_water: bool = False
    """Whether it is a water reference itself."""
    note: str | None = None


@dataclass(slots=True)
class ScanFolder:
    """One folder; what was found in files is kept until they change."""

    path: Path
    water_pattern: str | None = None
    _known: dict[tuple[Stamp, ...], tuple[Exported, ...]] = field(default_factory=dict)
    strangers: int = 0
    """Files whose content is no spectrum."""

    def scans(self, files: Sequence[Path]) -> list[FolderScan]:
        """Every scan among the files of this folder, water references included."""
        spectra = list(self._spectra(files))
        recognised = {name for item in spectra for name in item.names}
        self.strangers = sum(file.name not in recognised for file in files)
        groups = in_scans(spectra)
        references = [group for group in groups if self._is_water(group, groups)]
        return [self._scan(group, references) for group in groups]

    def _spectra(self, files: Sequence[Path]) -> Iterator[Exported]:
        own = of_one_scan(files)
        by_stem: dict[str, list[Path]] = {}
        for file in own:
            # the files of a Bruker or Varian scan have names of their own and are one scan all the same
            stem = shared_stem(file.name) if len(own) == len(files) else ""
            by_stem.setdefault(stem, []).append(file)
        known = self._known
        self._known = {}
        for together in by_stem.values():
            try:
                stamps = tuple(_stamp(file) for file in together)
                found = known.get(stamps) or _examined(together, stamps)
            except (OSError, InaccessibleFile):  # gone meanwhile, or not ours to read
                continue
            self._known[stamps] = found
            yield from found

    def _is_water(self, group: tuple[Exported, ...], groups: Iterable[tuple[Exported, ...]]) -> bool:
        """Whether a scan is unsuppressed water, by its data; by its name where that was not examined."""
        first = group[0]
        if first.outline is not None:
            return is_reference(first, (other[0] for other in groups))
        return any(other is not group and self._is_named(first, other[0]) for other in groups)

    def _is_named(self, reference: Exported, spectrum: Exported) -> bool:
        if self.water_pattern is not None:
            return of_pattern(self.water_pattern, _main(spectrum)) in reference.names
        return is_name_of_reference(_main(reference), _main(spectrum))

    def _scan(
        self,
        group: tuple[Exported, ...],
        references: Sequence[tuple[Exported, ...]],
    ) -> FolderScan:
        scan = FolderScan(self._paths(group), tuple(self.path / _main(item) for item in group))
        if any(item is group for item in references):
            return replace(scan, is_water=True)
        found = self._references_of(group[0], references)
        if len(found) == 1:
            return replace(scan, reference=self._paths(found[0]))
        if not found:
            return scan
        names = ", ".join(sorted(_main(item[0]) for item in found))
        return replace(scan, note=f"no water reference was used, because several may belong to it: {names}")

    def _references_of(
        self, spectrum: Exported, references: Sequence[tuple[Exported, ...]]
    ) -> list[tuple[Exported, ...]]:
        """References of one place by their headers, of several those of the right name; without headers by name."""
        named = [group for group in references if self._is_named(group[0], spectrum)]
        if self.water_pattern is not None or spectrum.examination is None:
            return named
        placed = [group for group in references if are_of_one_place(spectrum, group[0])]
        both = [group for group in placed if any(group is item for item in named)]
        return both if len(both) == 1 else placed

    def _paths(self, group: tuple[Exported, ...]) -> tuple[Path, ...]:
        return tuple(self.path / name for item in group for name in item.names)


def _main(item: Exported) -> str:
    return min(item.names, key=lambda name: (name.lower().endswith(COMPANIONS), name))


def _stamp(file: Path) -> Stamp:
    status = file.stat()
    return file.name, status.st_size, status.st_mtime_ns


def _examined(files: Sequence[Path], stamps: Sequence[Stamp]) -> tuple[Exported, ...]:
    if any(size > LARGEST_EXAMINED_BYTES for _, size, _ in stamps):
        return (Exported(tuple(file.name for file in files)),)
    return examined(tuple(file_content(file, InaccessibleFile) for file in files))
