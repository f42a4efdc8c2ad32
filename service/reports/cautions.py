"""Remarks of the verdict on each value: numbered, each listed once and referenced at its values."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.analysis import Analysis, MetaboliteResult
from fitting.quality.verdict.usable import Usable, Verdict
from service.reports.numbers import typeset
from service.reports.texts import text


@dataclass(frozen=True, slots=True)
class CautionLine:
    """One remark and the values it is about."""

    mark: str
    sentence: str
    applies: str
    """Further values it applies to, in words; empty when the sentence names all."""
    names: tuple[str, ...]
    """The values that carry its number; none when it applies to all."""


def caution_lines(results: list[MetaboliteResult], verdict: Verdict) -> tuple[CautionLine, ...]:
    """One line for each kind of remark and weight, limiting ones first; in the order of the values.

    Limiting remarks are listed for each value; of other remarks the first is listed with the further values it applies
    to. A remark on all values has no number, and is omitted when ``verdict``, that on the whole spectrum, contains it.
    """
    found: dict[tuple[Usable, str], list[tuple[str, str]]] = {}
    for usable in ("no", "limited", "yes"):
        for result in results:
            if result.verdict.usable != usable:
                continue
            for reason in result.verdict.reasons:
                found.setdefault((result.verdict.usable, reason.code), []).append((result.name, reason.sentence))
    told = {reason.sentence for reason in verdict.reasons}
    kinds = [
        (usable, said)
        for (usable, _), said in found.items()
        if not (_of_all(said, results) and told.issuperset(sentence for _, sentence in said))
    ]
    return tuple(_line(number, usable, said, results) for number, (usable, said) in enumerate(kinds, start=1))


def marks(lines: tuple[CautionLine, ...]) -> dict[str, str]:
    """The numbers that stand at each value, such as ``1, 3``."""
    found: dict[str, list[str]] = {}
    for line in lines:
        for name in line.names:
            found.setdefault(name, []).append(line.mark)
    return {name: ", ".join(numbers) for name, numbers in found.items()}


def trust(result: MetaboliteResult, analysis: Analysis) -> str:
    """The verdict on a value in words; empty when it is usable or when the whole spectrum is not."""
    usable = result.verdict.usable
    return "" if usable == "yes" or analysis.verdict.usable == "no" else text(f"trust.{usable}")


def _of_all(said: list[tuple[str, str]], results: list[MetaboliteResult]) -> bool:
    return len(results) > 1 and {name for name, _ in said} == {result.name for result in results}


def _line(number: int, usable: Usable, said: list[tuple[str, str]], results: list[MetaboliteResult]) -> CautionLine:
    names = tuple(dict.fromkeys(name for name, _ in said))
    sentences = [typeset(sentence) for sentence in dict.fromkeys(sentence for _, sentence in said)]
    if len(sentences) == 1 and _of_all(said, results):
        return CautionLine(str(number), sentences[0], text("table.all_values"), ())
    if usable != "yes" or len(sentences) == 1:
        return CautionLine(str(number), " ".join(sentences), "", names)
    others = ", ".join(names[1:])
    return CautionLine(str(number), sentences[0], text("table.own_numbers", names=others) if others else "", names)
