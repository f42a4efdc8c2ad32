"""Figures of what ``fitting.cohort.individual`` gives: dots and lines of people without names, and mean spectra."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from service.reports.cohort.figure import Figure
from service.reports.cohort.panel import Line, Panel, panels_svg
from service.reports.cohort.people_figure import description, people_svg
from service.reports.figures.axis import axis_around

MOST = 8
"""Figures of one kind: those with the least q; all others are in the table of statements."""

Item = Mapping[str, Any]


def individual_figures(answer: Item, drawn: Item) -> list[Figure]:
    """Every figure of people and spectra."""
    levels = _chosen(drawn["levels"], answer.get("levels", ()), ("region", "hemisphere", "metabolite"))
    found = [Figure("levels", _title("Values of people", item), people_svg(item), description(item)) for item in levels]
    by = ("region", "hemisphere", "metabolite", "measure", "group")
    associations = _chosen(drawn["associations"], answer.get("associations", ()), by)
    found += [_scatter(item) for item in associations]
    found += [_sides(item) for item in drawn["laterality"][:MOST] if item["groups"]]
    found += [_treated(item) for item in drawn["treatment"][:MOST] if item["arms"]]
    for item in drawn["spectra"]:
        found += [_spectra(item), *_examples(item)]
    return [*found, *_curves(answer)]


def _title(what: str, item: Item) -> str:
    return f"{what}: {item['words']}"


def _chosen(items: Sequence[Item], answers: Sequence[Item], by: Sequence[str]) -> list[Item]:
    """The items with the least q, in their order."""
    least: dict[tuple[Any, ...], float] = {}
    for row in answers:
        if row.get("q") is not None:
            key = tuple(row.get(name) for name in by)
            least[key] = min(row["q"], least.get(key, 1.0))
    ranked = sorted(range(len(items)), key=lambda k: least.get(tuple(items[k].get(name) for name in by), 1.0))
    return [items[k] for k in sorted(ranked[:MOST])]


def _scatter(item: Item) -> Figure:
    across = f"{item['words']}, {item['unit']}"
    panels = [_fitted(item, across, item["measure"])]
    if "partial" in item:
        panels.append(_fitted(item["partial"], "residual", f"residual of {item['measure']}"))
    given = f"; right: given {', '.join(item['given'])}" if "partial" in item else ""
    alternative = (
        f"{item['words']} and {item['measure']} of {len(item['points'])} people of {item['group']}, with the "
        f"regression line and its 95 % band{given}"
    )
    title = f"{item['measure']} and {item['words']}, {item['group']}{given}"
    return Figure("associations", title, panels_svg(panels, alternative), alternative)


def _fitted(item: Item, across: str, upwards: str) -> Panel:
    line = Line(
        [(point["value"], point["score"]) for point in item["line"]],
        band=[(point["value"], point["low"], point["high"]) for point in item["line"]],
    )
    points = [(point["value"], point["score"], point["sd"]) for point in item["points"]]
    return Panel(across, upwards, [line] if item["line"] else [], points)


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Ends of an axis that panels share."""
    axis = axis_around(values, 0.0, 1.0)
    return axis.low, axis.high


def _sides(item: Item) -> Figure:
    ends = _ends([value for group in item["groups"] for pair in group["pairs"] for value in pair])
    panels = [
        Panel(
            f"left, {group['group']}",
            f"right, {item['unit']}",
            [Line([(ends[0], ends[0]), (ends[1], ends[1])], is_thin=True)],
            [(left, right, None) for left, right in group["pairs"]],
            ends,
            ends,
        )
        for group in item["groups"]
    ]
    words = f"{item['metabolite']} in the left and right {item.get('subregion') or item['region']}"
    alternative = f"{words}, one dot for each person, the line where both sides are equal"
    return Figure("laterality", words, panels_svg(panels, alternative), alternative)


def _treated(item: Item) -> Figure:
    ends = _ends([value for arm in item["arms"] for pair in arm["pairs"] for value in pair])
    panels = []
    band = _controls(item)
    for arm in item["arms"]:
        pairs = arm["pairs"]
        means = [sum(pair[k] for pair in pairs) / len(pairs) for k in (0, 1)]
        lines = [Line([(0.0, one), (1.0, two)], is_thin=True) for one, two in pairs]
        lines.append(Line([(0.0, means[0]), (1.0, means[1])], band=band))
        names = {0.0: "before", 1.0: f"after, {arm['arm']}"}
        panels.append(Panel("", item["unit"], lines, (), (-0.25, 1.4), ends, names=names))
    alternative = (
        f"{item['words']} before and after, one line for each person, the thick line is the mean of "
        + ", ".join(f"{arm['arm']} ({len(arm['pairs'])} people)" for arm in item["arms"])
        + (f"; the band is the mean of {item['reference']} ± 1.96 SD" if band else "")
    )
    return Figure("treatment", _title("Before and after", item), panels_svg(panels, alternative), alternative)


def _controls(item: Item) -> list[tuple[float, float, float]]:
    """Where 95 % of the reference group lie before and after."""
    reference = [arm["pairs"] for arm in item["arms"] if arm["arm"] == item["reference"]]
    pairs: Sequence[Sequence[float]] = reference[0] if reference else ()
    if len(pairs) < 2:
        return []
    rows = []
    for k, place in ((0, 0.0), (1, 1.0)):
        values = [pair[k] for pair in pairs]
        reach = 1.96 * stdev(values)
        rows.append((place, mean(values) - reach, mean(values) + reach))
    return rows


def _spectra(item: Item) -> Figure:
    ppm = item["ppm"]
    lines = [
        Line(
            list(zip(ppm, group["mean"], strict=True)),
            group["group"],
            [(x, y - s, y + s) for x, y, s in zip(ppm, group["mean"], group["sd"], strict=True)],
        )
        for group in item["groups"]
    ]
    alternative = f"Mean spectrum of each group in the {item['words']} with one standard deviation between people"
    panel = Panel("chemical shift, ppm", "", lines, is_reversed=True)
    return Figure("classification", _title("Mean spectra", item), panels_svg([panel], alternative), alternative)


def _examples(item: Item) -> Iterator[Figure]:
    """The best and the worst spectrum that was kept."""
    examples = item.get("examples", ())
    if examples:
        panels = [
            Panel(
                f"{example['rank']}, SNR {example['snr']:.0f}; ppm",
                "",
                [Line(list(zip(item["ppm"], example["values"], strict=True)))],
                is_reversed=True,
            )
            for example in examples
        ]
        words = " and ".join(f"{example['rank']} (SNR {example['snr']:.0f})" for example in examples)
        alternative = f"Two spectra of the {item['words']}, by signal-to-noise ratio the {words} that was kept"
        yield Figure(
            "quality", _title("Best and worst spectrum kept", item), panels_svg(panels, alternative), alternative
        )


def _curves(answer: Item) -> Iterator[Figure]:
    for item in answer.get("classification", ()):
        if "roc" not in item:
            continue
        lines = [Line(item["roc"], f"{item['features']}, AUC {item['auc']:.2f}", item.get("roc_band", ()))]
        if "roc_confounds" in item:
            lines.append(Line(item["roc_confounds"], f"quality alone, AUC {item['auc_confounds']:.2f}"))
        if "roc_resubstitution" in item:
            lines.append(Line(item["roc_resubstitution"], "own training data: says nothing"))
        lines.append(Line([(0.0, 0.0), (1.0, 1.0)], is_thin=True))
        unit = (0.0, 1.0)
        right = [Line(item["calibration"]), Line([(0.0, 0.0), (1.0, 1.0)], is_thin=True)]
        panels = [
            Panel("false positive rate", "true positive rate", lines, (), unit, unit),
            Panel("probability", "share of the other group", right, (), unit, unit),
        ]
        alternative = (
            f"Receiver operating characteristic of {item['name']} in people not seen, AUC {item['auc']:.2f} "
            f"({item['auc_low']:.2f} to {item['auc_high']:.2f}); right: calibration, slope "
            f"{item['calibration_slope']:.2f}"
            if item.get("calibration_slope") is not None
            else f"Receiver operating characteristic of {item['name']}, AUC {item['auc']:.2f}"
        )
        title = f"{item['name']}: receiver operating characteristic and calibration, in people not seen"
        yield Figure("classification", title, panels_svg(panels, alternative), alternative)
        if "weights" in item:
            yield _weights(item)


def _weights(item: Item) -> Figure:
    ppm = [point[0] for point in item["weights"]]
    lines = [Line(item["weights"]), Line([(max(ppm), 0.0), (min(ppm), 0.0)], is_thin=True)]
    largest = sorted(item["weights"], key=lambda point: -abs(point[1]))[:3]
    alternative = (
        f"Weight of each point of the spectrum in the model of {item['name']}; the largest are at "
        f"{', '.join(f'{point[0]:.2f}' for point in largest)} ppm. Neighbouring points share what they tell, so a "
        "weight does not show where groups differ"
    )
    title = f"{item['name']}: where the weights of the model lie, which is not where groups differ"
    panel = Panel("chemical shift, ppm", "weight", lines, is_reversed=True)
    return Figure("classification", title, panels_svg([panel], alternative), alternative)
