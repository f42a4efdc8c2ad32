"""What becomes of the sessions of one person: order, what is left out, what is compared, and what is not said."""

from __future__ import annotations

import re

import numpy as np
import pytest

from fitting.errors import UnusableTable
from fitting.follow_up import Repeatability, course, published_repeatability
from fitting.follow_up.association import associate
from fitting.follow_up.published import read_rows, repeat_rows
from fitting.norms.regions import find_region
from fitting.reason import Absence
from tests.data.follow_up import analysis, session


def test_every_row_of_repeats_cites_its_source() -> None:
    """A DOI or another locator, a known region, a grade; only rows between days with a DOI are used."""
    rows = repeat_rows()

    assert len({row.row for row in rows}) == len(rows)
    for row in rows:
        assert find_region(row.region) is not None, row
        assert re.fullmatch(r"10\.\d{4,9}/\S+", row.doi) or re.search(r"PMID|acemap", row.locator), row
        assert 0.01 < row.cv < 0.4, row
        assert row.grade in "BCD", row
        if row.design == "between-days":
            assert row.doi, row
            assert row.people, row


def test_published_repeats_by_place_side_and_field() -> None:
    """The part of the region and the side choose the row; where they are not known, the worse one counts."""
    found = {
        (name, side): published_repeatability("tNAA", find_region(name), side, 3.0, 0.03)
        for name, side in (
            ("aMCC", None),
            ("pgACC", None),
            ("ACC", None),
            ("posterior insula", "left"),
            ("insula", None),
        )
    }
    cv = {key: item.cv for key, item in found.items() if isinstance(item, Repeatability)}

    # the mean of four days' standard deviations is 0.9213 of the true one
    assert cv["aMCC", None] == pytest.approx(0.053 / 0.9213, rel=1e-4)
    assert cv["ACC", None] == cv["pgACC", None] == pytest.approx(0.066 / 0.9213, rel=1e-4)
    assert cv["posterior insula", "left"] == pytest.approx(0.073 / 0.9213, rel=1e-4)
    assert cv["insula", None] == pytest.approx(0.082 / 0.9213, rel=1e-4)


@pytest.mark.parametrize(
    ("metabolite", "region", "field_t", "echo_time", "code"),
    [
        ("tNAA", "dlPFC", 3.0, 0.03, "repeatability-missing"),
        ("tNAA", "subgenual ACC", 3.0, 0.03, "repeatability-missing"),
        ("tNAA", "subgenual ACC", 7.0, 0.03, "repeatability-missing"),
        ("tNAA", "anterior insula", 3.0, 0.03, "repeatability-missing"),
        ("Gln", "ACC", 3.0, 0.03, "repeatability-missing"),
        ("tNAA", "ACC", 1.5, 0.03, "repeatability-missing"),
        ("tNAA", "ACC", 3.0, 0.144, "repeatability-echo-time"),
        ("tNAA", "cerebellum", 3.0, 0.03, "repeatability-region"),
    ],
)
def test_nothing_is_borrowed(metabolite: str, region: str, field_t: float, echo_time: float, code: str) -> None:
    """Another region, part, metabolite, field or a long echo time has no published repeats and a reason."""
    found = published_repeatability(metabolite, find_region(region), None, field_t, echo_time)

    assert isinstance(found, Absence)
    assert found.code == code


HEADER = (
    "row,study,year,doi,region,subregion,hemisphere,metabolites,field_t,sequence,echo_time,people,repeats,design,"
    "statistic,percent,spread_percent,grade,locator,note\n"
)
GOOD = "R1,S,2000,10.1/x,ACC,,,tNAA,3,,,9,2,between-days,absolute-difference,6,8,B,abstract,\n"


def test_mean_and_spread_of_differences_make_a_within_person_deviation() -> None:
    """Of pairs, √((mean² + SD²) / 2) is exactly the within-person coefficient of variation."""
    (row,) = read_rows(HEADER + GOOD)

    assert row.cv == pytest.approx(np.sqrt((0.06**2 + 0.08**2) / 2))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (",9,2,", ",9,1,"),
        ("between-days", "sometimes"),
        ("absolute-difference", "range"),
        (",6,8,", ",-6,8,"),
        (",3,,", ",x,,"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_line(old: str, new: str) -> None:
    """Every broken cell names the line."""
    with pytest.raises(UnusableTable, match="Line 2"):
        read_rows(HEADER + GOOD.replace(old, new))


def test_days_order_sessions_only_when_all_state_one() -> None:
    """With all days they order; with one missing no day is used, and visits of one name share a place."""
    with_days = course([session(1, day=40), session(2, day=0), session(3, day=20)])
    without = course([session(1, day=40), session(2), session(3, name="ses-1", region="dlPFC")])

    assert [visit.id for visit in with_days.visits] == ["a2", "a3", "a1"]
    assert (with_days.axis, without.axis) == ("days", "order")
    assert [(visit.id, visit.time) for visit in without.visits] == [("a1", 1.0), ("a3", 1.0), ("a2", 2.0)]


def test_groups_are_mutually_comparable() -> None:
    """Volumes of 8, 9.5 and 11 ml: neighbours are alike, the ends are not, so the last stands alone and is named."""
    found = course([session(n, voi_volume_ml=volume) for n, volume in enumerate((8.0, 9.5, 11.0))])

    assert [series.sessions for series in found.series] == [("a0", "a1"), ("a2",)]
    (refusal,) = found.refusals
    assert (refusal.earlier, refusal.later) == ("a0", "a2")
    assert [item.code for item in refusal.differences] == ["volume"]
    assert "not a change" in refusal.sentence


def test_one_analysis_of_a_place_stands_for_a_visit() -> None:
    """The last one; another region of the same visit stands beside it, in its own series."""
    found = course([session(1), session(2, name="ses-1"), session(3, name="ses-1", region="dlPFC")])

    assert [(item.id, item.code) for item in found.left_out] == [("a1", "same-visit")]
    assert [series.sessions for series in found.series] == [("a2",), ("a3",)]
    assert found.refusals == ()


def test_two_names_of_one_region_are_one_place() -> None:
    """Synonyms do not keep sessions apart."""
    found = course([session(1, region="ACC"), session(2, region="anterior cingulate cortex")])

    assert len(found.series) == 1


def test_no_sessions_give_an_empty_course() -> None:
    """No sessions, no course, no error."""
    empty = course([])

    assert (empty.visits, empty.series, empty.clinical) == ((), (), ())


def test_clinical_measures_need_ten_sessions_to_go_with_anything() -> None:
    """Nine say nothing; from ten on there is a rank correlation with its interval, and a sentence what it is not."""
    few = course([session(n, {"tNAA": 1 + n / 50}, clinical={"odi": 50 - n}) for n in range(9)])
    many = course([session(n, {"tNAA": 1 + n / 50}, clinical={"odi": 50 - n}) for n in range(10)])
    together = next(item for item in many.series[0].together if item.metabolite == "tNAA")

    assert few.series[0].together_absent is not None
    assert "9 sessions" in few.series[0].together_absent.sentence
    assert together.association.rho == pytest.approx(-1.0)
    assert -1.0 < together.association.low < together.association.high < -0.9
    assert "not independent" in together.association.sentence


def test_interval_of_a_rank_correlation() -> None:
    """ρ = 0.5 of 12 pairs: Fisher's z ± 1.96 √(1.125 / 9)."""
    ranks = np.arange(12.0)
    rng = np.random.default_rng(1)
    other = ranks + rng.normal(0.0, 4.0, 12)
    found = associate(ranks, other)

    assert not isinstance(found, Absence)
    reach = 1.959964 * np.sqrt((1.0 + found.rho**2 / 2.0) / 9.0)
    assert np.arctanh(found.high) - np.arctanh(found.rho) == pytest.approx(reach, rel=1e-5)
    assert isinstance(associate(ranks, np.ones(12)), Absence)


def test_own_repeats_that_were_measured_differently_do_not_count() -> None:
    """Repeats at another echo time, or of bad spectra, are no repeats of these sessions."""
    sessions = [session(1), session(2)]
    alike = {str(n): [analysis(f"{n}-{k}", {"tNAA": 1 + 0.03 * k}) for k in (0, 1)] for n in range(6)}
    unlike = {who: [analysis(f"x{who}-{k}", echo_time=0.04) for k in (0, 1)] for who in alike}

    def scatter(repeats: object) -> object:
        (found,) = course(sessions, repeats).series  # type: ignore[arg-type]
        return next(item.repeatability for item in found.followed if item.metabolite == "NAAG")

    assert isinstance(scatter(alike), Repeatability)
    assert scatter(unlike) is None
