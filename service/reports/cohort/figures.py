"""The figures of a cohort's answer with their titles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.reports.cohort.figure import Figure
from service.reports.cohort.flow_figure import description as flow_description
from service.reports.cohort.flow_figure import flow_svg
from service.reports.cohort.forest_figure import ForestRow, description, forest_svg
from service.reports.cohort.individual_figures import individual_figures
from service.reports.cohort.matrix_figure import description as matrix_description
from service.reports.cohort.matrix_figure import matrices_svg

Item = Mapping[str, Any]
MOST_ROWS = 48
"""Rows of one figure; the rest is in the table of statements."""
WIDEST_PERCENT = 60.0


def figures(answer: Item, drawn: Item | None = None) -> list[Figure]:
    """Every figure that the answer has numbers for, then those of people that ``fitting.cohort.individual`` gives."""
    found = [*_flow(answer), *_levels(answer), *_influence(answer), *_associations(answer), *_networks(answer)]
    found += [*_laterality(answer), *_treatment(answer), *_classification(answer), *_context(answer)]
    return found if drawn is None else [*found, *individual_figures(answer, drawn)]


def _flow(answer: Item) -> Iterator[Figure]:
    svg = flow_svg(answer["flow"])
    if svg:
        yield Figure("flow", "From enrolled to analysed", svg, flow_description(answer["flow"]))


def _forest(
    part: str, title: str, rows: Sequence[ForestRow], label: str, least: float | None = None
) -> Iterator[Figure]:
    for start in range(0, len(rows), MOST_ROWS):
        chosen = rows[start : start + MOST_ROWS]
        yield Figure(part, title, forest_svg(chosen, label, title, least=least), description(chosen))


def _place(item: Item) -> str:
    name = item.get("subregion") or item.get("region") or ""
    side = f"{item['hemisphere']} " if item.get("hemisphere") in ("left", "right") else ""
    return f"{item.get('metabolite', '')} {side}{name}".strip()


def _levels(answer: Item) -> Iterator[Figure]:
    rows = []
    for item in answer.get("levels", ()):
        if "percent" not in item:
            continue
        mean = abs(item["adjusted_mean_reference"]) or 1.0
        weighted = item.get("weighted", {}).get("difference")
        margin = item.get("equivalence", {}).get("margin")
        rows.append(
            ForestRow(
                _place(item) if item["model"] == "unadjusted" else f"{_place(item)}, adjusted",
                item["percent"],
                item["percent_low"],
                item["percent_high"],
                hollow=item["model"] == "unadjusted",
                tick=None if weighted is None else 100.0 * weighted / mean,
                margin=None if margin is None else 100.0 * margin / mean,
                note=f"q = {item['q']:.2g}" if "q" in item else "",
            )
        )
    yield from _forest("levels", "Group differences", rows, "difference, per cent of the reference", WIDEST_PERCENT)


def _influence(answer: Item) -> Iterator[Figure]:
    """Range of the difference when each person is left out; no person is named."""
    rows = [
        ForestRow(
            _place(item),
            100.0 * item["difference"] / mean,
            100.0 * item["influence"]["difference_low"] / mean,
            100.0 * item["influence"]["difference_high"] / mean,
            note="one person decides" if item["influence"]["decisive"] else "",
        )
        for item in answer.get("levels", ())
        if "influence" in item and item["model"] == _primary(answer) and (mean := abs(item["adjusted_mean_reference"]))
    ]
    title = "Group differences when each person is left out in turn"
    yield from _forest("influence", title, rows, "least and greatest difference, per cent")


def _primary(answer: Item) -> str:
    models = {item.get("model") for item in answer.get("levels", ())}
    return "adjusted" if "adjusted" in models else "unadjusted"


def _associations(answer: Item) -> Iterator[Figure]:
    rows = [
        ForestRow(
            f"{_place(item)}, {item['measure']}",
            item["r"],
            item["low"],
            item["high"],
            hollow=bool(item["given"]),
            note=f"{item['group']}, q = {item['q']:.2g}",
        )
        for item in answer.get("associations", ())
        if "r" in item and item["method"] == "pearson"
    ]
    yield from _forest("associations", "Correlations; hollow: with something held constant", rows, "Pearson's r")


def _networks(answer: Item) -> Iterator[Figure]:
    groups = list(answer["cohort"]["groups"])
    for item in answer.get("networks", ()):
        if "edges" in item:
            other = item.get("group") or groups[-1]
            alternative = matrix_description(item, groups[0], other)
            yield Figure("networks", item["name"], matrices_svg(item, groups[0], other), alternative)


def _laterality(answer: Item) -> Iterator[Figure]:
    rows = []
    for item in answer.get("laterality", ()):
        for name in ("reference", "other"):
            if "mean" in item.get(name, {}):
                part = item[name]
                word = answer["cohort"]["reference"] if name == "reference" else "other group"
                rows.append(
                    ForestRow(
                        f"{_place(item)}, {word}", part["mean"], part["low"], part["high"], hollow=name == "reference"
                    )
                )
    yield from _forest("laterality", "Left against right", rows, "ln(left / right)")


def _treatment(answer: Item) -> Iterator[Figure]:
    rows = [
        ForestRow(f"{_place(item)}, {arm}", change["mean"], change["low"], change["high"], hollow=arm == "control")
        for item in answer.get("treatment", ())
        for arm, change in item.get("change", {}).items()
    ]
    yield from _forest("treatment", "Change from before to after", rows, "change in the unit of each value")


def _classification(answer: Item) -> Iterator[Figure]:
    rows = []
    for item in answer.get("classification", ()):
        if "auc" in item:
            rows.append(ForestRow(item["name"], item["auc"], item["auc_low"], item["auc_high"]))
        if "auc_confounds" in item:
            limits = (item["auc_confounds_low"], item["auc_confounds_high"])
            rows.append(ForestRow(f"{item['name']}, quality alone", item["auc_confounds"], *limits, hollow=True))
    yield from _forest("classification", "Telling groups apart in people not seen", rows, "AUC; 0.5 is chance")


def _context(answer: Item) -> Iterator[Figure]:
    for item in answer.get("context", ()):
        rows = [ForestRow(row["study"], row["g"], row["low"], row["high"]) for row in item["studies"]]
        if "mean" in item:
            rows.append(ForestRow("pooled", item["mean"], item["low"], item["high"], note="Hartung–Knapp"))
            rows.append(ForestRow("next study", item["mean"], item["next_low"], item["next_high"], hollow=True))
        rows += [ForestRow("this cohort", row["g"], row["low"], row["high"]) for row in item.get("cohort") or ()]
        yield from _forest("context", "Among published studies", rows, "Hedges' g")
