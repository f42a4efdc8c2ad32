"""How far the comparisons can see: what the uncertainty of each expected value is made of, and what would reduce it."""

from __future__ import annotations

from dataclasses import asdict

from fitting.analysis import Analysis
from fitting.norms.assessment import Shares
from service.reports import values
from service.reports.headline import Compared, whose
from service.reports.texts import text

VOLUNTEERS = ("own-controls", "more-controls")
"""Improvements that are own controls."""
TRANSIENTS = "more-transients"


def precision(analysis: Analysis) -> tuple[str, ...]:
    """Sentences on the reference, the shares of uncertainty and what would make smaller decreases visible."""
    compared = [
        (result, result.z)
        for _, results in values.in_reading_order(analysis.metabolites)
        for result in results
        if result.z is not None
    ]
    if not compared:
        return ()
    sentences = [_who(analysis), *_shares(compared), _sharper(compared), _quieter(compared)]
    return tuple(sentence for sentence in sentences if sentence)


def _who(analysis: Analysis) -> str:
    kind = whose(analysis)
    site = analysis.provenance.site
    if kind == "site":
        people = max(norm.n for norm in analysis.norms)
        name = "" if site is None or not site.applied else text("precision.site_name", name=site.name)
        return text("precision.site_one" if people == 1 else "precision.site", n=people, name=name)
    people = sum(norm.n for norm in analysis.norms[:1])
    return text(f"precision.{kind}")


def _shares(compared: Compared) -> list[str]:
    """One sentence for each source of uncertainty that is the largest of some value."""
    found: dict[str, list[tuple[str, float]]] = {}
    for result, z in compared:
        if z.shares is not None:
            source, share = _largest(z.shares)
            found.setdefault(source, []).append((result.name, 100.0 * share))
    return [
        text(f"precision.share_{source}", names=", ".join(name for name, _ in items), range=_range(items))
        for source, items in found.items()
    ]


def _largest(shares: Shares) -> tuple[str, float]:
    return max(asdict(shares).items(), key=lambda item: float(item[1]))


def _range(items: list[tuple[str, float]]) -> str:
    low, high = (f"{end(share for _, share in items):.0f}" for end in (min, max))
    return low if low == high else text("table.interval", low=low, high=high)


def _sharper(compared: Compared) -> str:
    """What the fewest own controls that are worth it would make visible; empty where none are."""
    found = [
        (number, result.name, more.detectable_percent, z.detectable_percent)
        for result, z in compared
        for more in z.improvements
        if more.code in VOLUNTEERS
        and (number := more.controls) is not None
        and more.detectable_percent is not None
        and z.detectable_percent is not None
    ]
    if not found:
        return ""
    fewest = min(number for number, *_ in found)
    return text("precision.sharper", number=fewest, details=_details([item[1:] for item in found if item[0] == fewest]))


def _quieter(compared: Compared) -> str:
    """What four times the transients would make visible; empty where the noise hardly matters."""
    found = [
        (result.name, more.detectable_percent, z.detectable_percent)
        for result, z in compared
        for more in z.improvements
        if more.code == TRANSIENTS and more.detectable_percent is not None and z.detectable_percent is not None
    ]
    return text("precision.quieter", details=_details(found)) if found else ""


def _details(items: list[tuple[str, float, float]]) -> str:
    return ", ".join(
        text("precision.item", name=name, percent=f"{percent:.0f}", now=f"{now:.0f}") for name, percent, now in items
    )
