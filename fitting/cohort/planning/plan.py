"""The plan of a cohort: what is asked, fixed before the answer; a strict TOML file whose SHA-256 is its identity."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, Literal

from fitting.cohort.planning.exclusion import Exclusion, read_exclusion
from fitting.cohort.planning.strict import parsed
from fitting.errors import UnusablePlan

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A difference that was expected before the data were seen."""

    region: str
    metabolite: str
    direction: Literal["lower", "higher"] | None = None
    """Of the other group against the reference; it decides the verdict, not p, which stays two-sided."""
    hemisphere: str | None = None
    """None covers every side."""


@dataclass(frozen=True, slots=True)
class Split:
    """People divided into ``low`` and ``high`` by a measure; at the dividing value they are high."""

    measure: str
    at: Literal["median"] | float = "median"
    within: Literal["group", "all"] = "group"


@dataclass(frozen=True, slots=True)
class Common:
    """What holds for every analysis of a plan."""

    schema: int
    title: str = ""
    reference: str | None = None
    """Group that others are compared with."""
    other: str | None = None
    others: tuple[str, ...] = ()
    """Several groups, each against the reference, in place of ``other``."""
    unit: str | None = None
    """``tCr`` makes ratios where the table has concentrations."""
    covariates: tuple[str, ...] = ()
    covariates_if_present: bool | tuple[str, ...] = False
    """Covariates that are left out where no table has them: those named, or with ``true`` all of ``covariates``."""
    seed: int = 1
    permutations: int = 4999
    alpha: float = 0.05
    hypotheses: tuple[Hypothesis, ...] = ()
    exclude: tuple[str, ...] = ()
    """Rules such as ``"snr < 10  # too noisy"``: by person or by quality that does not depend on the values, each with
    its reason after #."""
    split: Mapping[str, Split] = field(default_factory=dict)

    @property
    def compared(self) -> tuple[str, ...]:
        """Groups that the plan compares with the reference; empty when it names none."""
        return self.others or ((self.other,) if self.other else ())


@dataclass(frozen=True, slots=True)
class PlanSection:
    """A section of a plan: one table, or with ``repeated`` a list of tables."""

    key: str
    settings: type[Any]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as read, with the text it was read from."""

    common: Common
    sections: Mapping[str, tuple[Any, ...]]
    """Settings of each analysis that is asked for, by the key of its section."""
    exclusions: tuple[Exclusion, ...]
    text: str
    preset: str | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 of the text in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def session(self) -> str | None:
        """Session that every analysis but ``treatment`` uses; None when the plan names none."""
        levels = self.sections.get("levels", ())
        if levels and levels[0].session:
            return str(levels[0].session)
        treatment = self.sections.get("treatment", ())
        return str(treatment[0].before) if treatment else None


def read_plan(text: str, sections: Sequence[PlanSection], preset: str | None = None) -> Plan:
    """Read a plan.

    Parameters
    ----------
    text : str
        TOML.
    sections : sequence of Section
        Those of the registered analyses.
    preset : str, optional
        Name of the shipped plan that the text is.

    Raises
    ------
    UnusablePlan
        When it is no TOML, a key is unknown or a value has another kind; the message names the key.
    FilterDependsOnValue
        When people are excluded by the values that are compared.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnusablePlan(f"The plan is not valid TOML: {error}.") from None
    by_key = {section.key: section for section in sections}
    asked = {key: table.pop(key) for key in list(table) if key in by_key}
    _check_keys(table, by_key)
    common = parsed(Common, table, "plan")
    _check_common(common)
    settings = {key: _settings(by_key[key], value) for key, value in asked.items()}
    return Plan(common, settings, tuple(read_exclusion(rule) for rule in common.exclude), text, preset)


def _check_keys(table: Mapping[str, Any], by_key: Mapping[str, PlanSection]) -> None:
    known = set(Common.__dataclass_fields__)
    for key in table:
        if key not in known:
            close = get_close_matches(key, [*known, *by_key], n=1, cutoff=0.7)
            meant = f", is '{close[0]}' meant?" if close else ""
            raise UnusablePlan(f"plan: there is no key '{key}'{meant}; see the table of keys in docs/cohorts.md.")


def _check_common(common: Common) -> None:
    problem = None
    if common.schema != SCHEMA:
        problem = f"schema = {common.schema} is not known; this version reads schema = {SCHEMA}"
    elif common.other and common.others:
        problem = "give either other or others, not both"
    elif common.reference is not None and common.reference in common.compared:
        problem = f"'{common.reference}' is both the reference and compared with it"
    elif not 19 <= common.permutations <= 1_000_000:
        problem = f"permutations = {common.permutations} is not from 19 to 1000000"
    elif not 0.0 < common.alpha < 0.5:
        problem = f"alpha = {common.alpha:g} is not between 0 and 0.5"
    elif common.unit is not None and common.unit not in ("tCr", "mmol/kg", "mM", "iu"):
        problem = f"unit = '{common.unit}' is not one of tCr, mmol/kg, mM, iu"
    elif common.seed < 0:
        problem = "seed must not be negative"
    elif len(set(common.covariates)) != len(common.covariates):
        problem = "a covariate stands in the list twice"
    if problem:
        raise UnusablePlan(f"plan: {problem}.")


def _settings(section: PlanSection, value: Any) -> tuple[Any, ...]:
    if not section.repeated:
        return (parsed(section.settings, value, f"[{section.key}]"),)
    if not isinstance(value, list):
        raise UnusablePlan(f"[{section.key}]: write it with two brackets, [[{section.key}]]; it may be repeated.")
    return tuple(parsed(section.settings, item, f"[[{section.key}]]") for item in value)


def preset_names() -> tuple[str, ...]:
    """Names of the shipped plans, sorted."""
    folder = files("fitting").joinpath("data/cohort_plans")
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


def preset_text(name: str) -> str:
    """Text of a shipped plan.

    Raises
    ------
    UnusablePlan
        When there is none of this name.
    """
    if name not in preset_names():
        raise UnusablePlan(f"There is no preset '{name}'; the presets are {', '.join(preset_names())}.")
    return files("fitting").joinpath(f"data/cohort_plans/{name}.toml").read_text(encoding="utf-8")
