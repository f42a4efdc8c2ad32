"""``python -m tests.measure.accuracy --families 8``: what learned macromolecules gain, and what they must not do.

Own simulated scanners, each with macromolecules that no fit knows; and, where a folder of private sets is named, those
with the answers of other programs. Prints the page and, with ``--page``, writes it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import numpy as np

from tests.measure.accuracy_home import home_table
from tests.measure.accuracy_shared import shared_tables
from tests.measure.benchmarks.simulated import QUALITIES, drawn
from tests.measure.benchmarks.text import number, signed, table
from tests.measure.families import GOOD, POOR, SEED, TYPICAL, of_person, scanner
from tests.measure.families import table as family_table
from tests.measure.floors import floor
from tests.measure.prepared import FIVE, Cell, Prepared, Ratios, Taught, cells, g5, prepared, taught

TEMPLATE = Path(__file__).parent / "accuracy_page.md"
FLOORS = 6
"""Spectra of a set whose floors are computed."""
CURVE = (3, 5, 10, 20)
IMPROBABLE = (0.02, 0.05)


@dataclass(frozen=True, slots=True)
class Scanner:
    """The prepared spectra of one family, and what its typical people taught."""

    family: int
    good: list[Prepared]
    typical: list[Prepared]
    learned: Taught


def main(arguments: list[str]) -> None:
    """Measure and print; ``--page`` also writes."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.accuracy", description=__doc__)
    parser.add_argument("--families", type=int, default=8, help="simulated scanners, at least two")
    parser.add_argument("--good", type=int, default=12, help="spectra of good quality of each")
    parser.add_argument("--typical", type=int, default=19, help="spectra of typical quality of each, which teach")
    parser.add_argument("--seed", type=int, default=SEED, help="of the families; acceptance uses others")
    parser.add_argument(
        "--shared", type=Path, help="folder of private sets with their truth and other programs' answers"
    )
    parser.add_argument("--page", type=Path, help="file to write")
    chosen = parser.parse_args(arguments)
    began = time.process_time()
    with TemporaryDirectory() as folder:
        scanners = [
            _scanner(family, chosen.good, chosen.typical, chosen.seed, Path(folder))
            for family in range(max(2, chosen.families))
        ]
        poor = _of(scanner(0, POOR, 15, chosen.seed), Path(folder))
        shared = "" if chosen.shared is None else shared_tables(chosen.shared, Path(folder))
        text = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
            command=f"python -m tests.measure.accuracy --families {chosen.families}"
            + (
                f" --good {chosen.good} --typical {chosen.typical}" if (chosen.good, chosen.typical) != (12, 19) else ""
            ),
            families=len(scanners),
            good=chosen.good,
            typical=chosen.typical,
            seed=chosen.seed,
            gain=_lines(_gain(scanners, chosen.seed)),
            low=_low_cells(scanners),
            rounds=_lines(_rounds(scanners)),
            curve=_lines(_curve(scanners)),
            coverage=_lines(_coverage(scanners)),
            foreign=_lines(_foreign(scanners)),
            prior=_lines(_prior(scanners[0], poor)),
            home=_lines(home_table(chosen.seed, Path(folder))),
            shared=shared,
            seconds=f"{time.process_time() - began:.0f}",
        )
    if chosen.page is not None:
        chosen.page.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(lines)


def _of(known: object, cache: Path) -> list[Prepared]:
    truths = {name: {key: value.ratio for key, value in truth.items()} for name, truth in known.truths.items()}  # type: ignore[attr-defined]
    return prepared(known.jobs["simulated basis"], truths, cache)  # type: ignore[attr-defined]


def _scanner(family: int, good: int, typical: int, seed: int, cache: Path) -> Scanner:
    ordinary = [
        _of(scanner(family, quality, count, seed), cache) for quality, count in ((GOOD, good), (TYPICAL, typical))
    ]
    learned = taught(ordinary[1])
    if learned is None:
        raise ValueError(f"no spectrum of family {family} can teach")
    sys.stderr.write(f"family {family + 1}: τ² {learned.background.personal}, {learned.background.spectra} teach\n")
    return Scanner(family, ordinary[0], ordinary[1], learned)


def _plain(spectra: Sequence[Prepared]) -> list[Ratios]:
    return [item.plain for item in spectra]


def _with(spectra: Sequence[Prepared], learned: Taught, *, alone: bool = False) -> list[Ratios]:
    """Answers with a learned background; with ``alone`` each without what it taught itself."""
    return [item.with_background(learned.without(item.name) if alone else learned.background)[0] for item in spectra]


def _gain(scanners: Sequence[Scanner], seed: int) -> list[str]:
    rows = []
    for each in scanners:
        for quality, spectra, alone in ((GOOD, each.good, False), (TYPICAL, each.typical, True)):
            before = cells(spectra, _plain(spectra))
            after = cells(spectra, _with(spectra, each.learned, alone=alone))
            floors = [_floor(each.family, quality, seed, table_known=known) for known in (True, False)]
            rows.append(
                (
                    str(each.family + 1),
                    quality.name,
                    *(number(value, 1) for value in floors),
                    number(g5(before), 1),
                    _held(before),
                    number(g5(after), 1),
                    _held(after),
                    number(g5(after) / g5(before), 2),
                    " ".join(f"{name} {signed(before[name].bias)}→{signed(after[name].bias)}" for name in FIVE),
                )
            )
    head = (
        "family",
        "quality",
        "floor, table known",
        "floor",
        "published g5",
        "95 %",
        "learned g5",
        "95 %",
        "ratio",
        "bias %",
    )
    return table(head, rows)


def _floor(family: int, quality: object, seed: int, *, table_known: bool) -> float:
    """Floor of g5 over the first spectra of a set."""
    each = next(item for item in QUALITIES if item is quality)
    found: dict[str, list[float]] = {name: [] for name in FIVE}
    values: dict[str, list[float]] = {name: [] for name in FIVE}
    for index in range(FLOORS):
        made = drawn(
            each, (seed, family, QUALITIES.index(each), index), lambda rng: of_person(family_table(family, seed), rng)
        )
        contents = made.content
        creatine = contents["Cr"] + contents["PCr"]
        sums = {"tNAA": ("NAA", "NAAG"), "tCho": ("GPC", "PCh")}
        for name, sd in floor(made, each, table_known=table_known).items():
            found[name].append(sd)
            values[name].append(sum(contents[part] for part in sums.get(name, (name,))) / creatine)
    relative = [100 * np.sqrt(np.mean(np.square(found[name]))) / np.median(values[name]) for name in FIVE]
    return float(np.exp(np.mean(np.log(relative))))


def _held(found: dict[str, Cell]) -> str:
    shares = [cell.within for cell in found.values()]
    return f"{np.mean(shares):.0f}, worst {min(shares):.0f}"


def _low_cells(scanners: Sequence[Scanner]) -> str:
    """How many cells of metabolite, family and quality are held in less than 85 and 75 per cent."""
    answer = []
    for words, answers in (("published", None), ("learned", True)):
        held = []
        for each in scanners:
            for spectra, alone in ((each.good, False), (each.typical, True)):
                given = _plain(spectra) if answers is None else _with(spectra, each.learned, alone=alone)
                held += [cell.within for cell in cells(spectra, given).values()]
        low = [sum(share < limit for share in held) for limit in (85, 75)]
        answer.append(f"{words}: {low[0]} of {len(held)} cells hold less than 85 %, {low[1]} less than 75 %")
    return "; ".join(answer)


def _rounds(scanners: Sequence[Scanner]) -> list[str]:
    rows = []
    for rounds in (1, 2):
        errors, worst, bias = [], [], []
        for each in scanners:
            learned = each.learned if rounds == 2 else taught(each.typical, rounds)
            if learned is not None:
                found = cells(each.good, _with(each.good, learned))
                errors.append(g5(found))
                worst.append(min(cell.within for cell in found.values()))
                bias.append(max(abs(cell.bias) for name, cell in found.items() if name != "Gln"))
        rows.append((str(rounds), number(float(np.mean(errors)), 1), number(min(worst), 0), number(max(bias), 1)))
    return table(("rounds", "mean g5, good", "worst 95 %", "largest bias % (Gln apart)"), rows)


def _curve(scanners: Sequence[Scanner]) -> list[str]:
    rows = []
    for count in CURVE:
        errors: list[list[float]] = [[], []]
        held: list[float] = []
        for each in scanners:
            teachers = [item for item in each.typical if item.teaches][:count]
            learned = taught(teachers)
            if learned is None or len(teachers) < count:
                continue
            names = {item.name for item in teachers}
            rest = [item for item in each.typical if item.name not in names]
            for place, spectra in enumerate((each.good, rest)):
                if spectra:
                    found = cells(spectra, _with(spectra, learned))
                    errors[place].append(g5(found) / g5(cells(spectra, _plain(spectra))))
                    held += [cell.within for cell in found.values()]
        if errors[0]:
            means = [number(float(np.exp(np.mean(np.log(part)))), 2) if part else "–" for part in errors]
            rows.append((str(count), *means, number(float(np.mean(held)), 0), str(len(errors[0]))))
    head = ("teachers", "g5 over published, good", "the same, typical (other people)", "95 %", "families")
    return table(head, rows)


def _coverage(scanners: Sequence[Scanner]) -> list[str]:
    rows = []
    for words, answers in (("published", None), ("learned", True)):
        for quality in ("good", "typical"):
            found = []
            for each in scanners:
                spectra = each.good if quality == "good" else each.typical
                given = _plain(spectra) if answers is None else _with(spectra, each.learned, alone=quality == "typical")
                found.append(cells(spectra, given))
            scan = [[one[name].within_scan for one in found] for name in FIVE]
            whole = [[one[name].within for one in found] for name in FIVE]
            rows.append(
                (
                    words,
                    quality,
                    *(f"{np.mean(part):.0f}" for part in scan),
                    f"{np.mean(scan):.0f}",
                    *(f"{np.mean(part):.0f}" for part in whole),
                    f"{np.mean(whole):.0f}, {np.min(whole):.0f}",
                )
            )
    head = ("macromolecules", "quality", *(f"{name} scan" for name in FIVE), "scan", *FIVE, "sd: mean, worst scanner")
    return table(head, rows)


def _foreign(scanners: Sequence[Scanner]) -> list[str]:
    """Every scanner's spectra with its own background and with that of the next one."""
    groups: dict[str, Callable[[float], bool]] = {
        "15 to 25": lambda snr: 15 <= snr < 25,
        "25 to 40": lambda snr: 25 <= snr < 40,
        "40 and more": lambda snr: snr >= 40,
    }
    kept: dict[tuple[str, str], list[tuple[float, bool, bool]]] = {}
    for place, each in enumerate(scanners):
        other = scanners[(place + 1) % len(scanners)]
        for own, learned in (("own", each.learned), ("foreign", other.learned)):
            for spectra, alone in ((each.good, False), (each.typical, own == "own")):
                answers = [
                    item.with_background(learned.without(item.name) if alone else learned.background)
                    for item in spectra
                ]
                spoils = min(cell.within for cell in cells(spectra, [given for given, _ in answers]).values()) < 85
                for item, (_, probability) in zip(spectra, answers, strict=True):
                    snr = item.run.quality.snr
                    for group, holds in groups.items():
                        if holds(snr) and probability is not None:
                            kept.setdefault((own, group), []).append((probability, spoils, True))
    rows = []
    for (own, group), values in sorted(kept.items()):
        told = [100 * float(np.mean([value < limit for value, *_ in values])) for limit in IMPROBABLE]
        spoilt = [value < IMPROBABLE[0] for value, spoils, _ in values if spoils]
        rows.append(
            (
                own,
                group,
                str(len(values)),
                *(number(share, 0) for share in told),
                "–" if not spoilt else f"{100 * np.mean(spoilt):.0f} of {len(spoilt)}",
            )
        )
    head = (
        "background",
        "S/N",
        "spectra",
        *(f"% below {limit:g}" for limit in IMPROBABLE),
        f"% below {IMPROBABLE[0]:g} where a cell holds less than 85 %",
    )
    return table(head, rows)


def _prior(each: Scanner, poor: Sequence[Prepared]) -> list[str]:
    rows = []
    for quality, spectra in (("typical", each.typical), ("poor", poor)):
        for words, answers in (("none", _plain(spectra)), ("adult-brain", [item.with_prior() for item in spectra])):
            found = cells(spectra, answers)
            rows.append((quality, words, number(g5(found), 1), _held(found)))
    return table(("quality", "concentration prior", "g5", "95 %"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
