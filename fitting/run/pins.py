"""Digests of everything that computes an answer: the program's code, its data, and the versions of libraries."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

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
def library_versions() -> dict[str, str]:
    """Versions of the numerical libraries and the readers."""
    return {name: version(name) for name in LIBRARIES}


def _digest(ending: str, folder: str = "") -> str:
    digest = sha256()
    for name, item in sorted(_files(files("fitting").joinpath(folder), folder), key=lambda found: found[0]):
        if name.endswith(ending):
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
