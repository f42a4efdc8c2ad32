"""FSL-MRS basis folders: one JSON file per metabolite with its time-domain signal.

Fields: ``basis_re``, ``basis_im``, ``basis_dwell`` (s), ``basis_centre`` (MHz), ``basis_name`` inside ``basis``
(FSL-MRS, Clarke et al. 2021, doi:10.1002/mrm.28630; https://open.win.ox.ac.uk/pages/fsl/fsl_mrs).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from fitting.basis.supplied import SuppliedBasis
from fitting.errors import OversizedFile, UnusableBasis
from fitting.io.limits import refuse_crowded_json
from fitting.io.source import Files, SourceFile
from fitting.units import ComplexArray


def recognises(files: Files) -> bool:
    """Whether at least one of the files is an FSL-MRS basis file, by content."""
    return any(b'"basis_re"' in file.content and file.content.lstrip().startswith(b"{") for file in files)


def read(files: Files) -> SuppliedBasis:
    """Read an FSL-MRS basis folder.

    Raises
    ------
    UnusableBasis
        When a file is no JSON, lacks a field, or the files are not on one time grid.
    """
    entries = [(file, _entry(file)) for file in sorted(files, key=lambda f: f.name) if file.name.endswith(".json")]
    names, signals, grids = [], [], []
    for file, entry in entries:
        try:
            signal = np.array(entry["basis_re"], dtype=np.float64) + 1j * np.array(entry["basis_im"], dtype=np.float64)
            grids.append((signal.size, float(entry["basis_dwell"]), float(entry["basis_centre"]) * 1e6))
            names.append(str(entry["basis_name"]))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise UnusableBasis(f"Basis file '{file.name}' cannot be used: {error}.", file=file.name) from error
        signals.append(_checked(signal, file))
    if len({(points, round(dwell, 9), round(hz, -3)) for points, dwell, hz in grids}) != 1:
        raise UnusableBasis("The files of the basis folder differ in points, dwell time or frequency.")
    _, dwell_time, frequency = grids[0]
    if dwell_time <= 0 or frequency <= 0:
        raise UnusableBasis("The basis folder's dwell time and frequency must be positive.")
    # FSL-MRS keeps the complex conjugate of what NIfTI-MRS has on disk.
    return SuppliedBasis(
        names=tuple(names),
        signals=np.conj(np.array(signals)),
        dwell_time=dwell_time,
        spectrometer_frequency=frequency,
        origin=f"{len(names)} JSON files",
        source="fsl-json",
    )


def _entry(file: SourceFile) -> dict[str, Any]:
    try:
        refuse_crowded_json(file, file.content)
        document = json.loads(file.content)
    except OversizedFile as error:
        raise UnusableBasis(error.detail, file=file.name) from error
    except (ValueError, RecursionError) as error:
        raise UnusableBasis(f"Basis file '{file.name}' is no JSON: {error}.", file=file.name) from error
    if not isinstance(document, dict) or not isinstance(document.get("basis"), dict):
        raise UnusableBasis(f"Basis file '{file.name}' has no 'basis' object.", file=file.name)
    found: dict[str, Any] = document["basis"]
    return found


def _checked(signal: ComplexArray, file: SourceFile) -> ComplexArray:
    if signal.ndim != 1 or signal.size == 0 or not np.isfinite(signal).all():
        raise UnusableBasis(f"Basis file '{file.name}' holds no finite time signal.", file=file.name)
    return signal
