"""Many files of an upload: which are one scan, which are water, of which spectrum; and misspelt regions."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.pages.region_hint import meant_region
from service.pages.upload_scans import proposed_scans

EXAMPLES = Path(__file__).parents[2] / "examples"
SPECTRUM = (EXAMPLES / "acc_press30.nii.gz").read_bytes()
WATER = (EXAMPLES / "acc_press30_water.nii.gz").read_bytes()


def test_the_water_reference_is_recognised_by_its_data() -> None:
    """The names say the opposite of what the data are, and the data decide."""
    scans = proposed_scans([("water.nii.gz", SPECTRUM), ("metabolites.nii.gz", WATER), ("notes.txt", b"nothing")])

    assert [(scan.files, scan.is_water, scan.water) for scan in scans] == [((0,), False, 1), ((1,), True, None)]


def test_each_spectrum_has_the_reference_of_its_name() -> None:
    """Where headers do not say the place, the name that begins most alike decides."""
    files = [
        ("p1_svs.nii.gz", SPECTRUM),
        ("p1_ref.nii.gz", WATER),
        ("p2_svs.nii.gz", SPECTRUM),
        ("p2_ref.nii.gz", WATER),
    ]
    scans = proposed_scans(files)

    assert [scan.is_water for scan in scans] == [False, True, False, True]
    assert (scans[0].water, scans[2].water) == (1, 3)


def test_a_reference_that_may_be_of_several_is_none() -> None:
    """Two references that are named alike are left to the person."""
    scans = proposed_scans([("x.nii.gz", SPECTRUM), ("a1.nii.gz", WATER), ("a2.nii.gz", WATER)])

    assert scans[0].water is None


def test_files_of_one_name_in_different_folders_are_two_scans() -> None:
    """A folder for each person with the scanner's file name in it."""
    scans = proposed_scans([("svs.nii.gz", SPECTRUM), ("svs.nii.gz", SPECTRUM)])

    assert [scan.files for scan in scans] == [(0,), (1,)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("AAC", "ACC"), ("dlpcf", "dlPFC"), ("ACC", None), ("left acc", None), ("Pons", None), ("", None)],
)
def test_a_misspelt_region_is_asked_about(written: str, meant: str | None) -> None:
    """Known names and names like none raise no question."""
    assert meant_region(written) == meant
