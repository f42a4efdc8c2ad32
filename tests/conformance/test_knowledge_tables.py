"""Every shipped row of knowledge has its source and a plausible value."""

from __future__ import annotations

import csv
import re
from importlib.resources import files

import pytest

from fitting.basis.metabolites import metabolites
from fitting.io.sequence_table import FAMILIES, REFUSED, words_of
from fitting.norms.control_model import control_model
from fitting.norms.evidence import findings
from fitting.norms.matching import LONGEST_ECHO_TIME, OLDEST, YOUNGEST
from fitting.norms.regions import find_region, normal_name, regions
from fitting.norms.study_rows import norm_version, rows_digest, study_rows
from fitting.quantification import relaxation_table
from fitting.quantification.totals import ORDER, totals

DATA = files("fitting").joinpath("data")
WINDOWS = {
    "NAA": (0.7, 2.2),
    "tNAA": (0.7, 2.2),
    "Glu": (0.5, 2.2),
    "Gln": (0.05, 0.9),
    "Glx": (0.7, 3.2),
    "mI": (0.3, 1.6),
    "tCho": (0.1, 0.5),
}
"""Ratios of concentrations; a tCho/tCr above 0.5 is a ratio of peak areas."""


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(DATA.joinpath(name).read_text(encoding="utf-8").splitlines()))


def test_every_study_row_cites_its_source() -> None:
    """A DOI where there is one, always a locator, a year, and each row once."""
    rows = study_rows()

    assert len(rows) > 900
    assert len({row.row for row in rows}) == len(rows)
    for row in rows:
        assert row.locator, row
        assert not row.doi or re.fullmatch(r"10\.\d{4,9}/\S+", row.doi), row
        assert row.doi or re.search(r"github|doi|10\.|PII|Table", row.locator), row
        assert 1990 <= row.year <= 2100, row


ELSEWHERE = {
    *("white_matter", "cerebellum", "pMCC", "medial_parietal", "parieto-occipital", "whole_brain", "other"),
    *("frontal_other", "parietal_other", "temporal_other"),
}
"""Regions that are never compared with; their studies tell the control model how far laboratories differ."""


def test_the_control_model_is_of_the_present_rows() -> None:
    """Any change of a row needs ``make norm-model``."""
    assert control_model().rows_sha256 == rows_digest()


def test_every_study_row_is_of_the_admitted_kind() -> None:
    """Region, unit, age, echo time, size and grade are those the matching assumes."""
    names = {region.name for region in regions()} | ELSEWHERE
    for row in study_rows():
        assert row.region in names, row
        assert row.unit in {"tCr", "mM", "IU"}, row
        assert row.metabolite in {*WINDOWS, "tCr"}, row
        assert row.grade in {"A", "B", "C"}, row
        assert row.n >= 5, row
        assert row.age_mean is None or YOUNGEST <= row.age_mean <= OLDEST, row
        assert row.echo_time is None or 0.0 < row.echo_time <= LONGEST_ECHO_TIME, row
        assert row.field_t in {None, 1.5, 3.0, 4.0, 7.0, 9.4}, row
        assert not (row.derived and row.sd is not None), row


def test_ratios_are_of_concentrations_and_spreads_are_of_people() -> None:
    """Every ratio is inside the window of its metabolite, every SD in use a plausible share of the mean."""
    for row in study_rows():
        if row.unit == "tCr":
            low, high = WINDOWS[row.metabolite]
            assert low <= row.mean <= high, row
            assert row.sd is None or 0.02 <= row.sd / row.mean <= 0.7, row


@pytest.mark.parametrize("name", ["sequence_names.csv", "sequence_words.csv"])
def test_every_sequence_name_cites_its_source(name: str) -> None:
    """A DOI, a manual, or a public reader with its file or issue; no name twice, and a kind that is known."""
    rows = table(name)
    keys = ["".join(words_of(next(iter(row.values())))) for row in rows]

    assert len(set(keys)) == len(keys)
    for row in rows:
        assert re.search(r"doi:10\.\d{4}|\w+/\w+|arXiv:\d+", row["source"]), row
        assert row["kind"] in {*FAMILIES, *REFUSED}, row


def test_no_row_is_a_single_person() -> None:
    """The tables hold group means only: no column names a person and none has n = 1."""
    tables = [item for item in DATA.joinpath("norms").iterdir() if item.name.endswith(".csv")]
    assert len(tables) >= 12
    for item in tables:
        header = item.read_text(encoding="utf-8").splitlines()[0]
        assert not {"subject", "sex", "gm", "wm", "csf"} & set(header.split(","))


def test_version_is_a_content_address() -> None:
    """The version names the kind of norms and a hash, and is stable in a process."""
    assert re.fullmatch(r"literature-[0-9a-f]{12}", norm_version())


def test_names_of_regions_are_unambiguous() -> None:
    """No two regions or subregions share a name after normalisation."""
    seen: dict[str, str] = {}
    for region in regions():
        for owner, names in (
            (region.name, (region.name, region.label, *region.synonyms)),
            *((f"{region.name}/{part.name}", (part.name, *part.synonyms)) for part in region.subregions),
        ):
            for name in names:
                assert seen.setdefault(normal_name(name), owner) == owner, name
                assert find_region(name) is not None
        for gap in (*region.gaps, *(gap for part in region.subregions for gap in part.gaps)):
            assert gap.reason
            assert gap.metabolites


def test_every_finding_is_cited_and_judged() -> None:
    """Findings name a known region, a study, a DOI or a reference, and one of three statuses."""
    names = {region.name for region in regions()}

    assert {item.status for item in findings()} == {"accepted", "unverified", "rejected"}
    for item in findings():
        assert item.region in names, item
        assert item.metabolite in ORDER, item
        assert item.study, item
        assert item.doi, item
        assert item.direction, item
        assert item.status == "accepted" or item.note, item


def test_every_relaxation_time_is_cited_and_physical() -> None:
    """Each row has a source for T1 and T2, T2 is shorter than T1, and T1 of tissue grows with field."""
    rows = table("relaxation.csv")
    for row in rows:
        assert row["t1_source"], row
        assert row["t2_source"], row
        assert float(row["t2"]) < float(row["t1"]), row
        assert row["species"] in {"water", "metabolite", *ORDER}, row
    for tissue in ("GM", "WM"):
        times = [float(row["t1"]) for row in rows if row["species"] == "water" and row["tissue"] == tissue]
        assert times == sorted(times)


@pytest.mark.parametrize("field", [1.5, 3.0, 7.0])
@pytest.mark.parametrize("tissue", ["GM", "WM"])
def test_every_metabolite_has_relaxation_times(field: float, tissue: str) -> None:
    """At the supported fields each metabolite and water finds a row."""
    relaxation = relaxation_table()
    for name in ("water", *ORDER):
        assert relaxation.find(name, tissue, field) is not None
    assert relaxation.find("water", "CSF", field) is not None


def test_small_tables_are_cited() -> None:
    """Water content and sums carry their source, and members of sums are metabolites."""
    assert all(row["source"] for row in table("water_content.csv"))
    assert all("doi:10." in item.source for item in metabolites() if item.members)
    assert all(member in ORDER for members in totals().values() for member in members)
    assert set(totals()) <= set(ORDER)
