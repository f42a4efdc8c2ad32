"""What the verdict on each value says: numbered remarks, each once, and the number that stands at the value."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.analysis import Analysis, MetaboliteResult, Usable
from service.reports.texts import text


@dataclass(frozen=True, slots=True)
class CautionLine:
    """One remark and the values it is about."""

    mark: str
    sentence: str
    applies: str
    """To which further values it applies, in words; empty when the sentence names all."""
    names: tuple[str, ...]


def caution_lines(results: list[MetaboliteResult]) -> tuple[CautionLine, ...]:
    """One line for each kind of remark and weight, what limits a value first; in the order of the values.

    What limits values is told of each; of mere remarks the first is told, and to whom it applies as well.
    """
    found: dict[tuple[Usable, str], list[tuple[str, str]]] = {}
    for usable in ("no", "limited", "yes"):
        for result in results:
            if result.verdict.usable != usable:
                continue
            for reason in result.verdict.reasons:
                found.setdefault((result.verdict.usable, reason.code), []).append((result.name, reason.sentence))
    return tuple(_line(number, usable, said) for number, ((usable, _), said) in enumerate(found.items(), start=1))


def marks(lines: tuple[CautionLine, ...]) -> dict[str, str]:
    """The numbers that stand at each value, such as ``1, 3``."""
    found: dict[str, list[str]] = {}
    for line in lines:
        for name in line.names:
            found.setdefault(name, []).append(line.mark)
    return {name: ", ".join(numbers) for name, numbers in found.items()}


def trust(result: MetaboliteResult, analysis: Analysis) -> str:
    """The verdict on a value in words; empty when it is usable, and where the whole spectrum is not."""
    usable = result.verdict.usable
    return "" if usable == "yes" or analysis.verdict.usable == "no" else text(f"trust.{usable}")


def _line(number: int, usable: Usable, said: list[tuple[str, str]]) -> CautionLine:
    names = tuple(dict.fromkeys(name for name, _ in said))
    sentences = list(dict.fromkeys(sentence for _, sentence in said))
    if usable != "yes" or len(sentences) == 1:
        return CautionLine(str(number), " ".join(sentences), "", names)
    others = ", ".join(names[1:])
    return CautionLine(str(number), sentences[0], text("table.likewise", names=others) if others else "", names)
