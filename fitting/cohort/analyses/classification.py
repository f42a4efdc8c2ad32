"""Can groups be told apart in people the model has not seen; never a prediction for one person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import special

from fitting.cohort.analyses.classifier import Evaluation, bootstrap_auc, evaluate, permutation_p, selected_before
from fitting.cohort.analyses.features import ClassificationSettings, Features, confounds_of, features_of
from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import covariate_columns
from fitting.cohort.findings import Caution, CohortAnalysis, Family, Findings, Item, refused, with_q
from fitting.cohort.phrases import number, probability
from fitting.cohort.planning.plan import PlanSection
from fitting.reason import Reason
from fitting.statistics.multiplicity import FALSE_DISCOVERY_RATE
from fitting.statistics.roc import calibration_curve, roc_band, roc_curve
from fitting.units import FloatArray

FEWEST = 20
"""People in each group."""
NEAR = 0.05
"""An AUC of quality and demography this near to that of the spectra explains it."""


def run(cohort: Cohort, settings: Sequence[ClassificationSettings]) -> Findings:
    """Every question, each other group against the reference."""
    items: list[Item] = []
    cautions: list[Caution] = []
    for asked in settings:
        for other in cohort.others:
            item = _answered(cohort, asked, other)
            items.append(item)
            cautions += _cautions(item)
    tests = [{"p": item["p_permutation"], "item": item} for item in items if "p_permutation" in item]
    with_q(tests)
    for test in tests:
        test["item"]["q"] = test["q"]
    return Findings(tuple(items), tuple(cautions), (Family("classification", tuple(tests)),))


def _answered(cohort: Cohort, asked: ClassificationSettings, other: str) -> Item:
    base: Item = {"name": asked.name, "model": asked.model, "features": asked.features}
    if asked.region is not None:
        base |= {"region": asked.region, "hemisphere": asked.hemisphere}
    if len(cohort.others) > 1:
        base["group"] = other
    features = features_of(cohort, asked, other)
    if isinstance(features, Reason):
        return refused(base, features)
    labels = features.sample.in_group(other)
    base |= {
        "n_reference": int(np.sum(~labels)),
        "n_other": int(np.sum(labels)),
        "n_features": int(features.matrix.shape[1]),
    }
    if min(base["n_reference"], base["n_other"]) < FEWEST:
        smallest = min(base["n_reference"], base["n_other"])
        return refused(
            base, Reason("too-few-people", f"The smaller group has {smallest} people; at least {FEWEST} are needed.")
        )
    nuisance = _nuisance(cohort, features)
    if isinstance(nuisance, Reason):
        return refused(base, nuisance)
    return {**base, **_evaluated(cohort, asked, features, nuisance, other)}


def _nuisance(cohort: Cohort, features: Features) -> FloatArray | Reason:
    """Covariates of the plan, taken out of the features inside each training part."""
    kept = cohort.with_covariates(features.sample, cohort.covariates)
    if kept.n < features.sample.n:
        lacking = features.sample.n - kept.n
        return Reason(
            "missing-column", f"{lacking} people lack a covariate of the plan; a classifier needs all of them."
        )
    columns = covariate_columns(kept, cohort.covariates)
    return columns if isinstance(columns, Reason) else columns.matrix


def _evaluated(
    cohort: Cohort, asked: ClassificationSettings, features: Features, nuisance: FloatArray, other: str
) -> Item:
    name = f"classification {asked.name}" if other == cohort.others[0] else f"classification {asked.name} {other}"
    labels = features.sample.in_group(other)
    found = evaluate(features.matrix, nuisance, labels, cohort.generator(name))
    low, high = bootstrap_auc(found.scores, labels, cohort.generator(f"{name} bootstrap"))
    sites = [str(person.facts.get("site", "")) for person in features.sample.people]
    p = permutation_p(
        features.matrix,
        nuisance,
        labels,
        sites,
        observed=found.auc,
        permutations=cohort.plan.common.permutations,
        generator=cohort.generator(f"{name} permutation"),
    )
    item: Item = {
        "auc": found.auc,
        "auc_low": low,
        "auc_high": high,
        **_accuracy(found),
        "p_permutation": p,
        "resubstitution_auc": found.resubstitution,
        "calibration_slope": found.calibration_slope,
        "brier": found.brier,
        "roc": roc_curve(found.scores, labels),
        "roc_band": roc_band(found.scores, labels, cohort.generator(f"{name} band")),
        "roc_resubstitution": roc_curve(found.own_scores, labels),
        "calibration": calibration_curve(special.expit(found.scores), labels),
    }
    if np.all(np.isfinite(features.ppm)):
        item["weights"] = [list(map(float, pair)) for pair in zip(features.ppm, found.weights, strict=True)]
    item |= _confounded(cohort, asked, features, name, other)
    if asked.show_unblinded_selection:
        item["unblinded_selection"] = selected_before(features.matrix, labels, cohort.generator(f"{name} selection"))
    return item


def _accuracy(found: Evaluation) -> Item:
    return {
        "balanced_accuracy": found.balanced_accuracy,
        "balanced_accuracy_low": found.balanced_low,
        "balanced_accuracy_high": found.balanced_high,
        "sensitivity": found.sensitivity,
        "specificity": found.specificity,
    }


def _confounded(cohort: Cohort, asked: ClassificationSettings, features: Features, name: str, other: str) -> Item:
    """The same model on quality and demography alone."""
    sample, matrix, used, missing = confounds_of(cohort, features, asked.confounds)
    item: Item = {"confounds": list(used), "confounds_missing": list(missing)}
    members = sample.in_group(other) if sample.n else np.zeros(0, dtype=bool)
    if not used or min(int(np.sum(members)), int(np.sum(~members))) < FEWEST:
        return item
    generator = cohort.generator(f"{name} confounds")
    found = evaluate(matrix, np.empty((sample.n, 0)), members, generator)
    low, high = bootstrap_auc(found.scores, members, generator)
    return {
        **item,
        "auc_confounds": found.auc,
        "auc_confounds_low": low,
        "auc_confounds_high": high,
        "roc_confounds": roc_curve(found.scores, members),
    }


def _is_explained(item: Item) -> bool:
    """Whether quality or demography may be what is told apart."""
    if "auc_confounds" not in item:
        return False
    near = item["auc_confounds"] >= item["auc"] - NEAR and item["auc_low"] > 0.5
    return bool(near or item["auc_confounds_low"] > 0.5)


def _cautions(item: Item) -> Iterator[Caution]:
    if _is_explained(item):
        yield Caution(
            "quality-explains",
            f"{item['name']}: {', '.join(item['confounds'])} alone reach an AUC of {item['auc_confounds']:.2f} "
            f"(the features {item['auc']:.2f}); quality or demography may be what is told apart.",
            item["name"],
        )


def statement(item: Item, context: Item) -> str | None:
    """What may be said of one classification; None where it was refused."""
    if "auc" not in item:
        return None
    interval = f"{number(item['auc_low'])} to {number(item['auc_high'])}, p = {probability(item['p_permutation'])}"
    verb = "tell" if item["q"] < FALSE_DISCOVERY_RATE else "are not shown to tell"
    other = item.get("group") or context["other"]
    text = (
        f"{item['name']}: {item['features']} features {verb} {other} from {context['reference']} in people "
        "the model has not "
        f"seen (AUC {number(item['auc'])}, {interval})."
    )
    if "auc_confounds" in item:
        text += f" {', '.join(item['confounds'])} alone reach {number(item['auc_confounds'])}."
    if _is_explained(item):
        text += " Quality or demography may be what is told apart."
    return f"{text} This is no prediction for one person."


CLASSIFICATION = CohortAnalysis(
    PlanSection("classification", ClassificationSettings, repeated=True),
    answer="classification",
    title="Classification",
    method="Groups were told apart by a shrunken linear discriminant in ten repeats of stratified five-fold "
    "cross-validation; everything that learns was fitted in the training part.",
    run=run,
    statement=statement,
    estimate=("auc", "auc_low", "auc_high", "balanced_accuracy", "", ""),
    p="p_permutation",
)
