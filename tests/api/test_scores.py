"""Scoring values of other programs over HTTP: the worked examples, and every reason to withhold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.data.worked_examples import (
    EXAMPLES,
    TOLERANCE,
    expected_regression,
    expected_single_case,
    expected_studies,
    figures,
    people_of_regression,
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service for all: scoring keeps nothing."""
    folder = tmp_path_factory.mktemp("scores")
    settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", executor="inline:")
    with on_this_machine(create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)) as started:
        yield started


VALUE: dict[str, Any] = {
    "metabolite": "tCho",
    "value": 0.30,
    "sd": 0.01,
    "region": "ACC",
    "field_t": 3.0,
    "echo_time": 0.030,
    "sequence": "PRESS",
    "software": "LCModel 6.3",
    "age_years": 40,
}


def ask(client: TestClient, **request: Any) -> Any:
    response = client.post("/v1/scores", json=request)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("example", EXAMPLES["single_case"])
def test_worked_single_cases(client: TestClient, example: dict[str, Any]) -> None:
    """Modified t, its p, percentile, z and their intervals for four printed cases."""
    controls = {"mean": example["mean"], "sd": example["sd"], "n": example["n"]}
    answer = ask(client, metabolite="NAA", value=example["case"], controls=controls)

    for name, expected in expected_single_case(example).items():
        assert answer["z"][name] == pytest.approx(expected, abs=TOLERANCE), name
    assert answer["z"]["p"] / 2 == pytest.approx(example["p_one"], abs=TOLERANCE)
    assert "interval does not carry" in answer["warnings"][0]


def test_worked_regression(client: TestClient) -> None:
    """A norm with age: expected value, standard error, t, p and z of the printed case, from individual values."""
    example = EXAMPLES["regression"]
    answer = ask(
        client,
        metabolite="Glu",
        value=example["y0"],
        age_years=example["x0"],
        controls={"values": people_of_regression()},
    )

    expected = expected_regression()
    assert figures(answer, expected) == pytest.approx(expected, abs=TOLERANCE)
    assert answer["norm"]["covariates"] == ["age_years"]


def test_worked_studies(client: TestClient) -> None:
    """Five studies pooled, and a new person in a new laboratory."""
    example = EXAMPLES["studies"]
    studies = [
        {"mean": mean, "sd": sd, "n": n}
        for mean, sd, n in zip(example["mean"], example["sd"], example["n"], strict=True)
    ]
    answer = ask(client, metabolite="tCho", value=example["case"], sd=0, controls={"studies": studies})

    expected = expected_studies()
    assert figures(answer, expected) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("index", range(4))
def test_worked_ratios(client: TestClient, index: int) -> None:
    """Two concentrations with correlated errors become a ratio with its standard deviation."""
    example = EXAMPLES["ratio"]
    (value, sd), (tcr, tcr_sd) = example["A"], example["B"]
    creatine = {"value": tcr, "sd": tcr_sd, "correlation": example["rho"][index]}
    answer = ask(client, metabolite="NAA", value=value, sd=sd, unit="iu", tcr=creatine, region="dorsal ACC")

    assert answer["value"]["unit"] == "tCr"
    assert answer["value"]["value"] == pytest.approx(value / tcr, abs=TOLERANCE)
    assert answer["value"]["sd"] == pytest.approx(example["sd"][index], abs=TOLERANCE)
    assert answer["z"] is not None


def test_a_published_norm_answers_with_everything(client: TestClient) -> None:
    """A matching value has z, its interval around it, p where justified, and what would make it sharper."""
    answer = ask(client, **VALUE)
    z = answer["z"]

    assert z["low"] < z["value"] < z["high"]
    assert sum(z["shares"].values()) == pytest.approx(1.0)
    assert z["informative"] is True
    assert 0.0 < z["detectable_percent"] < 60.0
    assert (z["z_cc"], z["t"], z["df"], z["error_shares"]) == (None, None, None, None)
    assert 0.0 < z["p_outside"] < 1.0
    assert z["smallest_detectable_difference"] > answer["norm"]["mean"] - z["reference_low"]
    assert {item["code"] for item in z["improvements"]} >= {"own-controls"}
    assert answer["norm"]["kind"] == "literature"
    assert answer["norm"]["matched"]["software"] == "yes"
    assert answer["notice"].startswith("Research use only")


MISMATCHES = [
    ({"field_t": 4.0}, "norm-field-mismatch"),
    ({"echo_time": 0.144}, "norm-echo-time-mismatch"),
    ({"unit": "mmol/kg"}, "unit-not-comparable"),
    ({"unit": "iu"}, "unit-not-comparable"),
    ({"unit": "mM"}, "unit-not-comparable"),
    ({"software": "jMRUI AMARES"}, "norm-software-mismatch"),
    ({"software": "a program nobody knows"}, "norm-software-mismatch"),
    ({"age_years": 9}, "norm-age-mismatch"),
    ({"age_years": 81}, "norm-age-mismatch"),
    ({"verdict": "no"}, "spectrum-not-usable"),
    ({"verdict": "limited"}, "spectrum-limited"),
    ({"region": "cerebellum"}, "region-unknown"),
    ({"region": "PAG"}, "norm-gap"),
    ({"region": None}, "region-not-given"),
]


@pytest.mark.parametrize(("change", "code"), MISMATCHES)
def test_one_mismatch_withholds_the_score(client: TestClient, change: dict[str, Any], code: str) -> None:
    """Each kind alone gives a reason and no z, without an error."""
    answer = ask(client, **VALUE | change)

    assert answer["z"] is None
    assert answer["norm"] is None
    assert answer["z_absent"]["code"] == code
    assert answer["z_absent"]["sentence"].endswith((".", ")"))


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"field_t": 4.0}, "norm-field-mismatch"),
        ({"echo_time": 0.035}, "norm-echo-time-mismatch"),
        ({"sequence": "STEAM"}, "norm-sequence-mismatch"),
        ({"software": "LCModel 6.2"}, "norm-software-mismatch"),
        ({"software": "TARQUIN"}, "norm-software-mismatch"),
        ({"unit": "iu"}, "norm-unit-mismatch"),
    ],
)
def test_supplied_controls_of_another_method_are_not_used(
    client: TestClient, stated: dict[str, Any], code: str
) -> None:
    """Supplied controls of another method give no z, and nothing else is used in their place."""
    answer = ask(client, **VALUE, controls={"mean": 0.24, "sd": 0.03, "n": 30} | stated)

    assert answer["z"] is None
    assert answer["z_absent"]["code"] == code


def test_too_few_controls_are_a_reason(client: TestClient) -> None:
    """Seven controls are refused as a norm, eight are not."""
    seven, eight = (
        ask(client, metabolite="tCho", value=0.3, controls={"mean": 0.24, "sd": 0.03, "n": n}) for n in (7, 8)
    )

    assert seven["z_absent"]["code"] == "too-few-controls"
    assert eight["z"] is not None


def test_absolute_values_are_scored_by_own_controls_only(client: TestClient) -> None:
    """In mmol/kg a person may be compared with controls of the same laboratory, not with pooled studies."""
    value = {"metabolite": "tCr", "value": 8.0, "sd": 0.4, "unit": "mmol/kg", "region": "ACC"}
    studies = [{"mean": 8.0, "sd": 0.6, "n": 30}] * 6

    assert ask(client, **value, controls={"mean": 8.3, "sd": 0.7, "n": 20})["z"] is not None
    assert ask(client, **value, controls={"studies": studies})["z_absent"]["code"] == "unit-not-comparable"


def test_many_values_are_counted_together(client: TestClient) -> None:
    """Twelve comparisons expect 0.6 flags by chance; q is never below p; one flag may not survive."""
    regions = ("ACC", "PCC")
    values = {"tNAA": 1.2, "tCho": 0.33, "mI": 0.6, "Glu": 1.2, "Glx": 1.6}
    scores = [
        VALUE | {"region": region, "metabolite": name, "value": value, "sd": 0.02 * value}
        for region in regions
        for name, value in values.items()
    ]
    response = client.post("/v1/score-sets", json={"scores": scores})
    answer = response.json()
    given = [item["z"] for item in answer["items"] if item["z"] is not None]

    assert response.status_code == 200
    assert answer["tests"] == len(given)
    assert answer["expected_by_chance"] == pytest.approx(0.05 * len(given))
    assert answer["flagged"] == sum(z["flag"] != "within" for z in given)
    assert all(z["q"] >= z["p"] for z in given if z["p"] is not None)
    assert answer["profiles"][-1]["profile_absent"]["code"] == "profile-not-available"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"value": -1.0}, 400, "implausible-parameter"),
        ({"echo_time": 30}, 400, "implausible-parameter"),
        ({"field_t": 300}, 400, "implausible-parameter"),
        ({"sequence": "FLASH"}, 400, "implausible-parameter"),
        ({"controls": {"mean": 1.0, "sd": 0.0, "n": 20}}, 400, "implausible-parameter"),
        ({"controls": {"studies": [{"mean": 1.0, "sd": 0.1, "n": 20}]}}, 400, "implausible-parameter"),
        ({"controls": {"mean": 1.0}}, 422, "invalid-request"),
        ({"controls": {}}, 422, "invalid-request"),
        ({"valeu": 1}, 422, "invalid-request"),
        ({"sd": -0.1}, 422, "invalid-request"),
    ],
)
def test_impossible_scores_requests_are_refused(
    client: TestClient, change: dict[str, Any], status: int, code: str
) -> None:
    """A value, unit slip or controls that no measurement has are problems, not answers."""
    response = client.post("/v1/scores", json=VALUE | change)

    assert (response.status_code, response.json()["code"]) == (status, code)
