"""A site's own controls over HTTP: versions, priority, matching, checks, and what is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from fitting.analysis import Analysis
from fitting.model.result import Traces
from fitting.quantification.concentrations import Ratio
from fitting.run import Job
from service.app import create_app
from service.settings import Settings
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.fake_pipeline import example_analysis, example_traces, spectrum

VALUE: dict[str, Any] = {
    "metabolite": "tCho",
    "value": 0.30,
    "sd": 0.01,
    "region": "ACC",
    "hemisphere": "midline",
    "field_t": 2.89,
    "echo_time": 0.030,
    "sequence": "PRESS",
    "software": "LCModel 6.3-1R",
    "age_years": 40,
    "sex": "female",
    "gm": 0.6,
}
METHOD = {
    "region": "ACC",
    "hemisphere": "midline",
    "unit": "tCr",
    "field_t": 3.0,
    "echo_time": 0.030,
    "sequence": "PRESS",
    "software": "LCModel 6.3-1R",
}
MEANS = {"tNAA": 1.40, "tCho": 0.24, "mI": 0.70, "Glx": 1.60}


def people(n: int, seed: int = 1) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {
            "id": f"ctl-{number:02d}",
            "age_years": float(rng.uniform(20, 60)),
            "sex": "female" if number % 2 else "male",
            "gm": float(rng.uniform(0.5, 0.7)),
            "values": {name: float(mean * (1 + 0.1 * rng.normal())) for name, mean in MEANS.items()},
        }
        for number in range(n)
    ]


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """An analysis whose tNAA ratio is what the file says."""
    said = json.loads(job.metabolite[0].content)
    made = example_analysis()
    first = replace(made.metabolites[0], ratio_tcr=Ratio(said["ratio"], 0.03))
    facts = replace(
        made.acquisition,
        region=job.subject.region,
        age_years=job.subject.age_years,
        echo_time=said.get("echo_time", 0.030),
    )
    verdict = replace(made.verdict, usable=said.get("usable", "yes"), reasons=())
    provenance = replace(made.provenance, input_sha256=f"{said['seed']:064d}")
    return replace(
        made, metabolites=(first, *made.metabolites[1:]), acquisition=facts, verdict=verdict, provenance=provenance
    ), example_traces()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", executor="inline:")
    with on_this_machine(create_app(settings, analyse=analyse, inspect=fake_pipeline.inspect)) as started:
        yield started


def post(client: TestClient, controls: list[dict[str, Any]], name: str = "acc", **changes: Any) -> Any:
    return client.post("/v1/norms", json={"name": name, "controls": controls, **METHOD, **changes})


def ask(client: TestClient, **changes: Any) -> Any:
    response = client.post("/v1/scores", json=VALUE | changes)
    assert response.status_code == 200, response.text
    return response.json()


def test_own_controls_come_before_published_ones(client: TestClient) -> None:
    """The same value has a published norm, then the own one; what own controls do not have keeps the published."""
    before = ask(client)
    answer = post(client, people(24)).json()
    after, other = ask(client), ask(client, metabolite="Glu", value=1.2)

    assert before["norm"]["kind"] == "literature"
    assert after["norm"]["kind"] == "site"
    assert after["norm"]["id"] == "site.acc.v1.tcho"
    assert after["norm"]["covariates"] == ["age_years", "sex", "gm"]
    assert set(after["norm"]["matched"].values()) == {"yes"}
    assert after["z"]["shares"]["laboratory"] < 0.2 < before["z"]["shares"]["laboratory"]
    assert after["z"]["sd_predictive"] < before["z"]["sd_predictive"]
    assert other["norm"]["kind"] == "literature"
    assert {item["name"] for item in answer["metabolites"]} == set(MEANS)


def test_ten_controls_give_the_modified_t(client: TestClient) -> None:
    """Below twenty controls there is no adjustment; t and z are those of mean and SD."""
    controls = people(10)
    post(client, controls)
    z = ask(client, sd=0.0, age_years=None, sex=None, gm=None)["z"]
    values = np.array([item["values"]["tCho"] for item in controls])

    assert z["z_cc"] == pytest.approx((0.30 - values.mean()) / values.std(ddof=1))
    assert z["t"] == pytest.approx(z["z_cc"] / np.sqrt(1.1))
    assert z["df"] == 9


MISMATCHES = [
    ({"field_t": 7.0}, "norm-field-mismatch"),
    ({"echo_time": 0.035}, "norm-echo-time-mismatch"),
    ({"sequence": "sLASER"}, "norm-sequence-mismatch"),
    ({"software": "LCModel 6.3-1N"}, "norm-software-mismatch"),
    ({"software": "TARQUIN 4.3"}, "norm-software-mismatch"),
    ({"software": None}, "norm-software-mismatch"),
    ({"field_t": None}, "norm-field-mismatch"),
    ({"unit": "mmol/kg"}, "norm-unit-mismatch"),
    ({"age_years": 70}, "norm-age-mismatch"),
]


def test_each_mismatch_is_reported_and_the_norm_not_used(client: TestClient) -> None:
    """Own controls of another field, echo time, sequence, software or unit are passed over, and for the very old."""
    post(client, people(24))
    for change, code in MISMATCHES:
        answer = ask(client, **change)
        (passed,) = answer["norms_not_used"]

        assert passed["code"] == code, change
        assert passed["id"] == "site.acc.v1.tcho"
        assert answer["norm"] is None or answer["norm"]["kind"] == "literature"


def test_controls_of_another_region_inform_about_the_laboratory(client: TestClient) -> None:
    """Controls of the cingulate narrow what is known of this laboratory's thalamus, and of a part of the cingulate."""
    before = [ask(client, region=region)["z"]["detectable_percent"] for region in ("thalamus", "dorsal ACC")]
    post(client, people(24))
    after = [ask(client, region=region) for region in ("thalamus", "dorsal ACC")]

    assert [item["norms_not_used"] for item in after] == [[], []]
    assert all("in ACC with the control model" in item["norm"]["source"] for item in after)
    assert all(item["z"]["detectable_percent"] < old for item, old in zip(after, before, strict=True))


@pytest.mark.parametrize("facts", [{"sex": "male"}, {"gm": 0.9}, {"age_years": 64}, {"hemisphere": "left"}])
def test_a_person_outside_the_controls_is_compared_with_less_certainty(
    client: TestClient, facts: dict[str, Any]
) -> None:
    """Women as controls of a man, another tissue, age or side: a wider interval, not another norm and no refusal."""
    post(client, [item | {"sex": "female"} for item in people(24)])
    inside, outside = ask(client, sex="female"), ask(client, **{"sex": "female"} | facts)

    assert inside["norm"]["kind"] == outside["norm"]["kind"] == "site"
    widths = [item["z"]["reference_high"] / item["z"]["reference_low"] for item in (inside, outside)]
    assert widths[1] > widths[0]


def test_versions_are_never_changed(client: TestClient) -> None:
    """Posting again makes version 2; version 1 stays readable; equal content is the same version."""
    first = post(client, people(12))
    again = post(client, people(12))
    second = post(client, people(12, seed=2))

    assert (first.status_code, again.status_code, second.status_code) == (201, 200, 201)
    assert first.headers["location"] == "/v1/norms/site.acc.v1"
    assert again.json()["id"] == first.json()["id"] == "site.acc.v1"
    assert second.json()["id"] == "site.acc.v2"
    assert client.get("/v1/norms/site.acc.v1").json() == first.json()
    assert client.get("/v1/norms/site.acc.v2.tnaa").json() == second.json()
    assert [item["id"] for item in client.get("/v1/norms").json()["site"]] == ["site.acc.v2"]
    assert ask(client)["norm"]["id"] == "site.acc.v2.tcho"


def test_a_withdrawn_version_is_forgotten(client: TestClient) -> None:
    """Nothing of it is left, nothing older takes its place, and its number is not given again."""
    post(client, people(12))
    post(client, people(12, seed=2))
    removed = client.delete("/v1/norms/site.acc.v2")
    third = post(client, people(12, seed=2))

    assert removed.status_code == 204
    assert client.get("/v1/norms/site.acc.v2").json()["code"] == "norm-not-found"
    assert client.delete("/v1/norms/site.acc.v2").status_code == 404
    assert third.json()["id"] == "site.acc.v3"


@pytest.mark.parametrize("norm_id", ["site.none.v1", "site.acc.vx", "site.", "acc", "site.acc.v99999999999"])
def test_unknown_ids_are_not_found(client: TestClient, norm_id: str) -> None:
    """Whatever form an id has."""
    assert client.get(f"/v1/norms/{norm_id}").status_code == 404


def test_checks_report_outliers_and_duplicates(client: TestClient) -> None:
    """A value far out and a person entered twice are named; the controls are kept as they were posted."""
    controls = people(20)
    controls[3]["values"]["tCho"] = 0.60
    controls[5]["values"] = copy.deepcopy(controls[4]["values"])
    answer = post(client, controls).json()

    assert answer["checks"]["outliers"][0]["control"] == "ctl-03"
    assert answer["checks"]["outliers"][0]["metabolite"] == "tCho"
    assert answer["checks"]["duplicates"] == [
        {"controls": ["ctl-04", "ctl-05"], "metabolites": ["tNAA", "tCho", "mI", "Glx"]}
    ]
    assert answer["n"] == 20
    whole = answer["checks"]["calibration"][-1]
    assert whole["metabolite"] == "*"
    assert whole["low"] <= whole["share"] <= whole["high"]


REFUSED = [
    ({"controls": []}, 400, "unusable-controls"),
    ({"controls": [*people(8), people(1)[0]]}, 400, "unusable-controls"),
    ({"region": "elbow"}, 400, "unusable-controls"),
    ({"echo_time": 30}, 400, "implausible-parameter"),
    ({"field_t": 123.25}, 400, "implausible-parameter"),
    ({"controls": [item | {"values": {"tNAA": -1.0}} for item in people(8)]}, 400, "implausible-parameter"),
    ({"controls": [item | {"age_years": 400} for item in people(8)]}, 400, "implausible-parameter"),
    ({"name": "No Name"}, 422, "invalid-request"),
    ({"software": None}, 422, "invalid-request"),
    ({"analyses": []}, 422, "invalid-request"),
    ({"controls": [item | {"name": "X"} for item in people(8)]}, 422, "invalid-request"),
]


def test_controls_that_make_no_norm_are_refused(client: TestClient) -> None:
    """No person, one twice, a unit slip, values that cannot be: with the reason and without keeping anything."""
    for changes, status, code in REFUSED:
        body = {"name": "acc", "controls": people(8), **METHOD} | changes
        response = client.post("/v1/norms", json={name: value for name, value in body.items() if value is not None})

        assert (response.status_code, response.json()["code"]) == (status, code), changes
    assert client.get("/v1/norms").json()["site"] == []


def submit(client: TestClient, seed: int, ratio: float, **more: Any) -> Any:
    content = spectrum(seed=seed, ratio=ratio, **more.pop("said", {}))
    request = {"region": "ACC", "age_years": 30 + seed % 20, "subject": f"ctl-{seed}", **more}
    response = client.post(
        "/v1/analyses",
        files={"metabolite": ("x.json", content)},
        data={"request": json.dumps(request)},
        headers={"Prefer": "wait=20"},
    )
    assert response.status_code == 200, response.text
    return response.json()


def test_analyses_become_controls(client: TestClient) -> None:
    """Ten analyses of healthy people make a norm with their ratios, errors, ages and method."""
    rng = np.random.default_rng(2)
    ratios = rng.normal(1.3, 0.1, 10)
    ids = [submit(client, seed, float(ratio))["id"] for seed, ratio in enumerate(ratios)]
    answer = client.post("/v1/norms", json={"name": "own", "analyses": ids})
    norm = answer.json()

    assert answer.status_code == 201, answer.text
    assert (norm["region"], norm["n"], norm["unit"]) == ("ACC", 10, "tCr")
    assert norm["software"].startswith("mrsquant ")
    (tnaa,) = [item for item in norm["metabolites"] if item["name"] == "tNAA"]
    assert tnaa["mean"] == pytest.approx(ratios.mean())
    assert tnaa["sd"] == pytest.approx(ratios.std(ddof=1))

    alike = {name: norm[name] for name in ("hemisphere", "field_t", "echo_time", "sequence", "software")}
    scored = ask(client, metabolite="tNAA", value=1.1, sd=0.03, age_years=35, sex=None, gm=None, **alike)
    assert scored["norm"]["id"] == "site.own.v1.tnaa"
    assert scored["z"]["z_cc"] == pytest.approx((1.1 - ratios.mean()) / ratios.std(ddof=1))
    assert ask(client, metabolite="tNAA", value=1.1, **alike | {"software": "mrsquant 0.0.1"})["norm"]["kind"] != "site"


def test_analyses_that_differ_make_no_norm(client: TestClient) -> None:
    """One person twice, one spectrum twice, another echo time, a limited verdict, an unknown id."""
    ids = [submit(client, seed, 1.3 + seed / 100)["id"] for seed in range(8)]
    others = {
        "repeat a person": submit(client, 20, 1.3, subject="ctl-3")["id"],
        "repeat a spectrum": submit(client, 4, 1.31, subject="somebody")["id"],
        "echo time": submit(client, 21, 1.3, said={"echo_time": 0.035})["id"],
        "verdict": submit(client, 22, 1.3, said={"usable": "limited"})["id"],
        "region": submit(client, 23, 1.3, region="PCC")["id"],
    }
    for words, other in others.items():
        answer = client.post("/v1/norms", json={"name": "own", "analyses": [*ids, other]})
        assert (answer.status_code, answer.json()["code"]) == (400, "unusable-controls"), words
        assert words in answer.json()["detail"]
    unknown = client.post("/v1/norms", json={"name": "own", "analyses": [*ids, "019ab2f0-6f3e-7c51-9a51-0c1f5ad5a1be"]})

    assert unknown.status_code == 404


def test_a_new_norm_makes_a_new_analysis(client: TestClient) -> None:
    """An equal submission is answered by the old analysis until the norms it depends on change."""
    first, again = submit(client, 1, 1.3), submit(client, 1, 1.3)
    post(client, people(12))
    later = submit(client, 1, 1.3)

    assert first["id"] == again["id"] != later["id"]


def test_profile_over_two_regions(client: TestClient) -> None:
    """Controls who were measured in two regions give a distance for each and for both together."""
    post(client, people(40), name="acc")
    post(client, people(40, seed=5), name="pcc", region="PCC")
    scores = [
        VALUE | {"region": region, "metabolite": name, "value": mean * (1.35 if name == "mI" else 1.0)}
        for region in ("ACC", "PCC")
        for name, mean in MEANS.items()
    ]
    answer = client.post("/v1/score-sets", json={"scores": scores}).json()
    one, other, both = answer["profiles"]

    assert (one["region"], other["region"], both["region"]) == ("ACC", "PCC", None)
    assert both["profile"]["n"] == 40
    assert both["profile"]["df_numerator"] == 8
    assert both["profile"]["p"] < 0.05
    assert "ACC mI" in both["profile"]["metabolites"]
