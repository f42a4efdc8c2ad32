"""The private sets with a learned background, beside the answers of other programs on the same spectra."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fitting.quantification.concentrations import Ratio
from fitting.run import Job
from service.cli.manifest import ManifestRow, read_manifest
from tests.measure.benchmarks.known_sets import MANIFESTS, KnownSet, private_sets
from tests.measure.benchmarks.text import number, signed, table
from tests.measure.prepared import FIVE, Cell, Prepared, Ratios, cells, g5, prepared, taught

OWN, SIMULATED = tuple(MANIFESTS)
CASES = (
    ("easy", "clinical", OWN),
    ("clinical", "clinical", OWN),
    ("te30", "clinical", OWN),
    ("easy_b", "clinical_b", OWN),
    ("clinical_b", "easy_b", OWN),
    ("clinical_b", "clinical_b", OWN),
    ("hard", "clinical", OWN),
    ("easy", "clinical", SIMULATED),
    ("clinical", "clinical", SIMULATED),
)
"""Set, the set that teaches, basis."""
SCANNERS = ("scanner_a", "scanner_b", "scanner_c")
TEACHERS = 8


def shared_tables(folder: Path, cache: Path) -> str:
    """Markdown of all tables."""
    sets = {known.name: known for known in private_sets(folder)}
    lines = ["## Private sets", "", *_sets(sets, cache), "", *_hard(sets, cache), "", *_scanners(folder, cache), ""]
    return "\n".join(lines)


def _prepared(known: KnownSet, basis: str, cache: Path) -> list[Prepared]:
    truths = {name: {key: value.ratio for key, value in truth.items()} for name, truth in known.truths.items()}
    return prepared(known.jobs[basis], truths, cache)


def _best(known: KnownSet, spectra: Sequence[Prepared]) -> tuple[str, float]:
    """The other program with the least g5 on these spectra."""
    found = []
    for program, (answers, _) in known.others.items():
        given: list[Ratios] = [
            {name: Ratio(one.ratio, one.ratio_sd) for name, one in answers.get(item.name, {}).items() if name in FIVE}
            for item in spectra
        ]
        if all(any(name in one for one in given) for name in FIVE):
            found.append((program, g5(cells(spectra, given))))
    return min(found, key=lambda pair: pair[1], default=("–", float("nan")))


def _sets(sets: Mapping[str, KnownSet], cache: Path) -> list[str]:
    kept: dict[tuple[str, str], list[Prepared]] = {}

    def of(name: str, basis: str) -> list[Prepared]:
        if (name, basis) not in kept:
            kept[name, basis] = _prepared(sets[name], basis, cache)
        return kept[name, basis]

    rows = []
    for name, teacher, basis in CASES:
        spectra, learned = of(name, basis), taught(of(teacher, basis))
        if learned is None:
            continue
        answers = [
            item.with_background(learned.without(item.name) if name == teacher else learned.background)[0]
            for item in spectra
        ]
        before, after = cells(spectra, [item.plain for item in spectra]), cells(spectra, answers)
        program, best = _best(sets[name], spectra)
        rows.append(
            (
                name,
                f"{teacher} ({learned.background.spectra})",
                basis,
                number(g5(before), 1),
                number(g5(after), 1),
                f"{program} {number(best, 1)}",
                number(g5(after) / best, 2),
                _shares(after),
                " ".join(f"{key} {signed(cell.bias)}" for key, cell in after.items()),
            )
        )
    head = (
        "set",
        "learned from",
        "basis",
        "published g5",
        "learned g5",
        "best other program",
        "ratio",
        "95 %",
        "bias %",
    )
    return table(head, rows)


def _shares(found: Mapping[str, Cell]) -> str:
    shares = [cell.within for cell in found.values()]
    return f"{sum(shares) / len(shares):.0f}, worst {min(shares):.0f}"


def _hard(sets: Mapping[str, KnownSet], cache: Path) -> list[str]:
    spectra = _prepared(sets["hard"], OWN, cache)
    learned = taught(_prepared(sets["clinical"], OWN, cache))
    program, best = _best(sets["hard"], spectra)
    lines: list[tuple[str, list[Ratios]]] = [
        ("none", [item.plain for item in spectra]),
        ("adult-brain", [item.with_prior() for item in spectra]),
    ]
    if learned is not None:
        lines.append(("none, learned background", [item.with_background(learned.background)[0] for item in spectra]))
    rows = [
        (
            words,
            number(g5(cells(spectra, answers)), 1),
            f"{program} {number(best, 1)}",
            _shares(cells(spectra, answers)),
        )
        for words, answers in lines
    ]
    return ["Spectra of low quality (`hard`):", "", *table(("concentration prior", "g5", "best other", "95 %"), rows)]


def _scanners(folder: Path, cache: Path) -> list[str]:
    rows = []
    for name in SCANNERS:
        here = folder / "truth" / name
        if not here.is_dir():
            continue
        spectra = _study(here, folder / "truth" / "relaxation_truth.csv", cache)
        teachers = [item for item in spectra if item.name.startswith("ctl")][:TEACHERS]
        learned = taught(teachers)
        if learned is None:
            continue
        rest = [item for item in spectra if item not in teachers]
        found = [
            cells(rest, answers)
            for answers in (
                [item.plain for item in rest],
                [item.with_background(learned.background)[0] for item in rest],
            )
        ]
        rows += [
            (
                name,
                key,
                *(f"{signed(part[key].bias)}" for part in found),
                *(number(part[key].within_scan, 0) for part in found),
                *(number(part[key].within, 0) for part in found),
            )
            for key in FIVE
        ]
    head = ("scanner", "ratio", "bias %", "with 8 controls", "scan 95 %", "with 8", "95 %", "with 8")
    said = f"One scanner and study each, macromolecules learned from its first {TEACHERS} controls, scored on the rest:"
    return [said, "", *table(head, rows)] if rows else []


def _study(here: Path, relaxation: Path, cache: Path) -> list[Prepared]:
    with (here / "truth.csv").open(newline="", encoding="utf-8") as text:
        truths = {row["id"]: {name: float(row[f"true_{name}"]) for name in FIVE} for row in csv.DictReader(text)}
    jobs: dict[str, Job] = {}
    for entry in read_manifest(here / "manifest.csv").entries:
        if isinstance(entry, ManifestRow):
            jobs[entry.id] = Job.read(entry.document, {**entry.paths, "relaxation": relaxation})
    found = []
    for name, job in jobs.items():  # one at a time: none of a study is atypical
        found += prepared({name: replace(job, site_norms=())}, truths, cache)
    return found
