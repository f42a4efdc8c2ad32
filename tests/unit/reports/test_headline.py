"""The headline says what the comparisons found, what they could have found, and which of them could not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fitting.analysis import Analysis, Multiplicity, SiteUsed
from fitting.basis.macromolecule_templates import templates
from fitting.norms.assessment import Improvement, Shares
from service.reports import AnalysisDocument, content, rows
from service.reports.numbers import typeset
from tests.data import analysis_factory as factory

SEEN = {"tNAA": (41.2, True), "tCho": (18.4, True), "Glu": (52.6, True), "Gln": (75.3, False)}


def judged(flags: dict[str, str] | None = None) -> Analysis:
    """Four compared values, of which that of Gln could hardly have seen anything."""
    analysis = factory.make_analysis()
    like = next(result.z for result in analysis.metabolites if result.z is not None)
    assert like is not None
    results = []
    for result in analysis.metabolites:
        percent, informative = SEEN.get(result.name, (None, None))
        z = None
        if percent is not None:
            z = replace(
                like,
                flag=(flags or {}).get(result.name, "within"),
                detectable_percent=percent,
                informative=informative,
                shares=Shares(0.1, 0.2, 0.65, 0.05),
                improvements=(
                    Improvement("own-controls", "8 volunteers on this scanner would …", None, 0.2, percent - 9.0, 8),
                    Improvement("own-controls", "3 volunteers on this scanner would …", None, 0.3, percent - 5.0, 3),
                ),
            )
        results.append(replace(result, z=z, z_absent=result.z_absent if z is None else None))
    tests = sum(informative is True for _, informative in SEEN.values())
    return replace(
        analysis, metabolites=tuple(results), multiplicity=Multiplicity(tests, 0.05 * tests, 0, 0, None, None)
    )


def row(report: content.Report, name: str) -> rows.MetaboliteRow:
    """The row of a metabolite."""
    return next(line for group in report.groups for line in group.rows if line.name == name)


def test_decreases_that_would_have_been_flagged_are_named_smallest_first() -> None:
    """Only informative comparisons are counted and promise anything."""
    standout = content.build(AnalysisDocument(judged())).standout

    assert standout.sentence.startswith("None of the 3 compared values")
    assert standout.noticed == (
        "tCho 18 % below what published controls lead to expect would have been flagged in four of five people who "
        "have it. The same holds from tNAA 41 %, Glu 53 %."
    )
    assert standout.findings[-1] == "Not counted: Gln. Only a decrease of more than 60 % would have been flagged."


def test_own_people_are_named_as_such() -> None:
    """With a calibration the decrease is one below this site's people."""
    analysis = judged()
    norms = tuple(replace(norm, kind="site", n=12) for norm in analysis.norms)
    site = SiteUsed("a" * 64, "prisma-acc", applied=True, reason=None)
    of_site = replace(analysis, norms=norms, provenance=replace(analysis.provenance, site=site))
    report = content.build(AnalysisDocument(of_site))

    assert report.standout.noticed.startswith("tCho 18 % below this site's healthy people")
    assert report.precision[0].startswith("Compared with 12 healthy people of this scanner (calibration prisma-acc)")


def test_an_uninformative_value_is_folded_unless_it_lies_outside() -> None:
    """A position that could not have been seen takes one line; one outside its interval stays in sight."""
    within = content.build(AnalysisDocument(judged()))
    outside = content.build(AnalysisDocument(judged({"Gln": "below"})))

    assert row(within, "Gln").folded == "Not informative: sees −75 %"
    assert row(within, "tNAA").folded == ""
    assert "Gln" not in [strip.name for strip in within.strips]
    assert row(outside, "Gln").folded == ""
    assert "Gln" in [strip.name for strip in outside.strips]
    assert outside.standout.flags == ()
    assert outside.standout.findings[-1].startswith("Outside all the same: Gln (ratio to tCr) is below")


def test_shares_and_remedies_stand_in_words() -> None:
    """The largest share of uncertainty, and what the fewest volunteers worth it would make visible."""
    said = content.build(AnalysisDocument(judged())).precision

    assert "this laboratory makes the largest part of the uncertainty of tNAA, tCho, Glu, Gln: 65 %" in said[1]
    assert said[-1] == (
        "3 healthy volunteers on this scanner would make smaller decreases visible: tNAA 36 % (now 41 %), "
        "tCho 13 % (now 18 %), Glu 48 % (now 53 %), Gln 70 % (now 75 %)."
    )


def test_leading_values_without_comparison_are_named_with_the_reason() -> None:
    """A value that a reader looks for is not silently absent."""
    report = content.build(AnalysisDocument(factory.limited(factory.make_analysis())))
    absent = [name for line in report.reasons for name in line.names if name in ("tNAA", "tCho", "Glx")]

    for name in absent if len(report.reasons) > 1 else ():
        assert any(finding.startswith("Not compared:") and name in finding for finding in report.standout.findings)


def test_a_norm_without_a_study_of_the_region_is_a_finding() -> None:
    """An interval that is inferred from other regions says so at the top."""
    analysis = judged()
    norms = tuple(replace(norm, studies=0) if norm.metabolite == "tNAA" else norm for norm in analysis.norms)
    findings = content.build(AnalysisDocument(replace(analysis, norms=norms))).standout.findings

    assert any(finding.startswith("No study measured tNAA") for finding in findings)


@pytest.mark.parametrize("id", list(templates()))
def test_ids_of_templates_stand_in_no_sentence(id: str) -> None:
    """People read the publication, programs the id; each shipped template has a name."""
    said = typeset(f"tCho would be 2.2 standard deviations higher with macromolecules {id}.")

    assert id not in said
    assert "macromolecules of " in said
