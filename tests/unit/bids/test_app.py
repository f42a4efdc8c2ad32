"""``mrsquant bids`` as a BIDS App: files of both levels, rows equal to a batch's, nothing done twice."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import pytest

from service.cli import app
from service.cli.bids import spread
from service.reports.columns import column_descriptions
from service.reports.results_csv import COLUMNS
from tests.unit.bids.datasets import add, dataset

ROOT = Path(__file__).parents[3]
PEOPLE = "participant_id\tage\tsex\tgroup\nsub-01\t44\tF\tcontrol\nsub-02\t51\tM\tpatient\n"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One spectrum with water, one that is refused, one of another kind."""
    root = dataset(tmp_path_factory.mktemp("bids") / "data", PEOPLE)
    add(root, "sub-01_acq-press_voi-acc", sidecar={"RepetitionTime": 2.0})
    add(root, "sub-01_acq-press_voi-acc", "mrsref")
    add(root, "sub-02_voi-acc", sidecar={"EchoTime": 0.144})
    add(root, "sub-02_voi-acc", "mrsi")
    return root


@pytest.fixture(scope="module")
def out(source: Path) -> Path:
    folder = source.parent / "out"
    assert app.run(["bids", str(source), str(folder), "participant", "--workers", "1"]) == 0
    assert app.run(["bids", str(source), str(folder), "group"]) == 0
    return folder


def tsv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_files_of_both_levels(out: Path) -> None:
    """Names hold every entity of the source; a refused spectrum has a row and its reason, and no report."""
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    stem = "sub-01/mrs/sub-01_acq-press_voi-acc_desc-mrsquant_mrs"

    assert found == {
        *("dataset_description.json", "README.md", "CITATION.cff", ".bidsignore"),
        *(f"{stem}.{ending}" for ending in ("tsv", "json", "html")),
        *(f"sub-02/mrs/sub-02_voi-acc_desc-mrsquant_mrs.{ending}" for ending in ("tsv", "json")),
        *(f"sub-02/mrs/sub-02_voi-acc_desc-mrsquantMrsi_mrs.{ending}" for ending in ("tsv", "json")),
        *("group_desc-mrsquant_mrs.tsv", "group_desc-mrsquant_mrs.json", "group.html"),
        *("logs/sub-01.log", "logs/sub-02.log"),
    }


def test_rows_equal_those_of_a_batch(source: Path, out: Path) -> None:
    """Cell by cell, for the same files and request."""
    folder = source / "sub-01" / "mrs"
    manifest = source.parent / "manifest.csv"
    manifest.write_text(
        "id,metabolite,water_reference,region,age_years,sex,subject,group\n"
        f"x,{folder}/sub-01_acq-press_voi-acc_svs.nii.gz,{folder}/sub-01_acq-press_voi-acc_mrsref.nii.gz,"
        "ACC,44,female,sub-01,control\n"
    )
    results = source.parent / "results.csv"
    assert app.run(["batch", str(manifest), "-o", str(results), "--workers", "1"]) == 0
    expected = list(csv.DictReader(results.read_text().splitlines()))
    rows = tsv(out / "sub-01" / "mrs" / "sub-01_acq-press_voi-acc_desc-mrsquant_mrs.tsv")

    assert len(rows) == len(expected) > 20
    for row, other in zip(rows, expected, strict=True):
        assert row == {
            name: other[name].removeprefix("'") or "n/a" for name in COLUMNS if name not in ("id", "seconds")
        }
    assert any(row["concentration"] != "n/a" for row in rows)


def test_a_second_run_does_nothing(source: Path, out: Path) -> None:
    """No file is written again, refusals included; group level neither."""
    before = state(out)
    assert app.run(["bids", str(source), str(out), "participant", "--workers", "1"]) == 0
    assert app.run(["bids", str(source), str(out), "group"]) == 0

    assert state(out) == before


def test_group_has_every_row_and_every_refusal(out: Path) -> None:
    rows = tsv(out / "group_desc-mrsquant_mrs.tsv")
    described = json.loads((out / "group_desc-mrsquant_mrs.json").read_text())
    refused = [row for row in rows if row["outcome"] == "refused"]
    page = (out / "group.html").read_text()

    assert list(rows[0]) == list(described)
    assert {(row["participant_id"], row["age"], row["sex"], row["group"]) for row in rows} == {
        ("sub-01", "44", "female", "control"),
        ("sub-02", "51", "male", "patient"),
    }
    assert [row["spectrum"] for row in refused] == ["sub-02_voi-acc_svs", "sub-02_voi-acc_mrsi"] or [
        row["spectrum"] for row in refused
    ] == ["sub-02_voi-acc_mrsi", "sub-02_voi-acc_svs"]
    assert "EchoTime" in page
    assert "imaging (MRSI)" in page


def test_sidecar_names_sources_columns_and_verdict(out: Path) -> None:
    document = json.loads((out / "sub-01/mrs/sub-01_acq-press_voi-acc_desc-mrsquant_mrs.json").read_text())

    assert document["Sources"] == [
        f"bids:raw:sub-01/mrs/sub-01_acq-press_voi-acc_{suffix}.nii.gz" for suffix in ("svs", "mrsref")
    ]
    assert document["ratio_tcr"]["Units"] == "1"
    assert {"Verdict", "Quality", "Provenance", "MRSinMRS", "Notice"} <= document.keys()


def test_no_path_outside_the_dataset_is_written(source: Path, out: Path) -> None:
    """Only the link to the source leads there, relative."""
    texts = [path for path in out.rglob("*") if path.is_file()]

    assert not [path.name for path in texts if str(source.parent).encode() in path.read_bytes()]
    described = json.loads((out / "dataset_description.json").read_text())
    assert described["DatasetLinks"] == {"raw": "../data"}
    assert (described["DatasetType"], described["License"]) == ("derivative", "CC0")


def test_foreign_markup_does_not_reach_the_page(out: Path, tmp_path: Path) -> None:
    """Curves of a JSON file that another program changed are left out; texts are escaped."""
    stem = "sub-01_acq-press_voi-acc_desc-mrsquant_mrs"
    folder = tmp_path / "sub-01" / "mrs"
    folder.mkdir(parents=True)
    for ending in ("tsv", "json"):
        (folder / f"{stem}.{ending}").write_bytes((out / "sub-01" / "mrs" / f"{stem}.{ending}").read_bytes())
    document = json.loads((folder / f"{stem}.json").read_text())
    document["Spectrum"]["curves"]["fit"] = 'M0,0"/><script>alert(1)</script>'
    document["Spectrum"]["id"] = "<script>alert(2)</script>"
    (folder / f"{stem}.json").write_text(json.dumps(document))
    assert app.run(["bids", str(out), str(tmp_path), "group", "--skip-bids-validation"]) == 0

    assert "<script" not in (tmp_path / "group.html").read_text()


def test_every_column_is_described() -> None:
    """The data dictionary has exactly the columns of RESULTS.csv."""
    assert tuple(column_descriptions()) == COLUMNS


def test_labels_may_follow_each_other() -> None:
    """As BIDS Apps take them; the positional arguments come first or after another option."""
    assert spread(["data", "out", "participant", "--participant-label", "01", "02", "--workers", "2"]) == [
        *("data", "out", "participant", "--participant-label", "01", "--participant-label", "02", "--workers", "2")
    ]


@pytest.mark.parametrize("place", [".", "sub-01", "code/out"])
def test_results_are_not_written_among_the_data(source: Path, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["bids", str(source), str(source / place), "participant"]) == 1
    assert "derivatives/" in capsys.readouterr().err


def test_xnat_command_is_one_that_the_image_has(capsys: pytest.CaptureFixture[str]) -> None:
    """Its command line has options that exist, and the label of the image is the same command."""
    command = json.loads((ROOT / "xnat" / "command.json").read_text())
    program, *arguments = shlex.split(command["command-line"])
    assert program == "mrsquant"
    assert app.run([*arguments, "--help"]) == 0
    assert {mount["path"] for mount in command["mounts"]} < set(arguments)
    (line,) = [text for text in (ROOT / "Dockerfile").read_text().splitlines() if "org.nrg.commands" in text]
    (label,) = json.loads(line.partition("=")[2][1:-1].replace('\\"', '"'))

    assert label == {name: value for name, value in command.items() if name != "image"}


def test_xnat_command_keeps_to_the_container_service() -> None:
    """Only fields that XNAT's Container Service reads (its classes Command, CommandWrapper and Resource, version 3), no
    required one missing, and every name it refers to exists.
    """
    command = json.loads((ROOT / "xnat" / "command.json").read_text())
    (wrapper,) = command["xnat"]
    (session,), (resource,), (handler,) = (
        wrapper[name] for name in ("external-inputs", "derived-inputs", "output-handlers")
    )
    common = {"name", "label", "description", "type", "matcher", "default-value", "required", "load-children"}
    provides = {"provides-value-for-command-input", "provides-files-for-command-mount", "user-settable"}
    allowed = {
        "command": (command, {
            *("name", "label", "description", "version", "schema-version", "info-url", "image", "type", "command-line"),
            *("override-entrypoint", "mounts", "environment-variables", "inputs", "outputs", "xnat"),
        }),
        "mount": (command["mounts"][0], {"name", "writable", "path"}),
        "output": (command["outputs"][0], {"name", "description", "required", "mount", "path", "glob"}),
        "wrapper": (wrapper, {
            *("name", "label", "description", "contexts", "external-inputs", "derived-inputs", "output-handlers"),
        }),
        "external input": (session, common | provides),
        "derived input": (resource, {*common, *provides, "derived-from-wrapper-input", "multiple"}),
        "handler": (handler, {"name", "accepts-command-output", "as-a-child-of", "type", "label", "format"}),
    }  # fmt: skip
    for part, (element, known) in allowed.items():
        assert set(element) <= known, part
        assert element["name"], part
    mounts = {mount["name"]: mount["writable"] for mount in command["mounts"]}

    assert command["type"] == "docker"
    assert wrapper["contexts"] == ["xnat:imageSessionData"]
    assert (session["type"], resource["type"], handler["type"]) == ("Session", "Resource", "Resource")
    assert resource["derived-from-wrapper-input"] == handler["as-a-child-of"] == session["name"]
    assert mounts[resource["provides-files-for-command-mount"]] is False
    (output,) = command["outputs"]
    assert handler["accepts-command-output"] == output["name"]
    assert mounts[output["mount"]] is True
    # a resource has the properties id, label, uri, xsiType, integer-id, directory and files
    assert re.fullmatch(r"@\.label == '\w+'", resource["matcher"])


def test_group_of_nothing_is_refused(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["bids", str(source), str(tmp_path), "group"]) == 3
    assert "run that level first" in capsys.readouterr().err


def test_signals_are_written_on_request_and_once(source: Path, tmp_path: Path) -> None:
    """``--spectra`` adds files to a finished dataset and changes none of the others; a second run does nothing."""
    run = ["bids", str(source), str(tmp_path), "participant", "--workers", "1"]
    assert app.run(run) == 0
    before = state(tmp_path)
    assert app.run([*run, "--spectra"]) == 0
    added = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.nii.gz")}
    stem = "sub-01/mrs/sub-01_acq-press_voi-acc_desc"

    assert added == {
        *(f"{stem}-{part}_svs.nii.gz" for part in ("preproc", "fit", "baseline", "residual")),
        f"{stem}-preproc_mrsref.nii.gz",
    }
    after = state(tmp_path)
    assert {name for name in before if after[name][0] != before[name][0]} <= {str(tmp_path / "logs" / "sub-01.log")}
    for path in added:
        described = json.loads((tmp_path / path.replace(".nii.gz", ".json")).read_text())
        assert described["Sources"][0] == "bids:raw:sub-01/mrs/sub-01_acq-press_voi-acc_svs.nii.gz"
    assert app.run([*run, "--spectra"]) == 0
    assert app.run(run) == 0
    assert state(tmp_path) == after


def test_signals_of_a_spectrum_that_is_refused_now_are_removed(tmp_path: Path) -> None:
    root, out = dataset(tmp_path / "data"), tmp_path / "out"
    add(root, "sub-01_voi-acc", sidecar={})
    run = ["bids", str(root), str(out), "participant", "--workers", "1", "--spectra"]
    assert app.run(run) == 0
    add(root, "sub-01_voi-acc", sidecar={"EchoTime": 0.144})
    assert app.run(run) == 3

    assert not list(out.rglob("*.nii.gz"))
