"""Contrasts of the spectra of one person's session: measured and analysed alike, so the laboratory cancels in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fitting.analysis import Analysis
from fitting.norms import Case, Context, Controls
from fitting.norms.case import scan
from fitting.norms.composition import METABOLITES
from fitting.norms.contrasts import Contrast, contrasts
from fitting.reason import Reason
from fitting.request import Subject, TissueFractions
from fitting.sites.alike import difference, processing_of
from fitting.sites.site import ID_DIGITS
from fitting.statistics.multiplicity import ONE_IN

_UNFIT = {"limited": "usable with limits only", "no": "not interpretable"}

Place = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class SessionContrasts:
    """Contrasts of one session, with what so many comparisons mean."""

    items: tuple[Contrast, ...]
    """Side against side, region against region, and metabolite against metabolite of one spectrum; empty when fewer
    than two places can be compared."""
    expected_by_chance: float
    """Flags expected if nothing were different: 5 % of the contrasts."""
    flagged: int
    """Flags raised."""
    left_out: tuple[Reason, ...]
    """Spectra of the session that are not among them, with the reasons."""


def session_contrasts(analyses: Sequence[Analysis], own: Iterable[Controls] = ()) -> SessionContrasts:
    """Contrasts of the analyses of one person and session, two places of it or more.

    The spectra must be of one scanner and protocol and processed alike. Of several of one place and side the last
    usable one counts. The laboratory cancels in the differences, so controls of the site that applied to one of the
    spectra, or that match otherwise, say more than published people.

    Parameters
    ----------
    analyses : sequence of Analysis
        In the order of submission.
    own : iterable of Controls
        Of the laboratory, of any regions.
    """
    places: dict[Place, Analysis] = {}
    left_out: list[Reason] = []
    for analysis in analyses:
        reason = _unfit(analysis)
        if reason is None:
            places[_place(analysis)] = analysis
        else:
            left_out.append(reason)
    alike: list[Analysis] = []
    for analysis in places.values():
        what = difference(alike[0], analysis) if alike else None
        if what is None:
            alike.append(analysis)
        else:
            sentence = f"The spectrum of {_name(analysis)} differs from that of {_name(alike[0])} in {what}."
            left_out.append(Reason("session-not-alike", sentence))
    found: tuple[Contrast, ...] = ()
    if len(alike) > 1:
        known = _of_same_software(alike, own)
        found = contrasts([case for analysis in alike for case in _cases(analysis)], known)
    flagged = sum(item.flag != "within" for item in found)
    return SessionContrasts(found, len(found) / ONE_IN, flagged, tuple(left_out))


def _unfit(analysis: Analysis) -> Reason | None:
    """Why the values of a spectrum are not contrasted with others."""
    if analysis.acquisition.region is None:
        return Reason("region-not-given", "A spectrum of the session has no region; give it when submitting.")
    if analysis.verdict.usable != "yes":
        return Reason("spectrum-not-usable", f"The spectrum of {_name(analysis)} is {_UNFIT[analysis.verdict.usable]}.")
    return None


def _place(analysis: Analysis) -> Place:
    return analysis.acquisition.region, analysis.acquisition.hemisphere


def _name(analysis: Analysis) -> str:
    return " ".join(part for part in reversed(_place(analysis)) if part)


def _of_same_software(alike: Sequence[Analysis], own: Iterable[Controls]) -> list[Controls]:
    """Own controls; those of the calibration that applied count as processed like the spectra, as they do in a score.

    With learned macromolecules the description of the processing names the background, which each control was fitted
    with but for its own part.
    """
    applied = next((site for item in alike if (site := item.provenance.site) is not None and site.applied), None)
    software = processing_of(alike[0]).software
    return [
        replace(item, method=replace(item.method, software=software))
        if applied is not None and item.id.startswith(f"site.{applied.name}.{applied.id[:ID_DIGITS]}.")
        else item
        for item in own
    ]


def _cases(analysis: Analysis) -> list[Case]:
    facts = analysis.acquisition
    tissue = None
    if facts.gm is not None and facts.wm is not None and facts.csf is not None:
        tissue = TissueFractions(facts.gm, facts.wm, facts.csf)
    context = Context(
        Subject(facts.region, facts.hemisphere, facts.age_years, facts.sex, tissue),
        scan(facts.field_t, facts.echo_time, facts.sequence),
        processing_of(analysis).software,
    )
    return [
        Case(item.name, item.ratio_tcr, context, item.verdict.usable)
        for item in analysis.metabolites
        if item.name in METABOLITES and item.detected and item.ratio_tcr is not None
    ]
