"""Reasons why values were not compared: each once, with the values it applies to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fitting.analysis import Analysis, MetaboliteResult
from service.reports import numbers
from service.reports.texts import text
from service.reports.values import in_reading_order


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """Reason why the values with this letter were not compared."""

    letter: str
    code: str
    sentence: str
    applies: str
    """Other values it applies to, in words; empty when the sentence names its only one."""
    names: tuple[str, ...]


def reason_lines(analysis: Analysis) -> tuple[ReasonLine, ...]:
    """Each different reason once, lettered a, b, c in the order the table meets them.

    Sentences that differ in nothing but the metabolite's own name are one reason.
    """
    found: dict[tuple[str, str], list[MetaboliteResult]] = {}
    for _, results in in_reading_order(analysis.metabolites):
        for result in results:
            if result.z_absent is not None:
                own_name = rf"(?<!\w){re.escape(result.name)}(?!\w)"
                pattern = re.sub(own_name, "\N{REPLACEMENT CHARACTER}", result.z_absent.sentence)
                found.setdefault((result.z_absent.code, pattern), []).append(result)
    return tuple(_reason_line(number, *item) for number, item in enumerate(found.items()))


def _reason_line(number: int, key: tuple[str, str], results: list[MetaboliteResult]) -> ReasonLine:
    code, pattern = key
    names = tuple(result.name for result in results)
    first = results[0].z_absent
    sentence = "" if first is None else numbers.typeset(first.sentence)
    if "\N{REPLACEMENT CHARACTER}" not in pattern:
        applies = text("table.applies_to", names=", ".join(names))
    else:
        applies = text("table.likewise", names=", ".join(names[1:])) if len(names) > 1 else ""
    return ReasonLine(_letter(number), code, sentence, applies, names)


def _letter(number: int) -> str:
    """A, b … z, aa, ab … as in a spreadsheet's columns."""
    letters = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return letters
