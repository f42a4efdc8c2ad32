"""Every code of a refusal or caution is reached by a test; those that no other test reaches are reached here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import fitting.cohort
from fitting.cohort.tables.reading import read_studies
from tests.data.cohorts import PLAN, Tables, cohort, item

HEAD = 'schema = 1\nreference = "control"\nother = "patient"\npermutations = 199\n'
BARE = HEAD + "[levels]\n"
PACKAGE = Path(fitting.cohort.__file__).parent
_CODE = re.compile(r'(?:Reason|Caution)\(\s*"([a-z-]+)"')


def number(row) -> int:
    return int(row["participant_id"][-3:])


def is_patient(row) -> bool:
    return number(row) % 2 == 0


def depressed(tables: Tables) -> Tables:
    """Scores that follow tNAA nearly exactly, with errors nearly as large as people differ."""
    values = {r["participant_id"]: float(r["value"]) for r in tables.measurements if r["metabolite"] == "tNAA"}

    def people(row):
        return {**row, "bdi": f"{30 - 10 * (values[row['participant_id']] - 8) + 0.01 * number(row):.3f}"}

    return tables.changed(people, "participants").changed(lambda r: {**r, "sd": "0.4"})


def lacking_age(most: int) -> Callable[[dict[str, str]], dict[str, str]]:
    """No age of the first patients."""
    return lambda row: {**row, "age_years": "n/a"} if is_patient(row) and number(row) <= most else row


def unequal_errors(tables: Tables) -> Tables:
    """Patients with large errors are higher, those with small errors are not."""

    def value(row):
        far = is_patient(row) and number(row) % 4 == 0
        return {**row, "value": f"{float(row['value']) + 1.6 * far:.4f}", "sd": "3.0" if far else "0.05"}

    return tables.changed(value)


CAUTIONS: dict[str, tuple[Callable[[], Tables], str]] = {
    "above-ceiling": (lambda: depressed(cohort(40)), HEAD + '[associations]\nmeasures = ["bdi"]\n'),
    "duration-with-age": (
        lambda: cohort(40).changed(lambda r: {**r, "duration_months": str(number(r))}, "participants"),
        HEAD + '[associations]\nmeasures = ["duration_months"]\n',
    ),
    "group-nearly-confounded": (
        lambda: cohort(40).changed(
            lambda r: {**r, "site": "A" if is_patient(r) == (number(r) > 4) else "B"}, "participants"
        ),
        PLAN.replace('"sex"]', '"site"]'),
    ),
    "many-missing-covariates": (lambda: cohort(40).changed(lacking_age(12), "participants"), PLAN),
    "missing-by-group": (lambda: cohort(40).changed(lacking_age(20), "participants"), PLAN),
    "quality-explains": (
        lambda: cohort(44).changed(lambda r: {**r, "linewidth_hz": str(float(r["linewidth_hz"]) + 3 * is_patient(r))}),
        HEAD + '[[classification]]\nname = "c"\nfeatures = "metabolites"\n',
    ),
    "site-of-one-group": (
        lambda: cohort(40).changed(lambda r: {**r, "site": "B" if number(r) in (2, 4) else "A"}, "participants"),
        PLAN.replace('"sex"]', '"site"]'),
    ),
    "weighted-disagrees": (lambda: unequal_errors(cohort(40)), BARE),
    "one-person-decides": (
        lambda: cohort(24, 3).changed(lambda r: {**r, "value": ("8.37", "7.8", "7.97", "8.2")[number(r) % 4]}),
        BARE,
    ),
}


@pytest.mark.parametrize("code", CAUTIONS)
def test_caution_is_reached_by_what_it_warns_of_and_absent_without(code: str) -> None:
    """The changed tables have the caution, a cohort of the same size without the change has not."""
    tables, plan = CAUTIONS[code]
    plain = cohort(len(tables().participants), 3)

    found = {caution["code"]: caution["sentence"] for caution in tables().answer(plan)["cautions"]}
    without = plan.replace('"site"]', '"sex"]').replace("duration_months", "bdi")

    assert code in found
    assert found[code].endswith(".")
    assert "sub-" not in found[code]
    assert code not in {caution["code"] for caution in plain.answer(without)["cautions"]}


STUDIES = "study,g,variance\nA,-0.5,0.04\nB,-0.8,0.05\nC,-0.2,0.03\n"
CONTEXT = HEAD + '[levels]\n[context]\nname = "tNAA"\nregion = "ACC"\nmetabolite = "tNAA"\nstudies = "studies.csv"\n'


def test_two_studies_are_not_pooled_and_three_are_with_a_caution() -> None:
    """A pooled line needs three studies; few of them are said to be few."""
    two = "\n".join(STUDIES.splitlines()[:3]) + "\n"

    first = cohort(40).answer(CONTEXT, studies={"studies.csv": read_studies(two, "studies.csv")})
    second = cohort(40).answer(CONTEXT, studies={"studies.csv": read_studies(STUDIES, "studies.csv")})

    assert first["context"][0]["refused"]["code"] == "too-few-studies"
    assert "mean" in second["context"][0]
    assert "few-studies" in {caution["code"] for caution in second["cautions"]}


def test_negative_values_have_a_difference_and_no_percentage() -> None:
    """A fit without positivity may give a mean below zero; a percentage of it would be nonsense."""
    negative = cohort(40).changed(lambda r: {**r, "value": f"{float(r['value']) - 8:.4f}"})

    found = item(negative.answer(BARE), "levels", metabolite="tNAA")

    assert "difference" in found
    assert "percent" not in found
    assert found["percent_absent"]["code"] == "mean-not-positive"


UNDETECTED = {
    "networks": ('[[network]]\nname = "n"\nregion = "M1"\nhemisphere = "left"\n', ""),
    "factorial": ('[[factorial]]\nmetabolite = "tNAA"\n', ""),
    "treatment": ('[treatment]\nbefore = "a"\nafter = "b"\nuntreated = "sham"\n', "session"),
}


@pytest.mark.parametrize("section", UNDETECTED)
def test_bound_is_never_taken_for_a_value(section: str) -> None:
    """Where one value is a bound, an analysis of values is refused in place of using it."""
    text, sessions = UNDETECTED[section]
    tables = cohort(40, places=(("M1", "left"), ("M1", "right"))).changed(
        lambda r: {**r, "detected": str(number(r) != 7).lower()}
    )
    if sessions:
        rows = [{**row, "session": name} for name in ("a", "b") for row in tables.measurements]
        people = [
            {**row, "arm": "n/a" if not is_patient(row) else ("treatment", "sham")[number(row) % 4 == 0]}
            for row in tables.participants
        ]
        tables = Tables(tuple(people), tuple(rows))

    answer = tables.answer(HEAD + text)

    assert {i["refused"]["code"] for i in answer[section]} == {"not-detected"}


def test_treatment_without_rescanned_controls_says_so() -> None:
    """Drift of scanner and season is not removed without controls; the arms are still compared."""
    tables = cohort(40)
    rows = [
        {**row, "session": name, "value": f"{float(row['value']) + 0.1 * (name == 'b') * (number(row) % 5):.4f}"}
        for name in ("a", "b")
        for row in tables.measurements
        if name == "a" or is_patient(row)
    ]
    people = [
        {**row, "arm": "n/a" if not is_patient(row) else ("treatment", "sham")[number(row) % 4 == 0]}
        for row in tables.participants
    ]

    answer = Tables(tuple(people), tuple(rows)).answer(
        HEAD + '[treatment]\nbefore = "a"\nafter = "b"\nuntreated = "sham"\n'
    )

    for found in answer["treatment"]:
        assert found["against_controls"]["refused"]["code"] == "no-rescanned-controls"
        assert found["reversed"]["refused"]["code"] == "no-rescanned-controls"
        assert "difference" in found["ancova"]


def test_every_code_of_the_package_is_reached_by_a_test_of_this_folder() -> None:
    """A new refusal or caution needs a test that reaches it."""
    codes = {code for path in PACKAGE.rglob("*.py") for code in _CODE.findall(path.read_text(encoding="utf-8"))}
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    assert len(codes) > 30
    assert {code for code in codes if json.dumps(code) not in tests} == set()
