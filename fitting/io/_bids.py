"""The JSON file beside a NIfTI-MRS file in a BIDS dataset: what it says where the header extension is silent.

Keys of BIDS 1.10 (modality-specific files, magnetic resonance spectroscopy) and their names in NIfTI-MRS. Times are in
s, the spectrometer frequency is in MHz in both.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from fitting.errors import DamagedFile
from fitting.io.limits import MOST_HEADER_BYTES, refuse_crowded_json
from fitting.io.source import SourceFile

_NAMES = {
    "EchoTime": "EchoTime",
    "RepetitionTime": "RepetitionTime",
    "MixingTime": "MixingTime",
    "SpectrometerFrequency": "SpectrometerFrequency",
    "ResonantNucleus": "ResonantNucleus",
    "PulseSequenceType": "SequenceName",
    "PulseSequenceName": "SequenceName",
    "SequenceName": "SequenceName",
    "WaterSuppression": "WaterSuppressed",
    "Manufacturer": "Manufacturer",
    "ManufacturersModelName": "ManufacturersModelName",
    "SoftwareVersions": "SoftwareVersions",
}
"""Names in NIfTI-MRS by key of the sidecar; the most telling name of the sequence first."""
_COMPARED = ("EchoTime", "RepetitionTime", "MixingTime", "SpectrometerFrequency")
_SAME = 0.01
"""Relative difference that rounding explains."""


def is_sidecar(file: SourceFile) -> bool:
    """Whether the file is a JSON object with a key of the standard. Never raises."""
    content = file.content
    if len(content) > MOST_HEADER_BYTES or not content[:64].lstrip().startswith(b"{") or b'"fid_real"' in content:
        return False
    return any(f'"{key}"'.encode() in content for key in _NAMES)


def with_sidecar(fields: Mapping[str, Any], file: SourceFile) -> tuple[Mapping[str, Any], str | None]:
    """The fields of a header extension completed by a sidecar, and a sentence on what was taken from it.

    Raises
    ------
    DamagedFile
        When the sidecar is no JSON, or contradicts the header.
    """
    refuse_crowded_json(file, file.content)
    try:
        sidecar = json.loads(file.content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise DamagedFile(f"'{file.name}' beside the spectrum is not JSON; write it again.", file=file.name) from None
    if not isinstance(sidecar, dict):
        raise DamagedFile(f"'{file.name}' beside the spectrum is not a JSON object.", file=file.name)
    taken: dict[str, Any] = {}
    for key, name in _NAMES.items():
        value = sidecar.get(key)
        if value is None or name in taken:
            continue
        if name not in fields:
            taken[name] = value
        elif name in _COMPARED and _differ(fields[name], value):
            raise DamagedFile(
                f"'{file.name}' says {key} = {_first(value)}, the header of the spectrum {_first(fields[name])}; "
                "correct the one that is wrong, or send the spectrum alone.",
                file=file.name,
                field=key,
            )
    if not taken:
        return fields, None
    return {**taken, **fields}, f"Taken from the JSON file of the spectrum: {', '.join(sorted(taken))}."


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _differ(one: object, other: object) -> bool:
    first, second = _first(one), _first(other)
    numbers = isinstance(first, int | float) and isinstance(second, int | float)
    return numbers and not math.isclose(float(first), float(second), rel_tol=_SAME)  # type: ignore[arg-type]
