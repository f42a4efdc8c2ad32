"""MANIFEST.csv: what is read, and which line every complaint names."""

from __future__ import annotations

from pathlib import Path

import pytest

from fitting.errors import UnusableTable
from fitting.request import FIELDS, Overrides, Subject, TissueFractions, request_of
from service.cli.manifest import COLUMNS, BadEntry, ManifestRow, read_manifest


def manifest(folder: Path, text: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_column_reaches_the_entry(tmp_path: Path) -> None:
    """Each column lands on its noun, paths are resolved against the manifest's folder."""
    cells = {
        **{"id": "one", "metabolite": "a.rda", "water_reference": "w.rda", "basis": "../b.basis", "csf_map": "c.nii"},
        **{"region": "ACC", "hemisphere": "left", "age_years": "44.5", "sex": "female"},
        **{"gm": "0.6", "wm": "0.3", "csf": "0.1", "subject": "sub-1", "session_day": "7", "pain_vas": "4"},
        **{"echo_time": "0.03", "repetition_time": "2", "spectrometer_frequency": "123.25e6"},
        **{"tags": "pilot; second reading"},
        **{"dwell_time": "0.0005", "sequence": "PRESS", "mixing_time": "0.01", "concentration_prior": "adult-brain"},
    }
    (entry,) = read_manifest(manifest(tmp_path, f"{','.join(cells)}\n{','.join(cells.values())}\n")).entries
    request = request_of(entry.document)

    assert entry.id == "one"
    assert entry.paths == {
        "metabolite": tmp_path / "a.rda",
        "water_reference": tmp_path / "w.rda",
        "basis": tmp_path / "../b.basis",
        "csf": tmp_path / "c.nii",
    }
    assert request.subject == Subject("ACC", "left", 44.5, "female", TissueFractions(0.6, 0.3, 0.1))
    assert request.options.overrides == Overrides(0.03, 2.0, 123.25e6, 0.0005, "PRESS", 0.01)
    assert request.options.concentration_prior == "adult-brain"
    assert request.visit.tags == ("pilot", "second reading")
    assert (request.visit.subject, request.visit.session_day, request.clinical.pain_vas) == ("sub-1", 7.0, 4.0)


def test_every_declared_field_has_a_column() -> None:
    """No field of a request is out of a manifest's reach, and no two share a column."""
    assert {field.column for field in FIELDS} < set(COLUMNS)
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_unknown_columns_are_carried_through(tmp_path: Path) -> None:
    """An unknown column is named, kept with its cells and not read."""
    found = read_manifest(manifest(tmp_path, "metabolite,scanner room,te\na.rda,blue,30\n"))

    assert found.carried == ("scanner room", "te")
    assert found.entries[0].carried == {"scanner room": "blue", "te": "30"}
    assert found.entries[0].document == {}


def test_options_are_defaults_of_rows(tmp_path: Path) -> None:
    """A row's own cell wins over the command's option; the two are joined within an object."""
    text = "metabolite,region,echo_time,gm,wm,csf\na.rda,,0.03,,,\nb.rda,PCC,,1,0,0\n"
    shared = {
        **{"region": "ACC", "overrides": {"echo_time": 0.02, "sequence": "PRESS"}},
        "tissue": {"gm": 0.5, "wm": 0.5, "csf": 0.0},
    }
    first, second = (
        entry.after(shared, {"basis": Path("b.basis")})
        for entry in read_manifest(manifest(tmp_path, text)).entries
        if isinstance(entry, ManifestRow)
    )

    assert first.document == shared | {"overrides": {"echo_time": 0.03, "sequence": "PRESS"}}
    assert second.document == shared | {"region": "PCC", "tissue": {"gm": 1.0, "wm": 0.0, "csf": 0.0}}
    assert second.paths == {"basis": Path("b.basis"), "metabolite": tmp_path / "b.rda"}


def test_only_the_metabolite_is_required(tmp_path: Path) -> None:
    """One column suffices; the file's name as written is the id; byte-order mark, spaces and blank lines do no harm."""
    entries = read_manifest(manifest(tmp_path, "\ufeffmetabolite\n scans/a.rda \n\nb.rda\n")).entries

    assert [entry.id for entry in entries] == ["scans/a.rda", "b.rda"]
    assert all(isinstance(entry, ManifestRow) and entry.document == {} for entry in entries)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "manifest.csv:1: there is no column 'metabolite'"),
        ("id,spectrum\n1,a\n", "manifest.csv:1: there is no column 'metabolite'"),
        ("metabolite,sex,sex\na,male,male\n", "manifest.csv:1: column 'sex' stands there twice"),
        ("metabolite,regoin\na,ACC\n", "manifest.csv:1: unknown column 'regoin', is 'region' meant?"),
        ("metabolite\n", "no rows below the header"),
        ('metabolite\n"a.rda\n', "manifest.csv:2: "),
    ],
)
def test_file_without_manifest_columns_is_refused_as_a_whole(tmp_path: Path, text: str, complaint: str) -> None:
    """Nothing is analysed when the table itself cannot be trusted."""
    with pytest.raises(UnusableTable) as caught:
        read_manifest(manifest(tmp_path, text))

    assert complaint in caught.value.detail


def test_a_binary_or_missing_file_is_refused(tmp_path: Path) -> None:
    """Bytes that are no text, and no file at all, are told apart from an empty table."""
    path = tmp_path / "manifest.csv"
    with pytest.raises(UnusableTable, match="cannot be opened"):
        read_manifest(path)
    path.write_bytes(b"metabolite\n\xff\xfe\n")
    with pytest.raises(UnusableTable, match="not UTF-8"):
        read_manifest(path)


@pytest.mark.parametrize(
    ("header", "cells", "complaint"),
    [
        ("metabolite,age_years", "a.rda,old", "age_years = 'old' is not a number"),
        ("metabolite,echo_time", "a.rda,nan", "echo_time = 'nan' is not a number"),
        ("metabolite,sex", "a.rda,F", "sex = 'F' is not one of female, male, other"),
        ("metabolite,hemisphere", "a.rda,L", "hemisphere = 'L' is not one of left, right, midline"),
        ("metabolite,gm,wm,csf", "a.rda,0.6,0.3,", "tissue needs all of gm, wm, csf; csf is missing"),
        ("id,metabolite", "one,", "metabolite is empty"),
        ("id,metabolite", "one,a.rda,more", "3 cells under 2 columns"),
        ("id,metabolite", "first,a.rda", "id 'first' stands on line 2 already"),
    ],
)
def test_a_bad_row_costs_only_itself(tmp_path: Path, header: str, cells: str, complaint: str) -> None:
    """The complaint names file and line; the rows around it are read."""
    width = header.count(",") + 1
    good = "first,x.rda" if header.startswith("id") else "x.rda"
    last = "last,z.rda" if header.startswith("id") else "z.rda"
    rows = [good + "," * (width - 1 - good.count(",")), cells, last + "," * (width - 1 - last.count(","))]
    entries = read_manifest(manifest(tmp_path, "\n".join([header, *rows]) + "\n")).entries

    assert [type(entry) for entry in entries] == [ManifestRow, BadEntry, ManifestRow]
    bad = entries[1]
    assert isinstance(bad, BadEntry)
    assert bad.problem.detail.startswith("manifest.csv:3: ")
    assert complaint in bad.problem.detail
