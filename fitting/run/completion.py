"""Complete the header's acquisition by the request, or refuse the analysis with the missing quantities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from fitting.acquisition import NO_FREE_TEXT, Acquisition, FreeText
from fitting.basis.sequences import SEQUENCES as SIMULATED
from fitting.errors import ImplausibleParameter, MissingParameter, UnsupportedData
from fitting.request import Overrides
from fitting.run.sequence_notes import sequence_hint

SEQUENCES = tuple(SIMULATED)
"""Localisation families whose basis can be simulated."""

PLAUSIBLE: dict[str, tuple[float, float, str]] = {
    "spectrometer_frequency": (20e6, 600e6, "Hz (0.5 to 14 T); 123.25e6 for a 3 T Siemens, not 123.25"),
    "dwell_time": (2e-5, 5e-3, "s (spectral width 200 Hz to 50 kHz); 0.0005 for 2000 Hz"),
    "echo_time": (0.002, 0.6, "s; 0.030 for TE 30 ms"),
    "repetition_time": (0.2, 60.0, "s; 2.0 for TR 2000 ms"),
    "mixing_time": (0.001, 0.2, "s; 0.010 for TM 10 ms"),
}
"""Ranges (SI) outside which a value is a unit slip or no brain 1H-MRS scan."""

SAME = 0.02
"""Relative difference of a request's quantity from the header's that rounding explains."""


def complete(acquisition: Acquisition, overrides: Overrides) -> tuple[Acquisition, tuple[str, ...]]:
    """The acquisition with the request's values filled in, and the names of those that were supplied.

    Raises
    ------
    ImplausibleParameter
        When a header's or a request's quantity is outside ``PLAUSIBLE``, or the sequence is unknown.
    UnsupportedData
        When the nucleus is not 1H.
    """
    supplied = _given(overrides)
    completed = replace(acquisition, **supplied)
    if completed.nucleus != "1H":
        raise UnsupportedData(
            f"The spectrum is of {completed.nucleus}; only 1H spectra can be analysed.", nucleus=completed.nucleus
        )
    check_overrides(overrides)
    names = ("sequence", *PLAUSIBLE)
    _check({name: getattr(completed, name) for name in names if name not in supplied}, "file header")
    _check_order(completed.echo_time, completed.repetition_time)
    return completed, tuple(sorted(supplied))


def check_overrides(overrides: Overrides) -> None:
    """Refuse quantities that are impossible for a brain 1H-MRS scan, before the header is read.

    Raises
    ------
    ImplausibleParameter
        When a quantity is outside ``PLAUSIBLE``, the sequence is unknown, or the echo comes after the repetition.
    """
    _check(_given(overrides), "request")
    _check_order(overrides.echo_time, overrides.repetition_time)


def contradictions(header: Acquisition, overrides: Overrides) -> tuple[str, ...]:
    """One sentence for each number of the request that the file's ``header`` gives otherwise."""
    sentences = []
    for name, value in _given(overrides).items():
        read = getattr(header, name)
        if name != "sequence" and read is not None and not math.isclose(read, value, rel_tol=SAME):
            sentences.append(f"The request says {name} = {value:g}, the file {read:g}.")
    return tuple(sentences)


def _given(overrides: Overrides) -> dict[str, Any]:
    values = {item.name: getattr(overrides, item.name) for item in fields(overrides)}
    return {name: value for name, value in values.items() if value is not None}


def _check(values: Mapping[str, Any], origin: str) -> None:
    sequence = values.get("sequence")
    if sequence is not None and sequence not in SEQUENCES:
        raise ImplausibleParameter(
            f"Sequence '{sequence}' from the {origin} is not one of {', '.join(SEQUENCES)}.", parameter="sequence"
        )
    for name, (low, high, unit) in PLAUSIBLE.items():
        value = values.get(name)
        if value is not None and not low <= value <= high:
            raise ImplausibleParameter(
                f"{name} = {value:g} from the {origin} is outside {low:g} to {high:g} {unit}.",
                parameter=name,
                value=float(value) if math.isfinite(value) else str(value),
            )


def _check_order(echo_time: float | None, repetition_time: float | None) -> None:
    if echo_time is not None and repetition_time is not None and echo_time >= repetition_time:
        raise ImplausibleParameter(
            f"The echo time {echo_time:g} s is not shorter than the repetition time {repetition_time:g} s; "
            "were the two swapped?",
            parameter="echo_time",
            value=float(echo_time),
        )


def missing(acquisition: Acquisition, *, for_simulated_basis: bool = True) -> tuple[str, ...]:
    """Names of the quantities an analysis needs and the acquisition lacks."""
    needed = ["spectrometer_frequency", "dwell_time"]
    if for_simulated_basis:
        needed += ["echo_time", "sequence"]
    return tuple(name for name in needed if getattr(acquisition, name) is None)


def require_complete(
    acquisition: Acquisition, free_text: FreeText = NO_FREE_TEXT, *, for_simulated_basis: bool = True
) -> None:
    """Refuse an acquisition that lacks what the analysis needs.

    The message about a missing sequence quotes the sequence words in ``free_text`` of the header.

    Raises
    ------
    MissingParameter
        Names every missing quantity and how to supply it.
    """
    lacking = missing(acquisition, for_simulated_basis=for_simulated_basis)
    if lacking:
        flags = ", ".join("--" + name.replace("_", "-") for name in lacking)
        hint = sequence_hint(free_text) if "sequence" in lacking else None
        raise MissingParameter(
            f"The {acquisition.format} header does not say {', '.join(lacking)}; supply it in the request ({flags})."
            + (f" {hint}" if hint else ""),
            parameter=lacking[0],
            missing=",".join(lacking),
        )
