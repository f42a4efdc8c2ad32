"""MANIFEST.csv: what is read, and which line every complaint names."""

from __future__ import annotations

from pathlib import Path

import pytest

from fitting.errors import UnusableTable
from fitting.subject import Overrides, Subject, TissueFractions
from service.cli.manifest import COLUMNS, BadEntry, Entry, read_manifest


def manifest(folder: Path, text: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_column_reaches_the_entry(tmp_path: Path) -> None:
    """Each column lands on its noun, paths are resolved against the manifest's folder."""
    cells = "one,a.rda,w.rda,ACC,left,44.5,female,0.6,0.3,0.1,0.03,2,123.25e6,0.0005,PRESS,../b.basis,mm.raw"
    (entry,) = read_manifest(manifest(tmp_path, ",".join(COLUMNS) + "\n" + cells + "\n"))

    assert entry == Entry(
        id="one",
        metabolite=tmp_path / "a.rda",
        water_reference=tmp_path / "w.rda",
        subject=Subject("ACC", "left", 44.5, "female", TissueFractions(0.6, 0.3, 0.1)),
        overrides=Overrides(0.03, 2.0, 123.25e6, 0.0005, "PRESS"),
        basis=tmp_path / "../b.basis",
        macromolecules=tmp_path / "mm.raw",
    )


def test_only_the_metabolite_is_required(tmp_path: Path) -> None:
    """One column suffices; the file's name as written is the id; byte-order mark, spaces and blank lines do no harm."""
    entries = read_manifest(manifest(tmp_path, "\ufeffmetabolite\n scans/a.rda \n\nb.rda\n"))

    assert [entry.id for entry in entries] == ["scans/a.rda", "b.rda"]
    assert all(isinstance(entry, Entry) and entry.subject == Subject() for entry in entries)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "manifest.csv:1: there is no column 'metabolite'"),
        ("id,spectrum\n1,a\n", "manifest.csv:1: there is no column 'metabolite'"),
        ("metabolite,te\na,30\n", "manifest.csv:1: unknown column 'te'"),
        ("metabolite,sex,sex\na,male,male\n", "manifest.csv:1: column 'sex' stands there twice"),
        ("metabolite\n", "no rows below the header"),
        ('metabolite\n"a.rda\n', "manifest.csv:2: "),
    ],
)
def test_a_file_that_is_no_manifest_is_refused_as_a_whole(tmp_path: Path, text: str, complaint: str) -> None:
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
        ("metabolite,gm,wm,csf", "a.rda,0.6,0.3,", "only some of gm, wm and csf"),
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
    entries = read_manifest(manifest(tmp_path, "\n".join([header, *rows]) + "\n"))

    assert [type(entry) for entry in entries] == [Entry, BadEntry, Entry]
    bad = entries[1]
    assert isinstance(bad, BadEntry)
    assert bad.problem.detail.startswith("manifest.csv:3: ")
    assert complaint in bad.problem.detail
