"""Sentences for a group difference: the interval first, p last, never more than the data carry."""

from __future__ import annotations

from fitting.cohort.findings import Item
from fitting.cohort.phrases import number, percent, place_words, probability

Q_FOUND = 0.05


def statement(item: Item, context: Item) -> str | None:
    """What may be said of one item of ``levels``; None where it was refused."""
    if "refused" in item:
        return None
    if item.get("censored"):
        return _censored(item, context)
    if "difference" not in item:
        return None
    return _found(item, context) if item.get("q", 1.0) < Q_FOUND else _not_shown(item, context)


def _subject(item: Item) -> str:
    return f"{item['metabolite']} in the {place_words(item)}"


def _other(item: Item, context: Item) -> str:
    return str(item.get("group") or context["other"])


def _amount(item: Item) -> str:
    if "percent" in item:
        low, high = sorted((abs(item["percent_low"]), abs(item["percent_high"])))
        same_sign = item["percent_low"] * item["percent_high"] > 0.0
        interval = (
            f"{percent(low)} to {percent(high)} %"
            if same_sign
            else f"{percent(item['percent_low'])} to {percent(item['percent_high'])} %"
        )
        return f"{percent(abs(item['percent']))} % {_direction(item)} in {{}} (95 % interval {interval})"
    return (
        f"{number(abs(item['difference']))} {item['unit']} {_direction(item)} in {{}} "
        f"(95 % interval of the difference {number(item['low'])} to {number(item['high'])})"
    )


def _direction(item: Item) -> str:
    return "lower" if item["difference"] < 0.0 else "higher"


def _found(item: Item, context: Item) -> str:
    adjusted = f", adjusted for {', '.join(context['covariates'])}" if item["model"] == "adjusted" else ", unadjusted"
    return (
        f"{_subject(item)} is {_amount(item).format(_other(item, context))}{adjusted}; "
        f"g = {number(item['g'])} ({number(item['g_low'])} to {number(item['g_high'])}), "
        f"q = {probability(item['q'])} among {context['tests']} tests. "
        f"Groups overlap by {100 * item['overlap']:.0f} %: this says nothing about one person."
    )


def _not_shown(item: Item, context: Item) -> str:
    if "percent" in item:
        mean = abs(item["adjusted_mean_reference"])
        shown = f"{percent(item['percent'])} %, {percent(item['percent_low'])} to {percent(item['percent_high'])} %"
        excluded = f"{percent(100 * item['excluded_beyond'] / mean)} %"
        would = f"{percent(100 * item['detectable'] / mean)} %"
    else:
        shown = f"{number(item['difference'])}, {number(item['low'])} to {number(item['high'])} {item['unit']}"
        excluded, would = (f"{number(item[name])} {item['unit']}" for name in ("excluded_beyond", "detectable"))
    return (
        f"{_subject(item)}: no difference between {_other(item, context)} and {context['reference']} was "
        f"shown ({shown}; "
        f"q = {probability(item['q'])} among {context['tests']} tests). A difference of more than "
        f"{excluded} is excluded. With these numbers {would} would have been found in four of five such studies."
    )


def _censored(item: Item, context: Item) -> str:
    found = item["censored"]
    return (
        f"{_subject(item)} is not detected in {item['n_censored_reference']} of {item['n_reference']} of "
        f"{context['reference']} and {item['n_censored_other']} of {item['n_other']} of "
        f"{_other(item, context)}. With values "
        f"below their bounds taken for what they are, the difference is {number(found['difference'])} "
        f"({number(found['low'])} to {number(found['high'])}) {item['unit']}, p = {probability(found['p'])}."
    )
