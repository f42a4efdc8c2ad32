"""Digests of everything that computes an answer: the program's code, its data, and the versions of libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

VALUES = (
    "io",
    "fid.py",
    "acquisition.py",
    "units.py",
    "preprocessing",
    "basis",
    "model",
    "quantification",
    "run/basis_choice.py",
    "run/completion.py",
    "run/doubts.py",
    "run/intake.py",
    "run/learned_background.py",
    "run/learning.py",
    "run/measured_background.py",
    "run/placement.py",
    "run/steps.py",
    "data",
)
"""What computes values; the others compare, judge and describe them."""
DESCRIBES = (
    "data/norms",
    "data/evidence_cbp.csv",
    "data/repeatability.csv",
    "data/verdict_rules.toml",
    "data/cohort_fields.toml",
    "data/cohort_plans",
)
"""Data that compare, judge or describe values."""
LIBRARIES = ("lmfit", "nibabel", "numpy", "pydicom", "scipy", "suspect")
"""Libraries whose versions may change a number."""


@cache
def engine_digest() -> str:
    """Digest of the source code of ``fitting``: equal digests are the same program."""
    return _digest(".py")


@cache
def data_digest() -> str:
    """Digest of ``fitting/data``: spin systems, pulses, macromolecules, relaxation times, norms and rules."""
    return _digest("", "data")


@cache
def values_digest() -> str:
    """Digest of the code and data that compute values: a calibration holds for analyses with an equal one."""
    return _digest("", "", lambda name: _is_under(name, VALUES) and not _is_under(name, DESCRIBES))


@cache
def library_versions() -> dict[str, str]:
    """Versions of the numerical libraries and the readers."""
    return {name: version(name) for name in LIBRARIES}


def _is_under(name: str, places: tuple[str, ...]) -> bool:
    """Whether a file is one of these files or in one of these folders."""
    return any(name == place or name.startswith(f"{place}/") for place in places)


def _digest(ending: str, folder: str = "", counts: Callable[[str], bool] = lambda _: True) -> str:
    digest = sha256()
    for name, item in sorted(_files(files("fitting").joinpath(folder), folder), key=lambda found: found[0]):
        if name.endswith(ending) and counts(name.lstrip("/")):
            content = item.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _files(folder: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        if item.is_dir():
            if item.name != "__pycache__":
                yield from _files(item, f"{name}/{item.name}")
        else:
            yield f"{name}/{item.name}", item
