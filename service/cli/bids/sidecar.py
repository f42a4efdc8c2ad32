"""Sidecars of a BIDS dataset: the JSON that holds for a file, by the inheritance principle, and what it may say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fitting.errors import DamagedFile, ImplausibleParameter
from fitting.io.limits import MOST_HEADER_BYTES
from service.cli.bids.bids_names import BidsName, bids_name

LONGEST_ECHO_TIME = 1.0
"""s; a larger number was meant in ms."""
HIGHEST_FREQUENCY = 2000.0
"""MHz; a larger number was meant in Hz."""


def sidecar_of(name: BidsName, file: Path, root: Path) -> dict[str, Any]:
    """Everything that JSON files say of a file: those in the folders above first, the nearest last.

    Raises
    ------
    DamagedFile
        When one is no JSON object.
    ImplausibleParameter
        When a quantity is in another unit than that of BIDS.
    """
    said: dict[str, Any] = {}
    for path in _applying(name, file, root):
        said.update(_read(path))
    _check_units(said, file)
    return said


def _applying(name: BidsName, file: Path, root: Path) -> Iterator[Path]:
    """JSON files of the same suffix whose entities the file has too, from the dataset's folder down to its own."""
    own = dict(name.entities)
    between = file.parent.relative_to(root).parts
    for depth in range(len(between) + 1):
        folder = root.joinpath(*between[:depth])
        found = []
        for path in sorted(folder.glob(f"*{name.suffix}.json")):
            other = bids_name(path.name)
            entities = () if other is None else other.entities
            is_for_all = path.name == f"{name.suffix}.json"
            if is_for_all or (other is not None and other.suffix == name.suffix and set(entities) <= set(own.items())):
                found.append((len(entities), path))
        yield from (path for _, path in sorted(found))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > MOST_HEADER_BYTES:
            raise ValueError
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise DamagedFile(f"'{path.name}' is no JSON object that can be read; write it again.", file=path.name)
    return content


def _check_units(said: Mapping[str, Any], file: Path) -> None:
    for key, most, unit, what in (
        ("EchoTime", LONGEST_ECHO_TIME, "s", "echo time; BIDS is in seconds"),
        ("MixingTime", LONGEST_ECHO_TIME, "s", "mixing time; BIDS is in seconds"),
        ("SpectrometerFrequency", HIGHEST_FREQUENCY, "MHz", "spectrometer frequency; BIDS is in MHz"),
    ):
        value = said.get(key)
        number = value[0] if isinstance(value, list) and value else value
        if isinstance(number, int | float) and number > most:
            raise ImplausibleParameter(
                f"The sidecar of '{file.name}' says {key} = {number:g}: {number:g} {unit} is no {what}.", parameter=key
            )
