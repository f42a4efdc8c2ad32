"""Whether spectra were measured and analysed alike, so that their values may be compared without correction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fitting.analysis import Analysis
from fitting.errors import UnusableControls
from fitting.norms import own_software
from fitting.norms.matching import ECHO_TIME_TOLERANCE
from fitting.sites.site import SiteProcessing
from fitting.units import nominal_tesla

REPETITION_TIME_TOLERANCE = 0.1
"""s; within it saturation changes a ratio to tCr by less than 1 % at 2 s (T1 of metabolites 1.1 to 1.5 s)."""


def processing_of(analysis: Analysis) -> SiteProcessing:
    """How the values of an analysis were computed."""
    provenance = analysis.provenance
    software = own_software(
        str(provenance.options.get("baseline")),
        provenance.macromolecules,
        provenance.basis_source,
        provenance.version,
        prior=provenance.options.get("concentration_prior"),
    )
    return SiteProcessing(software, provenance.values_code or "unknown", provenance.basis_sha256)


def difference(one: Analysis, other: Analysis) -> str | None:
    """The first property of scanner, protocol or processing in which two analyses differ; None when they are alike."""
    for what, fact in _FACTS:
        if fact(one) != fact(other):
            return what
    for what, time, tolerance in _TIMES:
        first, second = time(one), time(other)
        if first is not None and second is not None and abs(first - second) > tolerance:
            return what
    return None


def refuse_mixture(controls: Sequence[tuple[str, Analysis]]) -> None:
    """Refuse controls, each with its label, that differ in scanner, protocol or processing.

    Raises
    ------
    UnusableControls
    """
    for what, fact in _FACTS:
        groups: dict[str, list[str]] = {}
        for label, analysis in controls:
            groups.setdefault(fact(analysis) or "unknown", []).append(label)
        if len(groups) > 1:
            raise _mixed(what, groups)
    for what, time, tolerance in _TIMES:
        known = [(seconds, label) for label, analysis in controls if (seconds := time(analysis)) is not None]
        if known and max(known)[0] - min(known)[0] > tolerance:
            by_time: dict[str, list[str]] = {}
            for seconds, label in known:
                by_time.setdefault(f"{1e3 * seconds:g} ms", []).append(label)
            raise _mixed(what, by_time)


_FACTS: tuple[tuple[str, Callable[[Analysis], str | None]], ...] = (
    ("scanner", lambda item: " ".join(filter(None, (item.acquisition.vendor, item.acquisition.scanner_model)))),
    ("field", lambda item: f"{nominal_tesla(item.acquisition.field_t):g} T"),
    ("sequence", lambda item: item.acquisition.sequence),
    ("processing", lambda item: processing_of(item).software),
    ("program code", lambda item: processing_of(item).engine[:12]),
    ("basis set", lambda item: (processing_of(item).basis_sha256 or "simulated")[:12]),
)
_TIMES: tuple[tuple[str, Callable[[Analysis], float | None], float], ...] = (
    ("echo time", lambda item: item.acquisition.echo_time, ECHO_TIME_TOLERANCE),
    ("repetition time", lambda item: item.acquisition.repetition_time, REPETITION_TIME_TOLERANCE),
)


def _mixed(what: str, groups: dict[str, list[str]]) -> UnusableControls:
    shown = "; ".join(f"{value} ({_some(labels)})" for value, labels in groups.items())
    return UnusableControls(
        f"The controls differ in {what}: {shown}. A calibration is for one scanner, protocol and way of processing; "
        "calibrate each by itself.",
        parameter="controls",
    )


def _some(labels: Sequence[str]) -> str:
    return ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")
