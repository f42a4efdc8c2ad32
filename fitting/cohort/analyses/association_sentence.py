"""Sentences for a correlation: an association, never a cause."""

from __future__ import annotations

from fitting.cohort.findings import Item
from fitting.cohort.phrases import number, place_words, probability

Q_FOUND = 0.05


def statement(item: Item, context: Item) -> str | None:
    """What may be said of one item of ``associations``; None where it was refused."""
    if "refused" in item or "r" not in item:
        return None
    value = f"{item['metabolite']} in the {place_words(item)}"
    held = f", with {', '.join(item['given'])} held constant" if item["given"] else ""
    interval = f"{number(item['low'])} to {number(item['high'])}, {item['n']} people of {item['group']}"
    rank = " (ranks)" if item["method"] == "spearman" else ""
    q = f"q = {probability(item['q'])} among {context['tests']} tests"
    if item.get("q", 1.0) >= Q_FOUND:
        return (
            f"{value}: no association with {item['measure']} was shown{held} (r = "
            f"{number(item['r'])}{rank}, {interval}; {q})."
        )
    direction = "falls" if item["r"] < 0.0 else "rises"
    text = f"{value} {direction} with {item['measure']}{held} (r = {number(item['r'])}{rank}, {interval}; {q})."
    if "ceiling" in item and abs(item["r"]) > item["ceiling"]:
        text += " This is stronger than the errors of both measures allow; look at influential people."
    return f"{text} This is an association; neither causes the other by this."
