"""Simulated basis sets by content address: process memory, then folders of .npz files, then simulation.

The cache stores lines, which are valid for any number of points and dwell time at nearly the same field.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
import zlib
from contextlib import suppress
from dataclasses import asdict, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import numpy as np

from fitting.basis.basis_set import BasisSet, Grid
from fitting.basis.sequences import Protocol
from fitting.basis.simulation import Lines, decays, describe, responses
from fitting.basis.spin_system import spin_systems

BASIS_VERSION = 2
"""Raised whenever the same spin systems, protocol and grid would give other signals."""

FREQUENCY_STEP = 50e3
"""Hz; magnets of one kind differ by less than 0.1 MHz. Lines are simulated at the nearest multiple and moved to
the frequency of the scan: shifts are then exact, couplings too strong or weak by 1 part in 5000 at the most."""

DAMAGED = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)
"""Exceptions that reading an absent, truncated or foreign file raises."""


@lru_cache(maxsize=32)
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
    nominal = at_nominal_frequency(protocol)
    stretch = protocol.spectrometer_frequency / nominal.spectrometer_frequency
    signals = decays(cached_lines(nominal, cache_dir), grid.points, grid.dwell_time, stretch)
    signals.setflags(write=False)
    return BasisSet(
        names=_names(),
        signals=signals,
        dwell_time=grid.dwell_time,
        spectrometer_frequency=protocol.spectrometer_frequency,
        key=_address({"lines": content_key(nominal), "stretch": stretch, "grid": asdict(grid)}),
        description=describe(protocol),
        source=source_of(protocol),
    )


@lru_cache(maxsize=64)
def cached_lines(protocol: Protocol, cache_dir: Path | None = None) -> tuple[Lines, ...]:
    """The lines of every shipped metabolite from memory, from ``cache_dir``, from ``shipped_folder`` or simulated.

    Arguments and errors as ``cached_basis``; ``protocol`` is taken as it is.
    """
    name = f"{content_key(protocol)}.npz"
    for folder in (cache_dir, shipped_folder()):
        stored = None if folder is None else _read(folder / name)
        if stored is not None:
            return stored
    simulated = responses(spin_systems(), protocol)
    if cache_dir is not None:
        # An unwritable folder slows analyses down and fails none.
        with suppress(OSError):
            write_lines(cache_dir / name, simulated)
    return simulated


def at_nominal_frequency(protocol: Protocol) -> Protocol:
    """The protocol at the nearest multiple of ``FREQUENCY_STEP``."""
    return replace(
        protocol, spectrometer_frequency=round(protocol.spectrometer_frequency / FREQUENCY_STEP) * FREQUENCY_STEP
    )


def shipped_folder() -> Path:
    """Folder where ``fitting.basis.precompute`` writes lines for all users of this Python environment; it may be
    absent.

    It lies outside of the package: the digest of the shipped data is that of its tracked files.
    """
    return Path(sys.prefix) / "share" / "mrsquant" / "basis"


def source_of(protocol: Protocol) -> str:
    """``BasisSet.source`` of a simulated basis set."""
    return "simulated-ideal" if protocol.realisation is None else "simulated-shaped"


def content_key(protocol: Protocol) -> str:
    """Hash of everything the lines depend on."""
    return _address(
        {
            "version": BASIS_VERSION,
            "systems": [asdict(system) for system in spin_systems()],
            "protocol": asdict(protocol),
        }
    )


def write_lines(path: Path, metabolites: tuple[Lines, ...]) -> None:
    """Write to a temporary file and rename it, so that concurrent readers and writers see whole files only.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(
                stream,
                names=np.array(_names()),
                counts=np.array([found.frequencies.size for found in metabolites]),
                frequencies=np.concatenate([found.frequencies for found in metabolites]),
                amplitudes=np.concatenate([found.amplitudes for found in metabolites]),
            )
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _read(path: Path) -> tuple[Lines, ...] | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            names = tuple(str(name) for name in stored["names"])
            ends = np.cumsum(stored["counts"])
            frequencies, amplitudes = stored["frequencies"], stored["amplitudes"]
    except DAMAGED:
        return None
    sound = (
        names == _names()
        and ends.size == len(names)
        and frequencies.shape == amplitudes.shape == (ends[-1],)
        and frequencies.dtype == np.float64
        and amplitudes.dtype == np.complex128
        and bool(np.isfinite(frequencies).all() and np.isfinite(amplitudes).all())
    )
    if not sound:
        return None
    parts = zip(np.split(frequencies, ends[:-1]), np.split(amplitudes, ends[:-1]), strict=True)
    return tuple(Lines(frequency, amplitude) for frequency, amplitude in parts)


def _names() -> tuple[str, ...]:
    return tuple(system.name for system in spin_systems())


def _address(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return blake2b(canonical.encode(), digest_size=16).hexdigest()
