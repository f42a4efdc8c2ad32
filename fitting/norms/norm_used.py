"""Description of the norm behind a position, for the answer."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from fitting.norms.assessment import Match, NormMatch, NormUsed, ZScore
from fitting.norms.case import Case
from fitting.norms.control_model import control_model
from fitting.norms.controls import Controls
from fitting.norms.expectation import Expectation
from fitting.norms.laboratory_model import Laboratory
from fitting.norms.matching import method_match
from fitting.norms.norm import Norm

COVARIATE_NAMES = {"age_years": "age", "sex": "sex", "gm": "grey matter fraction"}


def norm_used(norm: Norm, matched: NormMatch) -> NormUsed:
    """The control model without own controls."""
    source = f"control model of {control_model().studies} published studies"
    if not norm.studies:
        source += ", none of this region and metabolite"
    if norm.derived:
        source += "; partly ratios of group means"
    return _published(norm, matched, source)


def pooled_used(case: Case, norm: Norm, matched: NormMatch) -> NormUsed:
    """Groups of several laboratories that were given with the value."""
    used = _published(norm, matched, f"{norm.studies} studies given with the value, random-effects mean")
    return replace(used, kind="supplied", region=case.context.subject.region or "")


def laboratory_used(
    case: Case, controls: Controls, laboratory: Laboratory, position: ZScore, *, has_own: bool
) -> NormUsed:
    """The control model updated by the laboratory's own controls."""
    who = "own controls of the site" if controls.origin == "site" else "controls given with the value"
    people = laboratory.people
    n = laboratory.own.n if has_own else len(controls.having(case.metabolite))
    source = f"{who} with the control model of {control_model().studies} published studies"
    if laboratory.elsewhere:
        beside = " and" if has_own else ""
        source = f"{who}{beside} in {', '.join(laboratory.elsewhere)} with the control model"
    if laboratory.own.covariates:
        source += ", adjusted for " + ", ".join(COVARIATE_NAMES[name] for name in laboratory.own.covariates)
    if controls.offset_variance > 0.0:
        source += ", with a measured offset between programs"
    expected = math.exp(float(people.weights @ people.mean))
    between = float(people.weights @ (people.variance + (people.mean - people.weights @ people.mean) ** 2))
    return _of_laboratory(
        case,
        controls,
        NormUsed(
            id=position.norm_id,
            kind=controls.origin,
            region=laboratory.cell.region,
            metabolite=case.metabolite,
            unit=case.context.unit,
            grade="own",
            source=source,
            studies=1,
            n=n,
            mean=expected,
            sd_within=expected * float(np.sqrt(people.weights @ people.spread**2)),
            sd_between=expected * math.sqrt(between),
            age_mean=laboratory.own.age_mean,
            covariates=laboratory.own.covariates,
            matched=method_match(controls.method, case.context),
        ),
    )


def controls_used(case: Case, controls: Controls, expected: Expectation) -> NormUsed:
    """Controls of one laboratory by themselves."""
    source = "own controls of the site" if controls.origin == "site" else "controls given with the value"
    if expected.covariates:
        source += ", adjusted for " + ", ".join(COVARIATE_NAMES[name] for name in expected.covariates)
    if controls.offset_variance > 0.0:
        source += ", with a measured offset between programs"
    return _of_laboratory(
        case,
        controls,
        NormUsed(
            id=expected.norm_id,
            kind=controls.origin,
            region=controls.region or case.context.subject.region or "",
            metabolite=case.metabolite,
            unit=case.context.unit,
            grade="own",
            source=source,
            studies=1,
            n=expected.n,
            mean=expected.mean,
            sd_within=expected.sd,
            sd_between=0.0,
            age_mean=expected.age_mean,
            covariates=expected.covariates,
            matched=method_match(controls.method, case.context),
        ),
    )


def _of_laboratory(case: Case, controls: Controls, used: NormUsed) -> NormUsed:
    """The same with the match of the age, and for supplied controls the region as the request named it."""
    age: Match = "unknown" if case.context.subject.age_years is None or used.age_mean is None else "yes"
    region = used.region if controls.region is not None else case.context.subject.region or used.region
    return replace(used, region=region, matched=replace(used.matched, age=age))


def _published(norm: Norm, matched: NormMatch, source: str) -> NormUsed:
    if norm.sd_within is None or norm.sd_between is None:
        raise ValueError(f"norm {norm.id} does not support a z-score")
    return NormUsed(
        id=norm.id,
        kind="literature",
        region=norm.region,
        metabolite=norm.metabolite,
        unit=norm.unit,
        grade=norm.grade,
        source=source,
        studies=norm.studies,
        n=norm.n,
        mean=norm.mean,
        sd_within=norm.sd_within,
        sd_between=norm.sd_between,
        age_mean=norm.age_mean,
        covariates=(),
        matched=matched,
    )
