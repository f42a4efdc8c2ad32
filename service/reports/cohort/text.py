"""A cohort's answer as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.reports.cohort.statements import FOUND, TITLES

Item = Mapping[str, Any]
FEW = 12
"""Items of an analysis up to which all sentences are printed."""


def render(answer: Item) -> str:
    """Flow, multiplicity, hypotheses, statements that were found, the others as a count, cautions, methods."""
    return "\n".join(_lines(answer)) + "\n"


def _lines(answer: Item) -> Iterator[str]:
    yield answer["title"] or "Cohort"
    for row in answer["flow"]:
        excluded = ", ".join(f"{count} {code}" for code, count in row["excluded"].items() if count)
        yield f"  {row['group']}: {row['analysed']} of {row['enrolled']} analysed" + (
            f" ({excluded})" if excluded else ""
        )
    many = answer["multiplicity"]
    yield (
        f"  {many['tests']} tests; {many['expected_by_chance']:.1f} would be found at 5 % by chance; "
        f"{many['found_p']} have "
        f"p < 0.05, {many['found_q']} q < 0.05"
    )
    yield from (_hypothesis(item) for item in answer["hypotheses"])
    for name, title in TITLES.items():
        if name in answer:
            yield from ("", title, *(f"  {line}" for line in _statements(answer[name])))
    if answer["cautions"]:
        yield from ("", "Cautions", *(f"  {item['code']}: {item['sentence']}" for item in answer["cautions"]))
    yield from ("", "Methods", f"  {answer['methods']['paragraph']}", "", answer["notice"])


def _hypothesis(item: Item) -> str:
    side = f"{item['hemisphere']} " if item.get("hemisphere") else ""
    p = f", p (Holm) = {item['p_holm']:.2g}" if "p_holm" in item else ""
    return (
        f"  hypothesis: {item['metabolite']} in the {side}{item['region']} "
        f"{item.get('direction') or 'differs'}: {item['verdict']}{p}"
    )


def _is_found(item: Item) -> bool:
    """Whether an item is printed where there are many; one without any p is."""
    p = item.get("q", min((item[name] for name in ("p_below", "p_above") if name in item), default=None))
    return p is None or p < FOUND


def _statements(items: list[Item]) -> Iterator[str]:
    """Sentences of the primary model; of many items only those that were found, and the number of the others."""
    primary = "adjusted" if any(item.get("model") == "adjusted" for item in items) else None
    said = [item for item in items if "sentence" in item and primary in (None, item.get("model"))]
    shown = said if len(said) <= FEW else [item for item in said if _is_found(item)]
    yield from (item["sentence"] for item in shown)
    if len(shown) < len(said):
        yield f"not shown: {len(said) - len(shown)} others; see --format csv"
    reasons: dict[str, list[str]] = {}
    for item in items:
        if "refused" in item:
            reasons.setdefault(item["refused"]["code"], []).append(item["refused"]["sentence"])
    for code, sentences in reasons.items():
        distinct = list(dict.fromkeys(sentences))
        yield f"not answered ({len(sentences)}), {code}: {distinct[0]}"
        yield from (f"  {sentence}" for sentence in distinct[1:FEW])
        if len(distinct) > FEW:
            yield f"  and {len(distinct) - FEW} other reasons; see --format csv"
