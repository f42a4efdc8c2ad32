"""Methods paragraph and reporting table, written from what was really done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from fitting.cohort.analyses.registry import ANALYSES
from fitting.cohort.cohort import Cohort
from fitting.cohort.findings import Item
from fitting.cohort.tables.table import Fact, SpectrumFacts
from fitting.version import __version__

OWN = f"mrsquant {__version__}"
UNKNOWN = "not stated"
FACTS = (
    ("Field strength (T)", "field_t", 1.0),
    ("Manufacturer", "manufacturer", 1.0),
    ("Scanner", "scanner", 1.0),
    ("Sequence", "sequence", 1.0),
    ("Echo time (ms)", "echo_time", 1e3),
    ("Repetition time (ms)", "repetition_time", 1e3),
    ("Quantification program", "software", 1.0),
)
"""Items of the consensus on minimum reporting that tables can tell (Lin et al. 2021, doi:10.1002/nbm.4484)."""


def methods(cohort: Cohort, answers: Mapping[str, Sequence[Item]], people: Sequence[Item], multiplicity: Item) -> Item:
    """Paragraph, software and minimum reporting of a cohort's answer."""
    sentences = [*_people(cohort, people), *_analyses(cohort, answers), *_families(multiplicity), _plan(cohort)]
    software = sorted({str(facts.facts["software"]) for facts in _spectra(cohort) if "software" in facts.facts})
    return {
        "paragraph": " ".join(sentences),
        "software": [*software, OWN],
        "minimum_reporting": [
            *({"item": label, "value": _stated(cohort, name, scale)} for label, name, scale in FACTS),
            *_quality(cohort),
        ],
    }


def _spectra(cohort: Cohort) -> list[SpectrumFacts]:
    return [facts for key, facts in cohort.table.spectra.items() if key.person in cohort.people]


def _people(cohort: Cohort, people: Sequence[Item]) -> Iterator[str]:
    if not people:
        return
    whole = people[-1]
    shares = ", ".join(f"{row['analysed']} {row['group']}" for row in people[:-1])
    yield f"Data of {whole['analysed']} people ({shares}) of {whole['enrolled']} enrolled were analysed with {OWN}."
    reasons = {code: count for code, count in whole["excluded"].items() if count}
    if reasons:
        listed = ", ".join(f"{count} {code.replace('-', ' ')}" for code, count in reasons.items())
        yield f"Left out before groups were compared: {listed}."
    for rule in cohort.plan.exclusions:
        yield f"Excluded by the plan: {rule.column} {rule.comparison} {_limit(rule.limit)} ({rule.reason})."
    if whole["spectra"]["limited"]:
        yield f"{whole['spectra']['limited']} spectra of limited quality were used for spared metabolites only."


def _limit(limit: str | float) -> str:
    return "a pseudonym" if isinstance(limit, str) else f"{limit:g}"


def _analyses(cohort: Cohort, answers: Mapping[str, Sequence[Item]]) -> Iterator[str]:
    names = ", ".join(cohort.covariates)
    filling = {
        "covariates": f" with {names} as covariates" if names else "",
        "given": f", also with {names} held constant" if names else "",
        "permutations": str(cohort.plan.common.permutations),
    }
    for analysis in ANALYSES:
        name = analysis.answer
        items = answers.get(name, ())
        if any("refused" not in item for item in items):
            yield analysis.method.format(**filling)
        if name == "levels" and any("censored" in item for item in items):
            yield "Values below their detection bound entered a normal model censored from below (Tobit)."
        if name == "levels" and any("F" in item.get("omnibus", {}) for item in items):
            yield "All groups were also compared by one F (HC2 Wald statistic with Hotelling's approximation)."
        if name == "levels" and any("difference" in item.get("weighted", {}) for item in items):
            yield "A random-effects model weighted by the error of each value (REML, Knapp–Hartung) stands beside."


def _families(multiplicity: Item) -> Iterator[str]:
    rows = [f"{row['tests']} of {row['name'].replace('_', ' ')}" for row in multiplicity["families"]]
    if rows:
        yield (
            f"Tests formed families within which false discovery rates were controlled (Benjamini–Hochberg): "
            f"{', '.join(rows)}; {multiplicity['expected_by_chance']:.1f} would be found at 5 % by chance."
        )


def _plan(cohort: Cohort) -> str:
    expected = len(cohort.plan.common.hypotheses)
    stated = f"It states {expected} hypotheses (Holm)" if expected else "It states no hypothesis"
    return (
        f"The plan has the SHA-256 {cohort.plan.sha256}. {stated}; everything else is exploratory. It is not "
        "known whether "
        "the plan was fixed before the data were seen."
    )


def _stated(cohort: Cohort, name: str, scale: float) -> str:
    """One value when all agree, else each with its number; never blank."""
    counts: dict[Fact, int] = {}
    for facts in _spectra(cohort):
        value = facts.facts.get(name)
        if value is not None:
            shown = round(value * scale, 6) if isinstance(value, float) else value
            counts[shown] = counts.get(shown, 0) + 1
    missing = len(_spectra(cohort)) - sum(counts.values())
    if not counts:
        return UNKNOWN
    words = [f"{key:g}" if isinstance(key, float) else str(key) for key in counts]
    if len(counts) == 1 and not missing:
        return words[0]
    rows = [f"{word} ({count})" for word, count in sorted(zip(words, counts.values(), strict=True))]
    return ", ".join([*rows, *([f"{UNKNOWN} ({missing})"] if missing else [])])


def _quality(cohort: Cohort) -> Iterator[Item]:
    for label, name in (("Signal-to-noise ratio", "snr"), ("Linewidth (Hz)", "linewidth_hz")):
        rows = []
        for group in cohort.groups:
            members = {person.id for person in cohort.people.values() if person.group == group}
            values = [
                value
                for key, facts in cohort.table.spectra.items()
                if key.person in members and facts.usable != "no" and isinstance(value := facts.facts.get(name), float)
            ]
            if values:
                rows.append(f"{group} {np.mean(values):.1f} ± {np.std(values, ddof=min(1, len(values) - 1)):.1f}")
        yield {"item": f"{label}, mean ± SD", "value": "; ".join(rows) or UNKNOWN}
    unusable = sum(facts.usable == "no" for facts in _spectra(cohort))
    yield {"item": "Spectra left out as not interpretable", "value": f"{unusable} of {len(_spectra(cohort))}"}
    rules = "; ".join(f"{rule.column} {rule.comparison} {_limit(rule.limit)}" for rule in cohort.plan.exclusions)
    yield {"item": "Exclusion criteria of the plan", "value": rules or "none"}
