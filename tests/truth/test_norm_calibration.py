"""Healthy people measured one by one, against the pooled norms of published controls."""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fitting.acquisition import Acquisition
from fitting.norms import Case, Context, Control, Controls, Measured, Method, ZScore, check_controls, score
from fitting.norms.expectation import Expectation, expect
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject

pytestmark = pytest.mark.truth


def test_healthy_people_are_rarely_flagged(shared: Path) -> None:
    """Of 51 healthy adults measured at 3 T, at most one in ten comparisons is flagged in any metabolite, 5 % in all.

    Their group means are one of the studies in the pool; the test is that the spread is not too narrow,
    and that z of people of one laboratory is spread less than 1, as it must be when the spread between
    laboratories is part of the norm.
    """
    values: dict[tuple[str, str], list[ZScore]] = defaultdict(list)
    with (shared / "norms" / "individual_controls.csv").open() as handle:
        for row in csv.DictReader(handle):
            acquisition = Acquisition(
                format="published values",
                spectrometer_frequency=123.25e6,
                dwell_time=None,
                echo_time=float(row["echo_time"]),
                repetition_time=float(row["repetition_time"]),
                sequence=row["sequence"],
                sequence_name=None,
            )
            if not row["ratio_tcr"] or row["region"] not in {"ACC", "PCC"}:
                continue
            ratio = Ratio(float(row["ratio_tcr"]), float(row["crlb_iu"]) / float(row["tcr_iu"]))
            subject = Subject(region=row["region"], age_years=float(row["age_years"]))
            position = score(Case(row["metabolite"], ratio, Context(subject, acquisition))).position
            if isinstance(position, ZScore):
                values[row["region"], row["metabolite"]].append(position)

    assert len(values) >= 8
    flagged = {key: np.mean([item.flag != "within" for item in items]) for key, items in values.items()}
    assert max(flagged.values()) <= 0.10, flagged
    assert np.mean([item.flag != "within" for items in values.values() for item in items]) <= 0.05
    for key, items in values.items():
        assert len(items) > 30, key
        assert np.std([item.value for item in items]) < 1.1, key
        assert abs(np.mean([item.value for item in items])) < 1.5, key


def people(shared: Path) -> list[Controls]:
    """The individual values as norms, one for each voxel, with age, sex and grey matter fraction."""
    rows: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    with (shared / "norms" / "individual_controls.csv").open() as handle:
        for row in csv.DictReader(handle):
            if row["ratio_tcr"]:
                rows[row["subregion"] or row["region"]][row["subject"]].append(row)
    norms = []
    for place, subjects in rows.items():
        controls = tuple(
            Control(
                subject,
                {row["metabolite"]: Measured(float(row["ratio_tcr"]), _sd(row)) for row in members},
                float(members[0]["age_years"]) if members[0]["age_years"] else None,
                members[0]["sex"] or None,
                float(members[0]["gm"]) if members[0]["gm"] else None,
            )
            for subject, members in subjects.items()
        )
        norms.append(Controls(place, "site", METHOD, place, people=controls))
    return norms


METHOD = Method(3.0, "sLASER", 0.032, "tCr", "LCModel")


def _sd(row: dict[str, str]) -> float | None:
    return float(row["crlb_iu"]) / float(row["tcr_iu"]) if row["crlb_iu"] and row["tcr_iu"] else None


def test_real_controls_flag_one_another_in_five_of_a_hundred(shared: Path) -> None:
    """Leave-one-out over all individual values: 5 % is inside the binomial interval of the share, in each voxel."""
    norms = people(shared)
    assert len(norms) >= 4
    for norm in norms:
        whole = check_controls(norm).calibration[-1]
        sys.stdout.write(
            f"{norm.id}: {whole.flagged} of {whole.n} flagged, "
            f"{100 * whole.share:.1f} % ({100 * whole.low:.1f} to {100 * whole.high:.1f})\n"
        )
        assert whole.n > 200
        assert whole.consistent, norm.id


def test_regression_of_real_controls_is_that_of_the_example(shared: Path) -> None:
    """Posterior cingulate Glu/tCr on age: the worked example from the people it was computed of."""
    example = json.loads((shared / "norms" / "method_examples.json").read_text())["regression_norm_39_people"]
    (norm,) = [item for item in people(shared) if item.id == "PCC"]
    sample = tuple(
        replace(person, sex=None, gm=None, values={"Glu": replace(person.values["Glu"], sd=None)})
        for person in norm.having("Glu")
    )
    own = expect(replace(norm, people=sample), "Glu", Subject(age_years=example["x0"]))

    assert isinstance(own, Expectation)
    assert own.n == example["n"]
    assert own.mean == pytest.approx(example["yhat"], abs=1e-3)
    assert own.sd == pytest.approx(example["s_yx"], abs=1e-3)
    assert own.reference(Ratio(example["y0"], 0.0)).sd_predictive == pytest.approx(example["se"], abs=1e-3)
