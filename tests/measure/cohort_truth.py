"""Planted cohorts through `mrsquant cohort`: what was planted is held, and people dealt anew show nothing.

    python -m tests.measure.cohort_truth --shared FOLDER [--deals 100] [--parts A,B] [--presets A,B] [--page PAGE.md]

FOLDER is the private one with ``cohort/preset_cohorts``, ``cohort/examples`` and ``truth/scanner_*``. Each preset runs
on the cohort that was simulated for it. Then the rows of its participants are dealt anew to the spectra, so that no
value has to do with any group, scale or arm; regions of one person keep their differences, so that the main effect of
region is not counted. Last, three simulated scanners are analysed from their spectra, with and
without a calibration of each from its healthy people.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fitting.cohort import preset_text
from fitting.cohort.analyses.factorial import WITHIN
from tests.measure.cohort_nulls import LEVEL, limits

Item = dict[str, Any]
MRSQUANT = str(Path(sys.executable).parent / "mrsquant")
SPECTRA = ("spectra_effect", "spectra_null", "spectra_linewidth")
"""Cohorts of the classification preset: a planted effect, none, and broader lines of patients without one."""
PERMUTATIONS = 200
SCANNERS = {
    "scanner_a": {"tNAA": -10.0, "Glu": -8.0},
    "scanner_b": {"mI": -10.0},
    "scanner_c": {},
}
"""Differences planted in each scanner's patients, per cent."""
PLANTED_R = -0.6
"""Correlation of tNAA and BDI that was planted in patients."""
SCANNER_PLAN = """schema = 1
reference = "control"
other = "patient"
unit = "{unit}"
covariates = ["age_years", "sex"]
[levels]
metabolites = ["tNAA", "tCho", "mI", "Glu", "Gln"]
[associations]
metabolites = ["tNAA"]
measures = ["bdi"]
groups = ["patient"]
methods = ["pearson"]
"""


def command(*words: object) -> str:
    """Output of one command."""
    done = subprocess.run([MRSQUANT, *map(str, words)], check=True, capture_output=True, text=True)
    return done.stdout


def presets(folder: Path) -> Iterator[str]:
    """A row for each preset: intervals that hold what was planted, and what was found."""
    yield "| preset | differences planted | held | of all intervals | found by q | of them planted | further |"
    yield "|---|---|---|---|---|---|---|"
    for cohort in sorted(folder.iterdir()):
        answer = json.loads(
            command(
                *("cohort", "run", cohort / "measurements.csv", "--participants", cohort / "participants.tsv"),
                *("--preset", cohort.name, "--format", "json"),
            )
        )
        planted = json.loads((cohort / "planted.json").read_text())["planted"]
        truth = {_place(item): item["percent"] for item in planted["levels"]}
        models = {item.get("model") for item in answer["levels"]}
        primary = "adjusted" if "adjusted" in models else "unadjusted"
        items = [item for item in answer["levels"] if item.get("model") == primary and "percent" in item]
        held = [item for item in items if _holds(item, truth.get(_place(item), 0.0))]
        found = [item for item in items if item["q"] < LEVEL]
        yield (
            f"| `{cohort.name}` | {len(truth)} | {sum(_place(i) in truth for i in held)} | {len(held)} of {len(items)} "
            f"| {len(found)} | {sum(_place(item) in truth for item in found)} | {_further(answer, planted)} |"
        )


def _place(item: Item) -> tuple[str, ...]:
    return item["region"], item["hemisphere"], item["metabolite"]


def _holds(item: Item, percent: float) -> bool:
    return bool(item["percent_low"] <= percent <= item["percent_high"])


def _further(answer: Item, planted: Item) -> str:
    """Associations, interactions, networks and reversal that were planted."""
    said = []
    if (asked := planted.get("association")) is not None:
        for item in answer["associations"]:
            same = _place(item) == _place(asked) and item["measure"] == asked["measure"]
            if same and item["group"] == "patient" and item["method"] == "pearson" and item.get("given") == []:
                said.append(
                    f"{asked['metabolite']} and {asked['measure']}: r = {item['r']:.2f} "
                    f"({item['low']:.2f} to {item['high']:.2f}), planted below 0"
                )
    if "factorial" in planted:
        effect = answer["factorial"][0]["group x anxiety_level x region"]
        said.append(f"group × level × region: p = {effect['p']:.3f}, planted")
    if "network" in planted:
        network = next(item for item in answer["networks"] if item["name"] == "S1 right")
        said.append(f"{network['name']}: p = {network['p_strength']:.3f}, planted")
    if (change := planted.get("treatment")) is not None:
        item = next(
            i for i in answer["treatment"] if (i["region"], i["metabolite"]) == (change["region"], change["metabolite"])
        )["reversed"]
        said.append(
            f"reversed {100 * item['fraction']:.0f} % ({100 * item['low']:.0f} to {100 * item['high']:.0f} %), "
            f"planted {change['reversed_percent']} %"
        )
    return "; ".join(said)


def classified(folder: Path) -> Iterator[str]:
    """A row for each cohort of spectra under the classification preset."""
    yield "| cohort of spectra | AUC of the ACC | p | linewidth, SNR, age, sex alone | caution |"
    yield "|---|---|---|---|---|"
    for name in SPECTRA:
        people, spectra = folder / name / "participants.tsv", folder / name / "spectra.csv"
        words = ("cohort", "run", "--participants", people, "--spectra", spectra, "--preset", "siddall-2006")
        answer = json.loads(command(*words, "--format", "json"))
        item = answer["classification"][0]
        cautions = {caution["code"] for caution in answer["cautions"]}
        yield (
            f"| `{name}` | {item['auc']:.2f} ({item['auc_low']:.2f} to {item['auc_high']:.2f}) | "
            f"{item['p_permutation']:.3f} | {item['auc_confounds']:.2f} | "
            f"{'quality-explains' if 'quality-explains' in cautions else '–'} |"
        )


def dealt(cohorts: Sequence[Path], deals: int) -> Iterator[str]:
    """A row for each preset whose people are dealt anew: tests below 5 %, and deals with any q below 5 %."""
    yield "| preset | tests a deal | p < 0.05 | any q < 0.05 in the family of | of deals | 99.9 % limits | |"
    yield "|---|---|---|---|---|---|---|"
    for cohort in cohorts:
        answers = _answers(cohort, deals)
        for name in (family["name"] for family in answers[0]["multiplicity"]["families"]):
            rows = [counted(answer, name) for answer in answers]
            shares = [row["found_p"] / row["tests"] for row in rows if row["tests"]]
            mean = sum(shares) / len(shares)
            spread = math.sqrt(sum((share - mean) ** 2 for share in shares) / (len(shares) - 1) / len(shares))
            found = sum(row["found_q"] > 0 for row in rows) / len(rows)
            _, high = limits(len(rows), LEVEL)
            is_outside = found > high or mean - 3.3 * spread > LEVEL
            yield (
                f"| `{cohort.name}` | {rows[0]['tests']} | {100 * mean:.1f} ± {100 * spread:.1f} % | "
                f"{name.replace('_', ' ')} | {100 * found:.1f} % ({len(rows)}) | at most {100 * high:.1f} % | "
                f"{'outside' if is_outside else ''} |"
            )


def counted(answer: Item, name: str) -> Item:
    """Tests of a family that dealing people anew makes null, and how many of them were found.

    The main effect of region compares values within people. It stays what it is whoever the people are said to be, and
    is left out; the q of the others is that of the answer, whose family holds it.
    """
    if name != "factorial":
        return dict(next(family for family in answer["multiplicity"]["families"] if family["name"] == name))
    effects = [
        effect
        for item in answer["factorial"]
        for factors, effect in item.items()
        if factors != WITHIN and isinstance(effect, dict) and "F" in effect
    ]
    return {
        "tests": len(effects),
        "found_p": sum(effect["p"] < LEVEL for effect in effects),
        "found_q": sum(effect["q"] < LEVEL for effect in effects),
    }


def _answers(cohort: Path, deals: int) -> list[Item]:
    """Answers to the preset with the rows of participants dealt anew to the spectra."""
    text = preset_text(cohort.name)
    lines = [line for line in text.splitlines() if not line.startswith("permutations")]
    first = next(index for index, line in enumerate(lines) if line.startswith("schema"))
    lines.insert(first + 1, f"permutations = {PERMUTATIONS}")
    head, *rows = (cohort / "participants.tsv").read_text().splitlines()
    people = [row.partition("\t") for row in rows]
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plan.toml").write_text("\n".join(lines) + "\n")
        manifest = ["id,measurements,participants,plan"]
        for deal in range(deals):
            order = rng.sample(range(len(people)), len(people))
            mixed = [f"{person}\t{people[other][2]}" for (person, _, _), other in zip(people, order, strict=True)]
            (folder / f"{deal}.tsv").write_text("\n".join([head, *mixed]) + "\n")
            manifest.append(f"{deal},{(cohort / 'measurements.csv').resolve()},{deal}.tsv,plan.toml")
        (folder / "manifest.csv").write_text("\n".join(manifest) + "\n")
        command("cohort", "batch", folder / "manifest.csv", "-o", folder / "out.jsonl", "--workers", 1)
        return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


def scanners(folder: Path) -> Iterator[str]:
    """A row for each scanner, unit and way: from spectra by `batch`, plain and with the scanner's calibration."""
    yield "| scanner | calibrated | unit | planted | found | intervals that hold the truth | tNAA and BDI in patients |"
    yield "|---|---|---|---|---|---|---|"
    for name, planted in SCANNERS.items():
        with tempfile.TemporaryDirectory() as temporary:
            for way, results in _batches(folder / name, Path(temporary)):
                for unit in ("mmol/kg", "tCr"):
                    plan = Path(temporary) / "plan.toml"
                    plan.write_text(SCANNER_PLAN.format(unit=unit))
                    words = ("cohort", "run", results, "--participants", folder / name / "participants.tsv")
                    answer = json.loads(command(*words, "--plan", plan, "--format", "json"))
                    yield f"| {name[-1]} | {way} | {unit} | {_scanner_row(answer, planted)} |"


def _batches(scanner: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Results of every spectrum without and with the calibration."""
    manifest = scanner / "manifest.csv"
    command("batch", manifest, "-o", folder / "plain.csv", "--workers", 1)
    yield "no", folder / "plain.csv"
    with manifest.open() as source:
        rows = list(csv.DictReader(source))
    controls = [
        {**row, **{key: str((scanner / row[key]).resolve()) for key in ("metabolite", "water_reference", "basis")}}
        for row in rows
        if row["id"].startswith("ctl")
    ]
    with (folder / "controls.csv").open("w", newline="") as sink:
        writer = csv.DictWriter(sink, list(rows[0]))
        writer.writeheader()
        writer.writerows(controls)
    name = scanner.name.replace("_", "-")
    command("calibrate", folder / "controls.csv", "-o", folder / "SITE.json", "--name", name, "--workers", 1)
    command("batch", manifest, "-o", folder / "site.csv", "--site", folder / "SITE.json", "--workers", 1)
    yield "yes", folder / "site.csv"


def _scanner_row(answer: Item, planted: dict[str, float]) -> str:
    items = [item for item in answer["levels"] if item["model"] == "adjusted" and "refused" not in item]
    held = [item["metabolite"] for item in items if _holds_truth(item, planted.get(item["metabolite"], 0.0))]
    found = [f"{item['metabolite']} {_amount(item)}" for item in items if item["q"] < LEVEL]
    scale = next((i for i in answer["associations"] if i["given"] == [] and "r" in i), None)
    r = "–" if scale is None else f"r = {scale['r']:.2f} ({scale['low']:.2f} to {scale['high']:.2f})"
    missed = [item["metabolite"] for item in items if item["metabolite"] not in held]
    words = ", ".join(f"{metabolite} {value:.0f} %" for metabolite, value in planted.items()) or "nothing"
    rest = f" (not {', '.join(missed)})" if missed else ""
    return f"{words} | {', '.join(found) or 'nothing'} | {len(held)} of {len(items)}{rest} | {r}"


def _holds_truth(item: Item, percent: float) -> bool:
    if "percent" in item:
        return _holds(item, percent)
    return bool(item["censored"]["low"] <= 0.0 <= item["censored"]["high"])  # none is planted where values are bounds


def _amount(item: Item) -> str:
    if "percent" in item:
        return f"{item['percent']:.0f} % ({item['percent_low']:.0f} to {item['percent_high']:.0f} %)"
    return f"(Tobit, p = {item['p']:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--deals", type=int, default=100)
    parser.add_argument("--parts", default="presets,spectra,deals,scanners")
    parser.add_argument("--presets", help="only these in the part of deals")
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    cohorts, examples = given.shared / "cohort" / "preset_cohorts", given.shared / "cohort" / "examples"
    names = given.presets.split(",") if given.presets else sorted(cohort.name for cohort in cohorts.iterdir())
    every: dict[str, tuple[str, Iterator[str]]] = {
        "presets": ("Presets on their cohorts", presets(cohorts)),
        "spectra": ("The classification preset", classified(examples)),
        "deals": ("People dealt anew", dealt([cohorts / name for name in names], given.deals)),
        "scanners": ("Three scanners from their spectra", scanners(given.shared / "truth")),
    }
    parts = [every[name] for name in given.parts.split(",")]
    lines: list[str] = []
    for title, rows in parts:
        lines += [*_shown(("", f"## {title}", "")), *_shown(rows)]
    if given.page is not None:
        given.page.write_text("\n".join(lines) + "\n")


def _shown(rows: Sequence[str] | Iterator[str]) -> Iterator[str]:
    for row in rows:
        print(row, flush=True)  # noqa: T201 - the output of a measuring program
        yield row


if __name__ == "__main__":
    main()
