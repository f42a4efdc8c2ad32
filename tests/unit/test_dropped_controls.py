"""Spectra that are dropped as controls: one submission for each person, without the names of files."""

from __future__ import annotations

import pytest

from service.pages.dropped_controls import submissions_of

GIVEN = {"name": "", "region": "ACC", "hemisphere": "left", "sequence": "PRESS", "echo_time": "35"}
FILES = [
    ("Smith_John.nii.gz", b"1"),
    ("Doe_Jane.SDAT", b"2"),
    ("Doe_Jane.SPAR", b"3"),
    ("scan.rda", b"4"),
    ("scan.rda", b"5"),
]


def test_each_spectrum_is_one_submission_of_one_person() -> None:
    """Pairs belong together, equal names do not; people are told apart by content and never by name."""
    submissions, errors = submissions_of(FILES, GIVEN, "r")

    assert errors == {}
    assert [[file.name for file in item.files] for item in submissions] == [
        ["metabolite.nii.gz"],
        ["metabolite.sdat", "metabolite.spar"],
        ["metabolite.rda"],
        ["metabolite.rda"],
    ]
    assert len({item.request["subject"] for item in submissions}) == 4
    assert not any(name in str(submissions) for name in ("Smith", "Doe"))
    for item in submissions:
        assert (item.request["region"], item.request["hemisphere"], item.request["group"]) == ("ACC", "left", "control")
        assert item.request["overrides"] == {"sequence": "PRESS", "echo_time": 0.035}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"region": ""}, "region"),
        ({"region": "<b>"}, "region"),
        ({"echo_time": "soon"}, "echo_time"),
        ({"echo_time": "35000"}, "echo_time"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(change: dict[str, str], field: str) -> None:
    """A missing region, and numbers that cannot be."""
    _, errors = submissions_of(FILES, {**GIVEN, **change}, "r")

    assert list(errors) == [field]


def test_no_file_is_an_error() -> None:
    """There is nothing to analyse."""
    assert list(submissions_of([], GIVEN, "r")[1]) == ["spectra"]
