"""Before and after treatment: change in each arm, between arms, against controls, and how much of the gap it closes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import Columns, covariate_columns
from fitting.cohort.findings import Caution, CohortAnalysis, Family, Findings, Item, refused, with_q
from fitting.cohort.group_difference import short_fields, welch
from fitting.cohort.phrases import number, percent, place_words, probability
from fitting.cohort.planning.plan import PlanSection
from fitting.cohort.sample import Sample, aligned
from fitting.cohort.tables.table import Place
from fitting.reason import Reason
from fitting.statistics.correlation import correlate
from fitting.statistics.distributions import t_limit, two_sided_p
from fitting.statistics.fieller import fieller
from fitting.statistics.least_squares import Design
from fitting.units import BoolArray, FloatArray

FEWEST = 6
"""People with both sessions in an arm."""
FEWEST_FOR_CORRELATION = 8
CONTROL = "control"
"""Key of the reference group among the changes."""


@dataclass(frozen=True, slots=True)
class TreatmentSettings:
    """``[treatment]``: two sessions of each person, in arms."""

    before: str
    after: str
    arm: str = "arm"
    """Column of the participants."""
    treated: str = "treatment"
    untreated: str | None = None
    measure_before: str | None = None
    measure_after: str | None = None
    responder_percent: float | None = None
    """People whose measure falls by this much or more are responders."""
    metabolites: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    hemispheres: tuple[str, ...] | None = None


@dataclass(frozen=True)
class _Change:
    """Both sessions of the people who have them."""

    before: Sample
    after: Sample
    arms: tuple[str | None, ...]
    """Arm of each patient, None of the reference group."""

    @property
    def change(self) -> FloatArray:
        return self.after.value - self.before.value

    def in_arm(self, arm: str | None, cohort: Cohort) -> BoolArray:
        reference = self.before.in_group(cohort.reference or "")
        return reference if arm is None else ~reference & np.array([item == arm for item in self.arms], dtype=bool)


def run(cohort: Cohort, settings: Sequence[TreatmentSettings]) -> Findings:
    """Every metabolite in every place."""
    asked = settings[0]
    items: list[Item] = []
    for place in cohort.places(asked.regions, asked.hemispheres):
        for metabolite in cohort.metabolites(place, asked.metabolites):
            items.append(_answered(cohort, asked, place, metabolite))
    tests = [item["ancova"] for item in items if "p" in item.get("ancova", {})]
    with_q(tests)
    return Findings(tuple(items), tuple(_cautions(asked, items)), (Family("treatment", tuple(tests)),))


def _answered(cohort: Cohort, asked: TreatmentSettings, place: Place, metabolite: str) -> Item:
    base: Item = {**place.item(), "metabolite": metabolite}
    if asked.arm not in cohort.table.person_columns:
        return refused(base, Reason("missing-column", f"The participants have no column {asked.arm}."))
    pair = [cohort.sample(place, metabolite, session=session) for session in (asked.before, asked.after)]
    samples = [item for item in pair if isinstance(item, Sample)]
    if len(samples) < 2:
        return refused(base, next(item for item in pair if isinstance(item, Reason)))
    before, after = aligned(samples)
    if not (np.all(before.detected) and np.all(after.detected)):
        return refused(
            base, Reason("not-detected", f"{before.words} is below its bound in some; a change of bounds says nothing.")
        )
    arms = tuple(_arm(person.facts.get(asked.arm)) for person in before.people)
    both = _Change(before, after, arms)
    count = int(np.sum(both.in_arm(asked.treated, cohort)))
    if count < FEWEST:
        return refused(
            base,
            Reason(
                "too-few-people",
                f"{count} people of the arm {asked.treated} have both sessions; at least {FEWEST} are needed.",
            ),
        )
    return {**base, "unit": before.unit, **_fields(cohort, asked, both)}


def _arm(fact: object) -> str | None:
    return None if fact is None else str(fact)


def _fields(cohort: Cohort, asked: TreatmentSettings, both: _Change) -> Item:
    changes: Item = {}
    for name, arm in ((asked.treated, asked.treated), (asked.untreated, asked.untreated), (CONTROL, None)):
        if name is not None:
            changes[name] = _within(both.change[both.in_arm(arm, cohort)])
    return {
        "change": {name: change for name, change in changes.items() if change is not None},
        "ancova": _ancova(cohort, asked, both),
        "against_controls": _against_controls(cohort, asked, both),
        "reversed": _reversed(cohort, asked, both),
        "change_with_measure": _with_measure(cohort, asked, both),
        "responders": _responders(cohort, asked, both),
    }


def _within(values: FloatArray) -> Item | None:
    """Mean change with its t interval; None below two people."""
    if values.size < 2:
        return None
    mean, se, df = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(values.size), values.size - 1.0
    reach = t_limit(df) * se
    p = two_sided_p(mean / se, df) if se > 0.0 else None
    return {"n": int(values.size), "mean": mean, "low": mean - reach, "high": mean + reach, "p": p}


def _ancova(cohort: Cohort, asked: TreatmentSettings, both: _Change) -> Item:
    """Primary answer: post ~ arm + centred pre (+ covariates)."""
    if asked.untreated is None:
        return refused(
            {}, Reason("no-untreated-arm", "The plan names no untreated arm, so treatment cannot be told from time.")
        )
    treated, untreated = (both.in_arm(arm, cohort) for arm in (asked.treated, asked.untreated))
    members = treated | untreated
    kept = cohort.with_covariates(both.before.only(members), cohort.covariates)
    chosen = np.array([person in set(kept.ids) for person in both.before.ids], dtype=bool)
    count = min(int(np.sum(chosen & treated)), int(np.sum(chosen & untreated)))
    if count < FEWEST:
        return refused(
            {}, Reason("too-few-people", f"The smaller arm has {count} people; at least {FEWEST} are needed.")
        )
    columns = covariate_columns(kept, cohort.covariates)
    if isinstance(columns, Reason):
        return refused({}, columns)
    design = _design(both.before.value[chosen], treated[chosen], columns)
    return refused({}, design) if isinstance(design, Reason) else short_fields(design, both.after.value[chosen])


def _design(before: FloatArray, treated: BoolArray, columns: Columns) -> Design | Reason:
    matrix = np.column_stack([np.ones(before.size), treated, before - before.mean(), columns.matrix])
    if matrix.shape[0] - matrix.shape[1] < 8 or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return Reason(
            "too-many-covariates", f"{before.size} people do not carry {matrix.shape[1]} columns; use fewer covariates."
        )
    return Design(matrix)


def _against_controls(cohort: Cohort, asked: TreatmentSettings, both: _Change) -> Item:
    """Change of the treated less that of the reference group: removes drift of scanner and season."""
    treated, controls = (both.change[both.in_arm(arm, cohort)] for arm in (asked.treated, None))
    if controls.size < FEWEST:
        return refused({}, _no_controls(controls.size))
    difference, se, df, p = welch(controls, treated)
    reach = t_limit(df) * se
    return {"difference": difference, "se": se, "df": df, "low": difference - reach, "high": difference + reach, "p": p}


def _no_controls(count: int) -> Reason:
    return Reason(
        "no-rescanned-controls",
        f"{count} people of the reference group have both sessions (at least {FEWEST} are needed), so drift "
        "of scanner and "
        "season is not removed.",
    )


def _reversed(cohort: Cohort, asked: TreatmentSettings, both: _Change) -> Item:
    """Share of the gap to controls before treatment that treatment closes, with Fieller's interval."""
    treated, controls = both.in_arm(asked.treated, cohort), both.in_arm(None, cohort)
    n_t, n_c = int(np.sum(treated)), int(np.sum(controls))
    if n_c < FEWEST:
        return refused({}, _no_controls(n_c))
    change, before = both.change, both.before.value
    moments = [np.cov(change[members], before[members]) / count for members, count in ((treated, n_t), (controls, n_c))]
    numerator = float(change[treated].mean() - change[controls].mean())
    gap = float(before[controls].mean() - before[treated].mean())
    if gap == 0.0:
        return refused({}, Reason("no-variation", "There is no gap to controls before treatment."))
    total = moments[0] + moments[1]
    found = fieller(
        numerator,
        gap,
        variance_n=float(total[0, 0]),
        variance_d=float(total[1, 1]),
        covariance=-float(total[0, 1]),
        df=n_t + n_c - 2,
    )
    return {"fraction": found.value, "low": found.low, "high": found.high, "bounded": found.bounded, "gap": gap}


def _measures(asked: TreatmentSettings, both: _Change) -> tuple[BoolArray, FloatArray, FloatArray]:
    """Who has both scores, and the scores of these."""
    pairs = [
        (person.facts.get(asked.measure_before or ""), person.facts.get(asked.measure_after or ""))
        for person in both.before.people
    ]
    known = np.array([isinstance(first, float) and isinstance(second, float) for first, second in pairs], dtype=bool)
    scores = np.array(
        [pair for pair, is_known in zip(pairs, known, strict=True) if is_known], dtype=np.float64
    ).reshape(-1, 2)
    return known, scores[:, 0], scores[:, 1]


def _with_measure(cohort: Cohort, asked: TreatmentSettings, both: _Change) -> Item | None:
    """Correlation of the change of the value with that of the measure, in all patients."""
    if asked.measure_before is None or asked.measure_after is None:
        return None
    known, first, second = _measures(asked, both)
    patients = ~both.before.in_group(cohort.reference or "")
    chosen = known & patients
    inside = patients[known]
    if int(np.sum(chosen)) < FEWEST_FOR_CORRELATION:
        return refused(
            {}, Reason("too-few-people", f"{int(np.sum(chosen))} patients have both measures and both sessions.")
        )
    change, scores = both.change[chosen], (second - first)[inside]
    if np.ptp(change) == 0.0 or np.ptp(scores) == 0.0:
        return refused({}, Reason("no-variation", "One of both changes is the same for all people."))
    found = correlate(change, scores, np.empty((change.size, 0)), "pearson")
    return {"n": found.n, "r": found.r, "low": found.low, "high": found.high, "p": found.p}


def _responders(cohort: Cohort, asked: TreatmentSettings, both: _Change) -> Item | None:
    """Change of responders and of the others in the treated arm; descriptive, for responding shows after treatment."""
    if asked.responder_percent is None or asked.measure_before is None:
        return None
    known, first, second = _measures(asked, both)
    treated = both.in_arm(asked.treated, cohort)
    better = np.zeros(known.size, dtype=bool)
    better[known] = (first > 0.0) & (first - second >= asked.responder_percent / 100.0 * first)
    rows = {
        "responders": _within(both.change[treated & known & better]),
        "others": _within(both.change[treated & known & ~better]),
    }
    return {name: row for name, row in rows.items() if row is not None}


def _cautions(asked: TreatmentSettings, items: Sequence[Item]) -> Iterator[Caution]:
    if asked.untreated is None and items:
        yield Caution(
            "regression-to-the-mean",
            "People chosen for a low value, or responders chosen by the same session's value, rise without "
            "treatment; the plan "
            "has no untreated arm that would show it.",
        )


def statement(item: Item, _context: Item) -> str | None:
    """What may be said of one item of ``treatment``; None where it was refused."""
    ancova = item.get("ancova", {})
    if "p" not in ancova:
        return None
    value = f"{item['metabolite']} in the {place_words(item)}"
    interval = (
        f"{number(ancova['difference'])}, {number(ancova['low'])} to {number(ancova['high'])} "
        f"{item['unit']}; q = {probability(ancova['q'])}"
    )
    shown = "differs between arms" if ancova["q"] < 0.05 else "is not shown to differ between arms"
    text = f"{value} after treatment, given the value before, {shown} ({interval})."
    share = item.get("reversed", {})
    if share.get("bounded"):
        text += (
            f" Treatment closes {percent(100 * share['fraction'])} % of the gap to controls "
            f"({percent(100 * share['low'])} to {percent(100 * share['high'])} %)."
        )
    elif "bounded" in share:
        text += " The gap to controls before treatment is not clear of zero, so no share of it is given."
    return text


TREATMENT = CohortAnalysis(
    PlanSection("treatment", TreatmentSettings),
    answer="treatment",
    title="Treatment",
    method="Values after treatment were compared between arms given the value before (analysis of covariance with HC2 "
    "standard errors).",
    run=run,
    statement=statement,
)
