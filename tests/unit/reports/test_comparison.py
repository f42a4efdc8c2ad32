"""Sessions are compared only when they were acquired and processed alike, and drawn only where there is something."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fitting.analysis import Analysis
from service.reports import AnalysisDocument, comparison, timeline
from service.reports.comparability import differences
from tests.data import analysis_factory as factory

THEN = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)


def acquired(**facts: object) -> Callable[[Analysis], Analysis]:
    return lambda analysis: replace(analysis, acquisition=replace(analysis.acquisition, **facts))


def processed(**facts: object) -> Callable[[Analysis], Analysis]:
    return lambda analysis: replace(analysis, provenance=replace(analysis.provenance, **facts))


DIFFERENT = {
    "Region": acquired(region="PCC"),
    "Side": acquired(hemisphere="left"),
    "Manufacturer": acquired(vendor="GE"),
    "Scanner": acquired(scanner_model="Prisma"),
    "Field strength": acquired(field_t=7.0),
    "Sequence": acquired(sequence="sLASER"),
    "Echo time": acquired(echo_time=0.035),
    "Repetition time": acquired(repetition_time=3.0),
    "Voxel volume": acquired(voi_volume_ml=12.0),
    "Water reference": acquired(water_reference=False),
    "Tissue fractions": acquired(gm=None, wm=None, csf=None),
    "Tissue composition": acquired(gm=0.41, wm=0.49),
    "Software": processed(version="9.9"),
    "Basis set": processed(basis_source="supplied"),
    "Macromolecules": processed(macromolecules="none"),
    "Relaxation times": processed(relaxation="own table"),
    "Options of the fit": processed(options={"baseline": "flat"}),
}
ALIKE = {
    "the exact frequency of the magnet": acquired(field_t=2.8936 + 0.01),
    "a millisecond of rounding": acquired(echo_time=0.0305),
    "a slightly other box": acquired(voi_volume_ml=8.5),
    "the basis set's id, which names the exact frequency": processed(basis_id="b3:another"),
    "age": acquired(age_years=45.0),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_each_difference_is_named_alone(name: str) -> None:
    """What differs is found in both directions, and nothing else is."""
    one = factory.make_analysis()
    other = DIFFERENT[name](one)

    assert [item.name for item in differences(one, other)] == [name]
    assert [item.name for item in differences(other, one)] == [name]


@pytest.mark.parametrize("name", ALIKE)
def test_irrelevant_facts_are_not_differences(name: str) -> None:
    """A second session on the same scanner is never exactly the first."""
    one = factory.make_analysis()

    assert differences(one, ALIKE[name](one)) == ()


def side(analysis: Analysis, subject: str | None = "sub-1") -> comparison.Side:
    return comparison.Side(AnalysisDocument(analysis, id="a", subject=subject), factory.make_traces(), THEN)


def test_different_subjects_and_unusable_spectra_are_not_compared() -> None:
    """Without one known subject, or with a spectrum that is not interpretable, a difference is no change."""
    good = factory.make_analysis()

    again = processed(input_sha256="another spectrum")(good)

    assert comparison.build(side(good), side(again)).refusals == ()
    assert "different subjects" in comparison.build(side(good), side(good, "sub-2")).refusals[0]
    assert "names no subject" in comparison.build(side(good), side(good, None)).refusals[0]
    assert "not interpretable" in comparison.build(side(good), side(factory.unusable(good))).refusals[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda analysis: analysis, "one spectrum, analysed twice"),
        (acquired(sex="male"), "The earlier session and the later one give different sexes (female, male)"),
        (acquired(gm=0.05), "grey matter in ACC: not one volume"),
    ],
)
def test_sessions_that_cannot_be_of_one_person_are_not_compared(
    change: Callable[[Analysis], Analysis], said: str
) -> None:
    """What the list warns of is a refusal where the two stand side by side."""
    good = acquired(sex="female")(factory.make_analysis())
    other = change(good)
    if other is not good:
        other = processed(input_sha256="another spectrum")(other)
    both = comparison.build(side(good), side(other))

    assert said in both.refusals[-1]
    assert both.changes == ()


def test_changes_are_shown_with_published_repeatability() -> None:
    """Two spectra of one person that may be compared are judged; refused ones, and one spectrum twice, are not."""
    good = factory.make_analysis()
    later = processed(input_sha256="another spectrum")(good)
    (changes,) = comparison.build(side(good), side(later)).changes
    line = next(line for line in changes.lines if line.name == "tNAA")

    assert line.word == "no"
    assert "10.3389/fnhum.2016.00300" in " ".join(changes.notes)
    assert comparison.build(side(good), side(good)).changes == ()
    assert comparison.build(side(good), side(later, "sub-2")).changes == ()


def test_the_earlier_session_stands_first_by_its_day() -> None:
    """A session that was submitted later but measured earlier is the earlier one, so no rise is reported as a fall."""
    first, second = (replace(side(factory.make_analysis()), day=day) for day in (42.0, 0.0))
    columns = comparison.build(first, replace(second, submitted=THEN + timedelta(days=1))).columns
    unknown = comparison.build(replace(first, submitted=THEN + timedelta(days=1)), replace(second, day=None)).columns

    assert [column.day for column in columns] == ["day 0", "day 42"]
    assert [column.day for column in unknown] == ["", "day 42"]


def test_the_overlay_is_scaled_to_creatine() -> None:
    """A receiver gain changes nothing in the figure; without creatine there is none."""
    traces = factory.make_traces()
    louder = replace(traces, fit=traces.fit * 7.0, baseline=traces.baseline * 7.0)
    flat = replace(traces, fit=np.zeros_like(traces.fit), baseline=np.zeros_like(traces.fit))
    figure = comparison.comparison_figure.overlay_svg(traces, louder)
    earlier, later = (re.search(rf'class="{name}"[^>]* d="([^"]+)"', figure)[1] for name in ("earlier", "later"))

    assert earlier == later
    assert comparison.comparison_figure.overlay_svg(traces, flat) == ""


def session(analysis: Analysis, **clinical: float) -> timeline.Session:
    return timeline.Session(AnalysisDocument(analysis, id="a", subject="sub-1"), THEN, clinical)


def test_the_timeline_draws_intervals_and_no_uninformative_value() -> None:
    """Values that are not detected or not interpretable are missing from the figures, and clinical ones stand there."""
    good = factory.make_analysis()
    (region,) = timeline.build([session(good, pain_vas=6.5), session(factory.unusable(good)), session(good)])
    panels = dict(region.figures)

    assert panels["tNAA / tCr"].count('width="8"') == 2
    assert "session 2" not in panels["tNAA / tCr"]
    assert "Lac / tCr" not in panels
    assert "session 1: 6.5" in panels["Pain (VAS, 0 to 10)"]
    assert region.neighbours == (("a", "a"), ("a", "a"))


def test_timeline_says_which_comparison_is_not_informative() -> None:
    """One that could hardly have noticed anything says so, inside its interval too; others inside say nothing."""
    good = factory.make_analysis()
    z = next(item.z for item in good.metabolites if item.name == "tNAA")
    assert z is not None
    shown = {}
    for informative in (True, False):
        for flag in ("within", "below"):
            judged = replace(z, informative=informative, flag=flag)
            results = tuple(replace(item, z=judged) if item.name == "tNAA" else item for item in good.metabolites)
            (region,) = timeline.build([session(replace(good, metabolites=results))])
            (entry,) = next(row.entries for row in region.values if row.name == "tNAA")
            shown[informative, flag] = entry.flag

    assert shown == {
        (True, "within"): "",
        (True, "below"): "Below",
        (False, "within"): "Within, not informative",
        (False, "below"): "Below, not informative",
    }


def test_the_timeline_marks_differences_of_sessions() -> None:
    """A change of method between two sessions stands above the figures; regions stand apart."""
    good = factory.make_analysis()
    later = processed(input_sha256="another spectrum")(DIFFERENT["Echo time"](good))
    (region,) = timeline.build([session(good), session(later)])
    regions = timeline.build([session(good), session(DIFFERENT["Region"](good))])

    assert "echo time" in region.warnings[0]
    assert [item.region for item in regions] == ["ACC, midline", "PCC, midline"]
