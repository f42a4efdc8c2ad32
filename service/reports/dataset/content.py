"""Content of the overview: what the rows of all spectra say, by region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from service.reports.dataset.distribution_figure import distribution_svg

Row = Mapping[str, str]
SHOWN = ("tNAA", "tCho", "mI", "Glx", "Glu")
"""Quantities with a figure, as ratios to total creatine."""
VERDICTS = ("yes", "limited", "no")
QUALITY = (("snr", "SNR"), ("linewidth_hz", "Linewidth, Hz"))
NO_REGION, NO_GROUP = "region not known", "no group"


def content(rows: Sequence[Row], title: str, notice: str, version: str) -> dict[str, Any]:
    """Tables and figures of the page.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of the group's table, one for each spectrum and metabolite; ``spectrum`` names the spectrum, and cells
        without a value are empty.
    title, notice, version : str
    """
    spectra = {row["spectrum"]: row for row in rows}
    refused = [row for row in spectra.values() if row["outcome"] in ("refused", "failed")]
    regions = list(dict.fromkeys(_place(row) for row in spectra.values() if row not in refused))
    return {
        "title": title,
        "notice": notice,
        "version": version,
        "spectra": len(spectra),
        "people": len({row["participant_id"] for row in spectra.values()}),
        "refused": [(row["spectrum"], row["message"]) for row in refused],
        "regions": [
            _region(name, [row for row in rows if row["metabolite"] and _place(row) == name]) for name in regions
        ],
    }


def _place(row: Row) -> str:
    side = f"{row['hemisphere']} " if row["hemisphere"] in ("left", "right") else ""
    return f"{side}{row['region']}" if row["region"] else f"{NO_REGION}: voi {row['voi'] or 'not named'}"


def _region(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    spectra = list({row["spectrum"]: row for row in rows}.values())
    verdicts = Counter(row["verdict"] for row in spectra)
    return {
        "name": name,
        "verdicts": [verdicts[verdict] for verdict in VERDICTS],
        "quality": [(words, _summary(_numbers(spectra, column))) for column, words in QUALITY],
        "figures": [figure for metabolite in SHOWN if (figure := _figure(metabolite, name, rows)) is not None],
    }


def _figure(metabolite: str, region: str, rows: Sequence[Row]) -> dict[str, str] | None:
    """Values that may be used and are detected; the others are counted below the figure."""
    own = [row for row in rows if row["metabolite"] == metabolite and row["ratio_tcr"]]
    shown = [row for row in own if row["usable"] != "no" and row["detected"] == "yes"]
    groups: dict[str, list[float]] = {}
    for row in shown:
        groups.setdefault(row["group"] or NO_GROUP, []).append(float(row["ratio_tcr"]))
    title = f"{metabolite} in {region}"
    svg = distribution_svg(groups, "ratio to tCr", title)
    if not svg:
        return None
    left_out = len(own) - len(shown)
    return {"title": title, "svg": svg, "note": f"{left_out} not detected or not usable" if left_out else ""}


def _numbers(rows: Iterable[Row], column: str) -> list[float]:
    return [float(row[column]) for row in rows if row[column]]


def _summary(values: Sequence[float]) -> str:
    if not values:
        return "n/a"
    spread = f" ± {stdev(values):.3g}" if len(values) > 1 else ""
    return f"{mean(values):.3g}{spread} (n = {len(values)})"
