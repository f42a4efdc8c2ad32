"""Simulated basis sets by content address: process memory, then a folder of .npz files, then simulation."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
import zlib
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import numpy as np

from fitting.basis.basis_set import BasisSet, Grid
from fitting.basis.sequences import Protocol
from fitting.basis.simulation import describe, simulate
from fitting.basis.spin_system import spin_systems
from fitting.progress import begin
from fitting.units import ComplexArray

BASIS_VERSION = 2
"""Raised whenever the same spin systems, protocol and grid would give other signals."""

DAMAGED = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)
"""What reading an absent, truncated or foreign file raises."""


@lru_cache(maxsize=16)
def cached_basis(protocol: Protocol, grid: Grid, cache_dir: Path | None = None) -> BasisSet:
    """The basis set of every shipped metabolite for a protocol, simulated once.

    Parameters
    ----------
    protocol : Protocol
    grid : Grid
    cache_dir : Path, optional
        Folder shared by processes; None keeps basis sets in memory only.

    Returns
    -------
    BasisSet
        Signals are read-only and shared by all callers.

    Raises
    ------
    UnusableBasis, MissingParameter, ImplausibleParameter
        See ``simulation.simulate``.
    """
    key = content_key(protocol, grid)
    names = tuple(system.name for system in spin_systems())
    path = None if cache_dir is None else cache_dir / f"{key}.npz"
    signals = None if path is None else _read(path, names, grid)
    if signals is None:
        begin("basis simulation")
        signals = simulate(spin_systems(), protocol, grid.points, grid.dwell_time)
        if path is not None:
            # A folder that cannot be written costs time, not the analysis.
            with suppress(OSError):
                _write(path, names, signals)
    signals.setflags(write=False)
    return BasisSet(
        names=names,
        signals=signals,
        dwell_time=grid.dwell_time,
        spectrometer_frequency=protocol.spectrometer_frequency,
        key=key,
        description=describe(protocol),
        source="simulated-ideal" if protocol.realisation is None else "simulated-shaped",
    )


def content_key(protocol: Protocol, grid: Grid) -> str:
    """Hash of everything the signals depend on."""
    content = {
        "version": BASIS_VERSION,
        "systems": [asdict(system) for system in spin_systems()],
        "protocol": asdict(protocol),
        "grid": asdict(grid),
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return blake2b(canonical.encode(), digest_size=16).hexdigest()


def _read(path: Path, names: tuple[str, ...], grid: Grid) -> ComplexArray | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            stored_names = tuple(str(name) for name in stored["names"])
            signals: ComplexArray = stored["signals"]
    except DAMAGED:
        return None
    sound = stored_names == names and signals.shape == (len(names), grid.points) and signals.dtype == np.complex128
    return signals if sound and bool(np.isfinite(signals).all()) else None


def _write(path: Path, names: tuple[str, ...], signals: ComplexArray) -> None:
    """Write beside and rename, so that readers and racing writers see whole files only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, names=np.array(names), signals=signals)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
