"""What a BIDS dataset says of each spectrum: person, place, water, tissue; and what is refused, by name."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from fitting.errors import FittingError, UnusableTable
from service.cli.bids.bids_names import bids_name, is_ignored
from service.cli.bids.dataset import BidsSpectrum, open_dataset, spectra_of
from service.cli.bids.participant_level import chosen_spectra
from tests.unit.bids.datasets import add, dataset


def spectra(root: Path, **given: Any) -> list[BidsSpectrum]:
    said = {"participants": (), "sessions": (), "regions": {}, "tissue_maps": None, "request": {}, **given}
    return spectra_of(open_dataset(root), **said)


def only(root: Path, **given: Any) -> BidsSpectrum:
    (item,) = spectra(root, **given)
    return item


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("44\tF\tcontrol", {"age_years": 44.0, "sex": "female", "group": "control"}),
        ("89+\tmale\tn/a", {"age_years": 90.0, "sex": "male"}),
        ("n/a\tO\tn/a", {"sex": "other"}),
        ("0.5\tFEMALE\tn/a", {"age_years": 0.5, "sex": "female"}),
        ("old\tx\tn/a", {}),
    ],
)
def test_person_of_participants_tsv(tmp_path: Path, cells: str, said: dict[str, Any]) -> None:
    """What cannot be used is named in a note and never guessed."""
    root = dataset(tmp_path, f"participant_id\tage\tsex\tgroup\nsub-01\t{cells}\n")
    add(root, "sub-01_voi-acc")
    item = only(root)

    assert {name: value for name, value in item.document.items() if name in ("age_years", "sex", "group")} == said
    assert any("'old'" in note for note in item.notes) == ("old" in cells)


def test_values_of_the_session_win(tmp_path: Path) -> None:
    root = dataset(tmp_path)
    add(root, "sub-01_ses-post_voi-acc")
    (root / "sub-01" / "sub-01_sessions.tsv").write_text("session_id\tage\tsex\nses-post\t46\tn/a\n")

    assert only(root).document == {"age_years": 46.0, "sex": "female", "group": "control", "region": "ACC"}


def test_ages_in_months_become_years(tmp_path: Path) -> None:
    """As the column's description says; in a unit that is not known the age is missing."""
    root = dataset(tmp_path, "participant_id\tage\nsub-01\t18\n")
    add(root, "sub-01_voi-acc")
    for unit, years in (("months", 1.5), ("year", 18.0), ("moons", None)):
        (root / "participants.json").write_text(json.dumps({"age": {"Units": unit}}))
        assert only(root).document.get("age_years") == years


@pytest.mark.parametrize(
    ("stem", "sidecar", "regions", "said"),
    [
        ("sub-01_voi-acc", {}, {}, {"region": "ACC"}),
        ("sub-01_voi-x", {"BodyPartDetails": "Left dorsolateral prefrontal cortex"}, {}, ("dlPFC", "left")),
        ("sub-01_voi-acc", {"BodyPartDetails": "Right thalamus"}, {}, ("thalamus", "right")),
        ("sub-01_voi-acc", {"BodyPartDetails": "Right thalamus"}, {"acc": "OFC"}, {"region": "OFC"}),
        ("sub-01_voi-nowhere", {"BodyPartDetails": "toe"}, {}, {}),
        ("sub-01", {}, {}, {}),
    ],
)
def test_region_and_side(
    tmp_path: Path, stem: str, sidecar: dict[str, Any], regions: dict[str, str], said: Any
) -> None:
    """The option wins over the sidecar, and that over the entity; an unknown region is named and not used."""
    root = dataset(tmp_path)
    add(root, stem, sidecar={"EchoTime": 0.03, **sidecar})
    item = only(root, regions=regions)
    expected = said if isinstance(said, dict) else {"region": said[0], "hemisphere": said[1]}

    assert {name: item.document[name] for name in ("region", "hemisphere") if name in item.document} == expected
    assert any("region" in note for note in item.notes) == (not expected)


def test_water_is_what_the_sidecar_names(tmp_path: Path) -> None:
    """By BIDS URI; of several that for concentrations, and a note says so."""
    root = dataset(tmp_path)
    for acq in ("ecc", "conc"):
        add(root, f"sub-01_acq-{acq}_voi-acc", "mrsref")
    named = [f"bids::sub-01/mrs/sub-01_acq-{acq}_voi-acc_mrsref.nii.gz" for acq in ("ecc", "conc")]
    add(root, "sub-01_voi-acc", sidecar={"ReferenceSignal": named[0]})
    assert only(root).paths["water_reference"].name == "sub-01_acq-ecc_voi-acc_mrsref.nii.gz"
    add(root, "sub-01_voi-acc", sidecar={"ReferenceSignal": named})
    item = only(root)

    assert item.paths["water_reference"].name == "sub-01_acq-conc_voi-acc_mrsref.nii.gz"
    assert any("Of 2 water references" in note for note in item.notes)


def test_water_of_the_same_entities_only(tmp_path: Path) -> None:
    """Never that of another voxel or session."""
    root = dataset(tmp_path)
    add(root, "sub-01_voi-acc")
    add(root, "sub-01_voi-dlpfc", "mrsref")
    assert "water_reference" not in only(root).paths
    add(root, "sub-01_voi-acc", "mrsref")

    assert only(root).paths["water_reference"].name == "sub-01_voi-acc_mrsref.nii.gz"


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("bids::sub-01/mrs/sub-01_voi-gone_mrsref.nii.gz", "is not there"),
        ("bids::../other/sub-01_voi-acc_mrsref.nii.gz", "outside of the dataset"),
        ("bids:other:sub-01/mrs/sub-01_voi-acc_mrsref.nii.gz", "outside of the dataset"),
        ("bids::sub-01/mrs/sub-01_voi-dlpfc_mrsref.nii.gz", "of another voi"),
    ],
)
def test_a_wrong_water_reference_refuses_its_spectrum(tmp_path: Path, named: str, says: str) -> None:
    """A wrong reference is worse than none, and an answer without it would be another answer."""
    root = dataset(tmp_path / "data")
    add(root, "sub-01_voi-dlpfc", "mrsref")
    add(root, "sub-01_voi-acc", sidecar={"ReferenceSignal": named})
    problem = only(root).problem

    assert problem is not None
    assert says in problem.detail


@pytest.mark.parametrize(
    ("sidecar", "says"),
    [
        ({"EchoTime": 30}, "30 s is no echo time; BIDS is in seconds"),
        ({"SpectrometerFrequency": [123200000]}, "BIDS is in MHz"),
        ({"MixingTime": 10}, "BIDS is in seconds"),
    ],
)
def test_sidecars_in_other_units_are_refused(tmp_path: Path, sidecar: dict[str, Any], says: str) -> None:
    root = dataset(tmp_path)
    add(root, "sub-01_voi-acc", sidecar=sidecar)
    problem = only(root).problem

    assert problem is not None
    assert problem.code == "implausible-parameter"
    assert says in problem.detail


def test_sidecars_of_folders_above_are_inherited(tmp_path: Path) -> None:
    """The nearest wins; one for other entities does not apply."""
    root = dataset(tmp_path)
    add(root, "sub-01_acq-press_voi-acc", sidecar={"EchoTime": 0.035})
    (root / "acq-press_svs.json").write_text(json.dumps({"EchoTime": 0.1, "RepetitionTime": 3.0}))
    (root / "acq-steam_svs.json").write_text(json.dumps({"MixingTime": 0.01}))
    (root / "svs.json").write_text(json.dumps({"Manufacturer": "Siemens", "RepetitionTime": 9.0}))

    assert only(root).sidecars["metabolite"] == {"EchoTime": 0.035, "RepetitionTime": 3.0, "Manufacturer": "Siemens"}


def test_other_kinds_and_wrong_names_are_refused_by_name(tmp_path: Path) -> None:
    root = dataset(tmp_path)
    add(root, "sub-01_voi-acc", "mrsi")
    add(root, "sub-01_voi-acc", "unloc")
    add(root, "sub-01_voi-acc", "mrsref")
    folder = root / "sub-01" / "mrs"
    (folder / "scan.nii.gz").write_bytes(b"x")
    (folder / "sub-02_voi-acc_svs.nii.gz").write_bytes(b"x")
    (folder / "sub-01_voi-acc_voi-b_svs.nii.gz").write_bytes(b"x")
    problems = {item.path.name: item.problem.detail for item in spectra(root) if item.problem}

    assert len(problems) == 5
    assert "imaging (MRSI)" in problems["sub-01_voi-acc_mrsi.nii.gz"]
    assert "without localisation" in problems["sub-01_voi-acc_unloc.nii.gz"]
    assert "has no name of BIDS" in problems["scan.nii.gz"]
    assert "named otherwise than its folder" in problems["sub-02_voi-acc_svs.nii.gz"]
    assert "has no name of BIDS" in problems["sub-01_voi-acc_voi-b_svs.nii.gz"]


def test_links_out_of_the_dataset_are_not_read(tmp_path: Path) -> None:
    """Links within it are, as git-annex has them; one to content that was not fetched says how to get it."""
    root = dataset(tmp_path / "data")
    kept = add(root, "sub-01_voi-acc")
    store = root / ".git" / "annex"
    store.mkdir(parents=True)
    kept.rename(store / "key1")
    kept.symlink_to(store / "key1")
    (kept.parent / "sub-01_voi-gone_svs.nii.gz").symlink_to(store / "key2")
    (tmp_path / "secret").write_bytes(b"x")
    (kept.parent / "sub-01_voi-out_svs.nii.gz").symlink_to(tmp_path / "secret")
    problems = {item.name.get("voi"): item.problem and item.problem.detail for item in spectra(root)}

    assert problems["acc"] is None
    assert "datalad get" in str(problems["gone"])
    assert "outside of the dataset" in str(problems["out"])


@pytest.mark.parametrize(
    ("path", "patterns", "ignored"),
    [
        ("sub-01/mrs/a_svs.nii.gz", ["*_svs.nii.gz"], True),
        ("sub-01/mrs/a_svs.nii.gz", ["sub-01/mrs/"], True),
        ("sub-01/mrs/a_svs.nii.gz", ["sub-01/**"], True),
        ("sub-01/mrs/a_svs.nii.gz", ["**/mrs/*.nii.gz"], True),
        ("sub-01/mrs/a_svs.nii.gz", ["mrs"], True),
        ("sub-01/mrs/a_svs.nii.gz", ["/mrs/*"], False),
        ("sub-01/mrs/a_svs.nii.gz", ["*_svs.nii.gz", "!a_svs.nii.gz"], False),
        ("sub-01/mrs/a_svs.nii.gz", ["sub-1*"], False),
    ],
)
def test_bidsignore(path: str, patterns: list[str], ignored: bool) -> None:
    assert is_ignored(PurePosixPath(path), patterns) == ignored


def test_ignored_spectra_are_left_out(tmp_path: Path) -> None:
    root = dataset(tmp_path)
    add(root, "sub-01_voi-acc")
    add(root, "sub-01_voi-bad")
    (root / ".bidsignore").write_text("# failed\n*_voi-bad_*\n")

    assert [item.name.get("voi") for item in spectra(root)] == ["acc"]


def test_names() -> None:
    name = bids_name("sub-01_ses-pre_acq-press_voi-acc_svs.nii.gz")

    assert name is not None
    assert (name.stem, name.suffix, name.ending) == ("sub-01_ses-pre_acq-press_voi-acc", "svs", ".nii.gz")
    assert [bids_name(text) for text in ("a.nii.gz", "sub-_svs.nii", "sub-01_sub-02_svs.nii")] == [None] * 3


def maps(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")


def test_tissue_maps_are_those_of_the_own_image(tmp_path: Path) -> None:
    """Not of a template's space; of several none, and a note says so."""
    root, derivatives = dataset(tmp_path / "data"), tmp_path / "fmriprep"
    add(root, "sub-01_voi-acc")
    assert any("No tissue maps were found" in note for note in only(root, tissue_maps=derivatives).notes)
    anat = derivatives / "sub-01" / "anat"
    maps(anat, *(f"sub-01_space-MNI152_label-{label}_probseg.nii.gz" for label in ("GM", "WM", "CSF")))
    maps(anat, *(f"sub-01_label-{label}_probseg.nii.gz" for label in ("GM", "WM", "CSF")))
    found = only(root, tissue_maps=derivatives).paths
    assert [found[part].name for part in ("gray_matter", "white_matter", "csf")] == [
        f"sub-01_label-{label}_probseg.nii.gz" for label in ("GM", "WM", "CSF")
    ]
    maps(anat, "sub-01_run-2_label-GM_probseg.nii.gz")
    item = only(root, tissue_maps=derivatives)

    assert "gray_matter" not in item.paths
    assert any("several" in note for note in item.notes)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("participant_id\tage\nsub-01\t44\nsub-01\t45\n", "'sub-01' stands there twice"),
        ("id\tage\nsub-01\t44\n", "no column 'participant_id'"),
    ],
)
def test_unusable_participants_are_refused(tmp_path: Path, table: str, says: str) -> None:
    root = dataset(tmp_path, table)
    add(root, "sub-01_voi-acc")
    with pytest.raises(UnusableTable, match=says):
        spectra(root)


def test_labels_that_differ_in_capitals_only_are_refused(tmp_path: Path) -> None:
    root = dataset(tmp_path)
    (root / "sub-A").mkdir()
    (root / "sub-a").mkdir()
    if len(list(root.glob("sub-*"))) < 2:
        pytest.skip("this file system does not tell them apart")
    with pytest.raises(UnusableTable, match="differ in capitals only"):
        open_dataset(root)


def test_folder_without_description_is_refused_as_dataset(tmp_path: Path) -> None:
    """Unless validation is skipped; then it is read all the same."""
    add(tmp_path, "sub-01_voi-acc")
    with pytest.raises(UnusableTable, match=r"no dataset_description\.json"):
        open_dataset(tmp_path)
    assert open_dataset(tmp_path, unchecked=True).participants == ("01",)
    (tmp_path / "dataset_description.json").write_text('{"Name": "x"}')
    with pytest.raises(UnusableTable, match="does not say BIDSVersion"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("participants", "regions", "says"),
    [
        (["01", "07"], [], "no participant 07; there are 01"),
        ([], ["acc"], "not of the form"),
        ([], ["acc=toe"], "no region that is known"),
        (["sub-02"], [], "no participant 02"),
    ],
)
def test_unusable_choices_are_refused_before_anything_runs(
    tmp_path: Path, participants: list[str], regions: list[str], says: str
) -> None:
    root = dataset(tmp_path)
    add(root, "sub-01_voi-acc")
    with pytest.raises(FittingError, match=says):
        chosen_spectra(open_dataset(root), participants, [], regions, tissue_maps=None)


def test_sessions_are_chosen_by_label(tmp_path: Path) -> None:
    root = dataset(tmp_path)
    for session in ("pre", "post"):
        add(root, f"sub-01_ses-{session}_voi-acc")
    chosen = chosen_spectra(open_dataset(root), [], ["ses-post"], [], tissue_maps=None)

    assert [item.session for item in chosen] == ["post"]


def test_spectrum_without_a_sidecar_is_taken_with_a_note(tmp_path: Path) -> None:
    """The header extension suffices."""
    root = dataset(tmp_path)
    add(root, "sub-01_voi-acc")
    item = only(root)

    assert item.problem is None
    assert any(note.startswith("No sidecar") for note in item.notes)
