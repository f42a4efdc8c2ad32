"""What a reader sees is what the analysis says, rounded and in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fitting.quality.verdict.usable import Verdict
from fitting.reason import Reason
from service.reports import AnalysisDocument, content, rows, values
from service.reports.minimum_reporting import sections
from service.reports.texts import text
from tests.data import analysis_factory as factory


def _row(report: content.Report, name: str) -> rows.MetaboliteRow:
    return next(row for group in report.groups for row in group.rows if row.name == name)


def test_totals_come_first_and_each_metabolite_once() -> None:
    """The values a spectrum supports best lead; nothing is shown twice."""
    analysis = factory.many(factory.make_analysis())
    names = [row.name for group in content.build(AnalysisDocument(analysis)).groups for row in group.rows]

    assert names[:7] == ["tNAA", "tCr", "tCho", "Glx", "Glu", "Gln", "mI"]
    assert sorted(names) == sorted(result.name for result in analysis.metabolites)


def test_values_are_rounded_by_their_standard_deviation() -> None:
    """Two significant digits of the standard deviation decide."""
    report = content.build(AnalysisDocument(factory.make_analysis()))

    assert _row(report, "tNAA").ratio == "1.210 ± 0.031"
    assert _row(report, "Asp").ratio == "0.24 ± 0.11"
    assert _row(report, "MM09").concentration == "15.6 ± 1.1 mmol/kg"


def test_an_undetected_metabolite_is_an_upper_bound() -> None:
    """Never a bare zero: the bound of the amplitude, in the unit of the column."""
    report = content.build(AnalysisDocument(factory.make_analysis(undetected=("Gln",))))
    row = _row(report, "Gln")

    assert row.ratio == "< 0.42"  # 0.31 + 1.645 * 0.068
    assert row.concentration == "< 3.5 mmol/kg"
    assert not row.detected


def test_the_bound_of_a_component_held_at_zero_comes_from_its_error() -> None:
    """With an amplitude of zero, value over amplitude does not exist; sd over sd does."""
    analysis = factory.make_analysis(undetected=("Gln",))
    zero = next(m for m in analysis.metabolites if m.name == "Gln")
    zero = replace(zero, amplitude=0.0, ratio_tcr=replace(zero.ratio_tcr, value=0.0), upper_bound=1e-4)
    expected = 1e-4 * zero.ratio_tcr.sd / zero.amplitude_sd

    assert float(values.upper_bound(zero, zero.ratio_tcr)) == pytest.approx(expected, rel=0.05)


def test_flag_sentence_names_direction_interval_and_caution() -> None:
    """The sentence names direction, value and interval; a confidence interval that reaches in is mentioned."""
    standout = content.build(AnalysisDocument(factory.make_analysis())).standout

    assert standout.sentence.startswith("1 of 5 compared values")
    assert "tNAA (ratio to tCr) is below the reference interval of this control group" in standout.flags[0].sentence
    assert standout.flags[0].caution == text("standout.reaches_in")
    assert "0.25 flags are expected by chance" in standout.chance
    assert standout.mismatch == text("standout.match_no", properties="software")


def test_remarks_on_all_values_are_listed_once() -> None:
    """A remark on all values carries no number at each; what the verdict on the spectrum says is not repeated."""
    said = Reason("snr-low", "The signal-to-noise ratio is 3.")
    further = Reason("residual-structured", "The correlation is -0.90.")
    analysis = factory.unusable(factory.make_analysis())
    analysis = replace(
        analysis,
        verdict=Verdict("no", (said,)),
        metabolites=tuple(replace(m, verdict=Verdict("no", (said, further))) for m in analysis.metabolites),
    )
    report = content.build(AnalysisDocument(analysis))

    assert [(line.sentence, line.applies) for line in report.cautions] == [
        ("The correlation is \N{MINUS SIGN}0.90.", text("table.all_values"))
    ]
    assert {row.marks for group in report.groups for row in group.rows} == {""}


def test_a_flag_far_outside_has_no_caution() -> None:
    """The caution is about the interval, so it disappears when the interval lies outside."""
    analysis = factory.make_analysis()
    tnaa = next(m for m in analysis.metabolites if m.name == "tNAA")
    far = replace(tnaa, z=replace(tnaa.z, value=-6.0, low=-7.0, high=-5.0))
    changed = replace(analysis, metabolites=tuple(far if m is tnaa else m for m in analysis.metabolites))

    assert content.build(AnalysisDocument(changed)).standout.flags[0].caution == ""


def test_missing_comparison_is_reported_with_its_reason() -> None:
    """One common reason is promoted to where the reader looks first."""
    standout = content.build(AnalysisDocument(factory.make_analysis(norm=False))).standout

    assert "names no region" in standout.sentence
    assert standout.flags == ()


@pytest.mark.parametrize(("flagged", "start"), [(0, "None of the 5"), (1, "1 of 5"), (2, "2 of 5")])
def test_standout_sentence_states_the_count_of_flags(flagged: int, start: str) -> None:
    """Zero, one and more are different sentences."""
    made = factory.make_analysis()
    analysis = replace(made, multiplicity=replace(made.multiplicity, tests=5, expected_by_chance=0.25, flagged=flagged))

    assert content.build(AnalysisDocument(analysis)).standout.sentence.startswith(start)


@pytest.mark.parametrize(
    ("age", "band"),
    [(44.0, "40 to 44 years"), (45.0, "45 to 49 years"), (4.9, "0 to 4 years"), (93.0, "90 years or older")],
)
def test_ages_are_shown_as_bands(age: float, band: str) -> None:
    """An exact age is not repeated on paper that travels."""
    analysis = factory.make_analysis()
    aged = replace(analysis, acquisition=replace(analysis.acquisition, age_years=age))
    header = content.build(AnalysisDocument(aged)).header

    assert any(fact.value.startswith(band) for fact in header)


def test_missing_items_of_the_reporting_standard_are_named() -> None:
    """MRSinMRS has 22 items for one voxel; an absent one is named and counts."""
    analysis = factory.make_analysis()
    unknown = replace(analysis, acquisition=replace(analysis.acquisition, vendor=None, voi_volume_ml=None))
    items = {item.label: item for section in sections(unknown) for item in section.items}

    assert len(items) == 22
    assert items[text("minimum.manufacturer")].value == text("missing.value")
    assert not items[text("minimum.manufacturer")].complete
    assert items[text("minimum.timing")].value == "TR 2000 ms, TE 30 ms"
    assert all(item.value != item.label for item in items.values())


def test_unverified_evidence_stands_apart() -> None:
    """Accepted findings come first; the others are under their own heading."""
    groups = content.build(AnalysisDocument(factory.make_analysis())).evidence

    assert [group.heading for group in groups] == [text("evidence.accepted"), text("evidence.unverified")]
    assert [len(group.studies) for group in groups] == [2, 1]
