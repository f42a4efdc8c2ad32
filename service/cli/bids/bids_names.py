"""Names of files in a BIDS dataset: entities and suffix (BIDS 1.10, common principles)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

_ENTITY = re.compile(r"([a-zA-Z0-9]+)-([a-zA-Z0-9+]+)")
_NAME = re.compile(rf"((?:{_ENTITY.pattern}_)+)([a-zA-Z0-9]+)(\.[a-zA-Z0-9.]+)")


@dataclass(frozen=True, slots=True)
class BidsName:
    """A name taken apart: ``sub-01_voi-acc_svs.nii.gz``."""

    entities: tuple[tuple[str, str], ...]
    """In their order."""
    suffix: str
    ending: str

    def get(self, entity: str) -> str | None:
        """The label of an entity."""
        return dict(self.entities).get(entity)

    @property
    def stem(self) -> str:
        """All entities, without suffix and ending."""
        return "_".join(f"{key}-{label}" for key, label in self.entities)


def bids_name(name: str) -> BidsName | None:
    """The parts of a name; None when it is none of BIDS, or has an entity twice."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    entities = tuple(_ENTITY.findall(found[1]))
    if len({key for key, _ in entities}) < len(entities):
        return None
    return BidsName(entities, found[4], found[5])


def is_ignored(path: PurePosixPath, patterns: Iterable[str]) -> bool:
    """Whether ``.bidsignore`` names a path relative to the dataset, or a folder above it; its last match counts."""
    ignored = False
    for pattern in patterns:
        wanted = pattern.removeprefix("!")
        if any(_matches(part, wanted) for part in (path, *path.parents)):
            ignored = not pattern.startswith("!")
    return ignored


def _matches(path: PurePosixPath, pattern: str) -> bool:
    """As in ``.gitignore``: a pattern with a slash inside is of the dataset, one without of any folder."""
    pattern = pattern.removesuffix("/**").removesuffix("/")
    if not path.parts or not pattern:
        return False
    if "/" not in pattern:
        return path.match(pattern) if "*" in pattern or "?" in pattern else path.name == pattern
    regex = re.escape(pattern.removeprefix("/")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    regex = regex.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    return re.fullmatch(regex, path.as_posix()) is not None
