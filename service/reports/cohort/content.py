"""Content of a cohort's report for display, without anything that points to one person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.reports.cohort.figures import figures
from service.reports.cohort.statements import TITLES

Item = Mapping[str, Any]
_PERSON = re.compile(r"(participant_id\s*==\s*)'[^']*'")
CANNOT_KNOW = ("How people were recruited", "Who was blinded to groups", "What medication people took")
"""Open boxes of the checklist."""


def content(answer: Item, drawn: Item | None = None) -> dict[str, Any]:
    """Words, tables and figures of both HTML and PDF; ``drawn`` as ``fitting.cohort.individual`` gives it."""
    groups = [row["group"] for row in answer["flow"] if row["group"] != "all"]
    return {
        "title": answer["title"] or "Cohort",
        "notice": answer["notice"],
        "groups": groups,
        "flow": answer["flow"],
        "multiplicity": {
            **_with_words(answer["multiplicity"]),
            "families": [_with_words(family) for family in answer["multiplicity"]["families"]],
        },
        "hypotheses": [_hypothesis(item) for item in answer["hypotheses"]],
        "cautions": answer["cautions"],
        "people": [_described(item, groups) for item in answer["groups"]],
        "quality": [{**_described(item, groups), "p": f"{item['p']:.2g}"} for item in answer["quality"]],
        "sections": [section for name in TITLES if (section := _section(answer, name)) is not None],
        "figures": [
            {"part": f.part, "title": f.title, "svg": f.svg, "alternative": f.alternative}
            for f in figures(answer, drawn)
        ],
        "methods": answer["methods"],
        "plan": _PERSON.sub(r"\1'…'", answer["plan"]["text"]),
        "provenance": answer["provenance"],
        "cannot_know": CANNOT_KNOW,
    }


def _with_words(row: Item) -> dict[str, Any]:
    return {**row, "expected_words": f"{row['expected_by_chance']:.1f}"}


def _hypothesis(item: Item) -> dict[str, str]:
    side = f"{item['hemisphere']} " if item.get("hemisphere") else ""
    return {
        "claim": f"{item['metabolite']} in the {side}{item['region']} {item.get('direction') or 'differs'}",
        "verdict": item["verdict"],
        "p": f"{item['p_holm']:.2g}" if "p_holm" in item else "",
        "reason": item.get("refused", {}).get("sentence", ""),
    }


def _described(item: Item, groups: list[str]) -> dict[str, Any]:
    place = " ".join(part for part in (item.get("hemisphere"), item.get("subregion") or item.get("region")) if part)
    difference = item.get("standardised_difference")
    return {
        "name": f"{place} {item['measure']}".strip(),
        "cells": [_summary(item["by_group"].get(group)) for group in groups],
        "difference": "" if difference is None else f"{difference:.2f}".replace("-", "\N{MINUS SIGN}"),
    }


def _summary(values: Item | None) -> str:
    if values is None:
        return "n/a"
    spread = f" ± {values['sd']:.3g}" if values.get("sd") is not None else ""
    return f"{values['mean']:.3g}{spread} ({values['n']})"


def _section(answer: Item, name: str) -> dict[str, Any] | None:
    if name not in answer:
        return None
    return {
        "key": name,
        "title": TITLES[name],
        "statements": list(_said(answer[name])),
        "refused": list(_refused(answer[name])),
    }


def _said(items: list[Item]) -> Iterator[str]:
    primary = "adjusted" if any(item.get("model") == "adjusted" for item in items) else None
    yield from (item["sentence"] for item in items if "sentence" in item and primary in (None, item.get("model")))


def _refused(items: list[Item]) -> Iterator[str]:
    sentences = dict.fromkeys(item["refused"]["sentence"] for item in items if "refused" in item)
    yield from sentences
