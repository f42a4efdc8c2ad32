"""Names of files: endings that tell nothing about a person, and which files of a folder make up one scan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import TypeVar

ENDINGS = (
    ".nii.gz", ".nii", ".json", ".rda", ".dat", ".ima", ".dcm", ".sdat", ".spar", ".data", ".list", ".7", ".p", ".raw",
    ".h2o", ".control", ".coord", ".table", ".txt", ".mrui", ".fid", ".ser", ".job0", ".refscan", ".csv", ".h5",
    ".zip", ".gz",
)  # fmt: skip
"""Known name endings; anything else in a file's name may be a patient's."""

_PARAVISION = ("rawdata.job0", "fid", "ser", "2dseq")
_SETS: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset({"procpar"}), ("fid", "procpar")),
    (frozenset({"acqp", "method"}), ("acqp", "method", "fid.refscan")),
)
"""Names that mark the folder of one scan (Varian, Bruker), and the files of it that are read."""

Path = TypeVar("Path", bound=PurePath)


def known_ending(name: str) -> str:
    """The ending of a file's name when it is a known one, in lower case; else nothing."""
    lower = name.lower()
    return next((ending for ending in ENDINGS if lower.endswith(ending)), "")


def of_one_scan(paths: Sequence[Path]) -> list[Path]:
    """Of a folder's files those that are read, in order: all, but of a Varian or Bruker scan only its own.

    Of a Bruker scan one file of samples is read: the raw data, else the averaged FID, else the reconstruction.
    """
    for marks, read in _SETS:
        marked = {path.parent for path in paths if path.name.lower() in marks}
        if not marked:
            continue
        own = [path for path in paths if path.parent in marked and path.name.lower() in read]
        return own if "fid" in read else [*_samples(paths), *own]
    return list(paths)


def _samples(paths: Iterable[Path]) -> list[Path]:
    by_name = {path.name.lower(): path for path in reversed(list(paths))}
    return [by_name[name] for name in _PARAVISION if name in by_name][:1]
