"""Whether a site holds for a scan: the same scanner, protocol and processing, or the differences in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fitting.acquisition import Acquisition
from fitting.analysis import SiteUsed
from fitting.norms.matching import ECHO_TIME_TOLERANCE
from fitting.reason import Reason
from fitting.sites.alike import REPETITION_TIME_TOLERANCE
from fitting.sites.site import Site, SiteProcessing

MISMATCH = "site-mismatch"


@dataclass(frozen=True, slots=True)
class SiteChoice:
    """The site that applies, if one does, and what the answer says about it."""

    site: Site | None
    used: SiteUsed | None
    """None when no site was named and none is near."""


def choose_site(
    named: Site | None, candidates: Sequence[Site], acquisition: Acquisition, processing: SiteProcessing
) -> SiteChoice:
    """The named site, else the first candidate that holds.

    Parameters
    ----------
    named : Site or None
        Named by the user, who knows the scanner: facts that the file does not state are taken to be those of the site.
    candidates : sequence of Site
        Newest first. One applies only when its scanner is stated by the file, or stated by neither.
    acquisition : Acquisition
    processing : SiteProcessing
        Of the analysis.
    """
    if named is not None:
        return _choice(named, differences(named, acquisition, processing, is_named=True))
    near: SiteChoice | None = None
    for site in candidates:
        found = differences(site, acquisition, processing)
        if not found:
            return _choice(site, found)
        if near is None and not {"scanner", "field"} & {what for what, _ in found}:
            near = _choice(site, found)
    return near or SiteChoice(None, None)


def _choice(site: Site, found: Sequence[tuple[str, str]]) -> SiteChoice:
    if not found:
        return SiteChoice(site, SiteUsed(site.id, site.name, True, None))
    sentence = (
        f"The calibration '{site.name}' was not used: "
        + "; ".join(words for _, words in found)
        + ". "
        + _remedy([what for what, _ in found])
    )
    return SiteChoice(None, SiteUsed(site.id, site.name, False, Reason(MISMATCH, sentence)))


def _remedy(differing: Sequence[str]) -> str:
    if set(differing) <= {"program", "processing"}:
        return "Calibrate again with this version and these options: the same controls are analysed anew."
    return "Calibrate this scanner and protocol with controls of its own."


What = Literal["scanner", "field", "sequence", "echo time", "repetition time", "basis set", "processing", "program"]


def differences(
    site: Site, acquisition: Acquisition, processing: SiteProcessing, *, is_named: bool = False
) -> tuple[tuple[What, str], ...]:
    """Properties in which a scan differs from a site, each with words for people."""
    facts = site.acquisition
    scanner = _scanner(facts.vendor, facts.scanner_model)
    stated = _scanner(acquisition.vendor, acquisition.scanner_model)
    pairs: tuple[tuple[What, str | None, str | None], ...] = (
        ("scanner", scanner, scanner if is_named and stated is None else stated),
        ("field", _tesla(facts.field_t), _tesla(acquisition.nominal_field_t)),
        ("sequence", facts.sequence.casefold(), acquisition.sequence and acquisition.sequence.casefold()),
        ("processing", site.processing.software, processing.software),
        ("program", site.processing.engine, processing.engine),
        ("basis set", site.processing.basis_sha256, processing.basis_sha256),
    )
    found: list[tuple[What, str]] = [(what, _words(what, own, other)) for what, own, other in pairs if own != other]
    times: tuple[tuple[What, float | None, float | None, float], ...] = (
        ("echo time", facts.echo_time, acquisition.echo_time, ECHO_TIME_TOLERANCE),
        ("repetition time", facts.repetition_time, acquisition.repetition_time, REPETITION_TIME_TOLERANCE),
    )
    for what, own_time, time, tolerance in times:
        if not _near(own_time, time, tolerance, is_needed=what == "echo time"):
            found.append((what, _words(what, _milliseconds(own_time), _milliseconds(time))))
    return tuple(found)


def _scanner(vendor: str | None, model: str | None) -> str | None:
    return " ".join(part.casefold() for part in (vendor, model) if part) or None


def _tesla(field_t: float | None) -> str | None:
    return None if field_t is None else f"{field_t:g} T"


def _milliseconds(time: float | None) -> str | None:
    return None if time is None else f"{1e3 * time:g} ms"


def _near(own: float | None, other: float | None, tolerance: float, *, is_needed: bool) -> bool:
    if own is None or other is None:
        return not is_needed
    return abs(own - other) <= tolerance


def _words(what: str, own: str | None, other: str | None) -> str:
    if what == "program":
        return "the program that computes the values was changed since"
    if what == "basis set":
        return "it was made with another basis set"
    return f"its {what} is {own or 'not stated'}, that of the spectrum {other or 'not stated'}"
