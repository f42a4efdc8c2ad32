"""What an analysis needs to know of a scan: the header completed by the request, or a clear refusal."""

from __future__ import annotations

from dataclasses import fields, replace

from fitting.errors import ImplausibleParameter, MissingParameter, UnsupportedData
from fitting.signal import Acquisition
from fitting.subject import Overrides

SEQUENCES = ("PRESS", "STEAM", "sLASER", "SPECIAL")
"""Localisation families whose basis can be simulated."""

PLAUSIBLE: dict[str, tuple[float, float, str]] = {
    "spectrometer_frequency": (20e6, 600e6, "Hz (0.5 to 14 T); 123.25e6 for a 3 T Siemens, not 123.25"),
    "dwell_time": (2e-5, 5e-3, "s (spectral width 200 Hz to 50 kHz); 0.0005 for 2000 Hz"),
    "echo_time": (0.002, 0.6, "s; 0.030 for TE 30 ms"),
    "repetition_time": (0.2, 60.0, "s; 2.0 for TR 2000 ms"),
    "mixing_time": (0.001, 0.2, "s; 0.010 for TM 10 ms"),
}
"""Ranges (SI) outside which a value is a unit slip or no brain 1H-MRS scan."""


def complete(acquisition: Acquisition, overrides: Overrides) -> tuple[Acquisition, tuple[str, ...]]:
    """The acquisition with the request's values filled in, and the names of those that were supplied.

    Raises
    ------
    ImplausibleParameter
        When a header's or a request's quantity is outside ``PLAUSIBLE``, or the sequence is unknown.
    UnsupportedData
        When the nucleus is not 1H.
    """
    given = {item.name: getattr(overrides, item.name) for item in fields(overrides)}
    supplied = {name: value for name, value in given.items() if value is not None}
    completed = replace(acquisition, **supplied)
    if completed.nucleus != "1H":
        raise UnsupportedData(
            f"The spectrum is of {completed.nucleus}; only 1H spectra can be analysed.", nucleus=completed.nucleus
        )
    if completed.sequence is not None and completed.sequence not in SEQUENCES:
        raise ImplausibleParameter(
            f"Sequence '{completed.sequence}' is not one of {', '.join(SEQUENCES)}.", parameter="sequence"
        )
    for name, (low, high, unit) in PLAUSIBLE.items():
        value = getattr(completed, name)
        if value is not None and not low <= value <= high:
            origin = "request" if name in supplied else "file header"
            raise ImplausibleParameter(
                f"{name} = {value:g} from the {origin} is outside {low:g} to {high:g} {unit}.",
                parameter=name,
                value=float(value),
            )
    return completed, tuple(sorted(supplied))


def missing(acquisition: Acquisition, *, for_simulated_basis: bool = True) -> tuple[str, ...]:
    """Names of the quantities an analysis needs and the acquisition lacks."""
    needed = ["spectrometer_frequency", "dwell_time"]
    if for_simulated_basis:
        needed += ["echo_time", "sequence"]
    return tuple(name for name in needed if getattr(acquisition, name) is None)


def require_complete(acquisition: Acquisition, *, for_simulated_basis: bool = True) -> None:
    """Refuse an acquisition that lacks what the analysis needs.

    Raises
    ------
    MissingParameter
        Naming every missing quantity and how to supply it.
    """
    lacking = missing(acquisition, for_simulated_basis=for_simulated_basis)
    if lacking:
        flags = ", ".join("--" + name.replace("_", "-") for name in lacking)
        raise MissingParameter(
            f"The {acquisition.format} header does not say {', '.join(lacking)}; supply it in the request ({flags}).",
            parameter=lacking[0],
            missing=",".join(lacking),
        )
