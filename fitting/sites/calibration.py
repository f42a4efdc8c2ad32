"""Controls judged by one another: who is no member of the group, and what a site should check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from scipy.special import bdtrc

from fitting.norms import Controls, check_controls
from fitting.norms.leave_one_out import NOMINAL, Checks, Outlier
from fitting.reason import Reason
from fitting.sites.site import Site, SiteControl, SiteLeftOut, SiteRegion, people_of

REPORTED = ("tNAA", "NAA", "Glu", "Gln", "Glx", "mI", "tCho")
"""Metabolites that decide whether a person is left out: those that are seen well in every usable spectrum."""
IMPROBABLE = 1e-3
"""Probability, for all controls and metabolites of a region together, below which a control is left out. One region
in a thousand loses an ordinary person; a patient with a tumour is far beyond it."""
MISCALIBRATED = 0.01
"""Probability of so many controls outside 95 % below which the site is warned: three of eight have 0.006, two 0.06."""

Place = tuple[Any, ...]


def judged(
    regions: Iterable[tuple[Place, tuple[SiteControl, ...]]],
) -> tuple[tuple[SiteRegion, ...], tuple[SiteLeftOut, ...]]:
    """Each region with its leave-one-out checks, and the controls that were left out as improbable.

    The most improbable control is left out first and the others are judged again without it.
    """
    found: list[SiteRegion] = []
    left_out: list[SiteLeftOut] = []
    for place, controls in regions:
        kept = controls
        checks = checks_of(place, kept)
        while (worst := _improbable(checks)) is not None:
            gone = next(item for item in kept if item.id == worst.control)
            kept = tuple(item for item in kept if item is not gone)
            sentence = (
                f"{worst.metabolite} is {worst.z:+.1f} SD from the other controls, which has a probability of "
                f"{worst.p:.1g} among so many: probably another condition, region or a fault of the scan."
            )
            left_out.append(SiteLeftOut(gone.id, place[0], "control-improbable", sentence, gone.input_sha256))
            checks = checks_of(place, kept)
        found.append(SiteRegion(place[0], place[1], place[2], kept, checks))
    return tuple(found), tuple(left_out)


def without(site: Site, input_sha256: str) -> Site | None:
    """The site without the person of one spectrum, who is not mentioned in it any more; None when no person is left.

    The learned background stays: it is a mean over the spectra and holds no values of one person.
    """
    regions = []
    for region in site.regions:
        kept = tuple(item for item in region.controls if item.input_sha256 != input_sha256)
        if kept:
            place = (region.region, region.subregion, region.hemisphere)
            checks = region.checks if len(kept) == len(region.controls) else checks_of(place, kept)
            regions.append(replace(region, controls=kept, checks=checks))
    left_out = tuple(item for item in site.left_out if item.input_sha256 != input_sha256)
    if not regions:
        return None
    return replace(site, regions=tuple(regions), left_out=left_out, warnings=warnings_of(regions))


def checks_of(place: Place, controls: tuple[SiteControl, ...]) -> Checks:
    """Each control of a region judged by the others."""
    region, subregion, hemisphere = place
    return check_controls(
        Controls("", "site", region=region, subregion=subregion, hemisphere=hemisphere, people=people_of(controls))
    )


def _improbable(checks: Checks) -> Outlier | None:
    candidates = [item for item in checks.outliers if item.metabolite in REPORTED]
    worst = min(candidates, key=lambda item: item.p, default=None)
    return worst if worst is not None and worst.p * len(REPORTED) < IMPROBABLE else None


def warnings_of(regions: Sequence[SiteRegion]) -> tuple[Reason, ...]:
    """What the site should check, in sentences."""
    found: list[Reason] = []
    for region in regions:
        where = " ".join(filter(None, (region.hemisphere, region.subregion or region.region)))
        for line in region.checks.calibration:
            if line.metabolite in REPORTED and bdtrc(line.flagged - 1, line.n, NOMINAL) < MISCALIBRATED:
                found.append(
                    Reason(
                        "site-miscalibrated",
                        f"{where}: {line.flagged} of {line.n} controls lie outside the 95 % interval of the others in "
                        f"{line.metabolite}, where {NOMINAL * line.n:.1g} would be expected. Check that all are "
                        "healthy, measured alike and placed alike before relying on this calibration.",
                    )
                )
        for item in region.checks.outliers:
            if item.metabolite in REPORTED:
                found.append(
                    Reason(
                        "control-unusual",
                        f"{where}: {item.metabolite} of {item.control} is unusual beside the other controls "
                        f"({item.z:+.1f} SD); it was kept.",
                    )
                )
        for pair in region.checks.duplicates:
            found.append(
                Reason(
                    "controls-alike",
                    f"{where}: {pair.controls[0]} and {pair.controls[1]} have the same values; are they one person?",
                )
            )
    return tuple(found)
