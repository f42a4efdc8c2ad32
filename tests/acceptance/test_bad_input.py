"""What users send by mistake, through both doors of the real product: each is refused by name, and nothing breaks."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from pydicom.dataset import Dataset
from starlette.testclient import TestClient

from fitting.io import Files, SourceFile
from service.app import create_app
from service.cli import app
from service.errors import BY_CODE
from service.settings import Settings
from tests.clients import on_this_machine
from tests.conformance import reader_fixtures as fixtures
from tests.conformance.reader_fixtures.lcmodel_raw import FIXTURES as RAW
from tests.conformance.reader_fixtures.siemens_dicom import FID as DICOM_FID
from tests.conformance.reader_fixtures.siemens_dicom import ima, part10
from tests.conformance.reader_fixtures.siemens_rda import DWELL_TIME, FID, POINTS, rda
from tests.unit.test_supplied_basis import lcmodel, truth

EXAMPLES = Path(__file__).parents[2] / "examples"
LIMIT = 200_000
SPECTRUM = (SourceFile("acc.nii.gz", (EXAMPLES / "acc_press30.nii.gz").read_bytes()),)
REFERENCE = (SourceFile("acc_w.nii.gz", (EXAMPLES / "acc_press30_water.nii.gz").read_bytes()),)
WATER = fixtures.water_fid(POINTS, DWELL_TIME, scale=1e7) * np.exp(0.3j)


class Bad(NamedTuple):
    """One mistake and how both doors name it."""

    name: str
    code: str
    says: str
    """Part of the sentence: what is wrong, where, or what to do."""
    files: Files = SPECTRUM
    water: Files = ()
    options: tuple[str, ...] = ()
    """The mistake as it is made on the command line ..."""
    request: dict[str, Any] = {}  # noqa: RUF012 - never changed
    """... and in a request."""
    at_once: bool = False
    """Is it answered to the POST, before anything is queued? Otherwise the analysis fails with the problem."""


def file(name: str, content: bytes) -> Files:
    return (SourceFile(name, content),)


def cut(files: Files, share: float) -> Files:
    """The first part of a file, as a broken transfer leaves it."""
    return file(files[0].name, files[0].content[: int(share * len(files[0].content))])


def planted(reader: str, identifier: str) -> Files:
    """A file that the reader conformance suite knows to be refused."""
    return next(item.files() for item in fixtures.refusals() if (item.reader, item.id) == (reader, identifier))


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("letter.txt", b"Dear Sir or Madam,\n" * 20)
    return buffer.getvalue()


def typed(**quantities: float | str) -> dict[str, Any]:
    """Overrides, as options of the command and as part of a request."""
    options = [word for name, value in quantities.items() for word in ("--" + name.replace("_", "-"), str(value))]
    return {"options": tuple(options), "request": {"overrides": quantities}, "at_once": True}


def tissue(gm: float, wm: float, csf: float) -> dict[str, Any]:
    fractions = {"gm": gm, "wm": wm, "csf": csf}
    text = ",".join(f"{name}={value}" for name, value in fractions.items())
    return {"options": ("--tissue", text), "request": {"tissue": fractions}, "at_once": True}


DAMAGED, UNSUPPORTED, UNKNOWN = "damaged-file", "unsupported-data", "unknown-format"
IMPLAUSIBLE, UNUSABLE, MISSING = "implausible-parameter", "unusable-signal", "missing-parameter"

BAD = (
    # files that are no spectra, or no whole ones
    Bad("empty file", DAMAGED, "is empty", file("scan.rda", b""), at_once=True),
    Bad("RDA cut in its samples", DAMAGED, "scan", cut(file("scan.rda", rda()[0].content), 0.8)),
    Bad("RDA cut in its header", DAMAGED, "scan", cut(file("scan.rda", rda()[0].content), 0.05)),
    Bad("NIfTI cut", DAMAGED, "not a complete", cut(SPECTRUM, 0.6)),
    Bad("DICOM cut", DAMAGED, "", cut(ima(), 0.7)),
    Bad("letter", UNKNOWN, "Siemens RDA", file("scan.txt", b"Dear Sir or Madam,\n" * 20), at_once=True),
    Bad("noise", UNKNOWN, "NIfTI-MRS", file("scan.dat", np.random.default_rng(1).bytes(5000)), at_once=True),
    Bad("JPEG", UNSUPPORTED, "JPEG", file("scan.jpg", b"\xff\xd8\xff\xe0" + bytes(500)), at_once=True),
    Bad("PNG", UNSUPPORTED, "PNG", file("scan.png", b"\x89PNG\r\n\x1a\n" + bytes(500)), at_once=True),
    Bad("PDF", UNSUPPORTED, "PDF", file("scan.pdf", b"%PDF-1.7\n" + bytes(500)), at_once=True),
    Bad("ZIP of a letter", UNKNOWN, "Siemens RDA", file("scan.zip", archive())),
    Bad("DICOM image", UNSUPPORTED, "MR image", part10(Dataset(), "1.2.840.10008.5.1.4.1.1.4", "1.dcm"), at_once=True),
    Bad("NIfTI image", UNSUPPORTED, "image", planted("nifti_mrs", "anatomical image")),
    Bad("SDAT without SPAR", DAMAGED, "SPAR", planted("philips_sdat", "SDAT without SPAR")),
    Bad("phosphorus", UNSUPPORTED, "31P", rda(Nucleus="31P")),
    Bad("MRSI", UNSUPPORTED, "MRSI", planted("siemens_rda", "mrsi")),
    Bad("MEGA-PRESS, RDA", UNSUPPORTED, "edit", rda(SequenceName="*svs_edit")),
    Bad("MEGA-PRESS, NIfTI", UNSUPPORTED, "editing", planted("nifti_mrs", "edited by name")),
    Bad("LCModel control file", UNSUPPORTED, "control file", planted("lcmodel_raw", "control file")),
    # samples without signal
    Bad("NaN samples", DAMAGED, "finite", rda(np.full(POINTS, np.nan))),
    Bad("zeros", UNUSABLE, "zero", rda(np.zeros(POINTS))),
    Bad("constant", UNUSABLE, "same value", rda(np.full(POINTS, 3.0 + 1.0j))),
    Bad("16 points", UNUSABLE, "16 points", rda(FID[:16], VectorSize="16")),
    Bad("constant DICOM", UNUSABLE, "same value", ima(np.ones_like(DICOM_FID))),
    # headers
    Bad("echo time of 30 s in the header", IMPLAUSIBLE, "file header", rda(TE="30000.0")),
    Bad("frequency in Hz where MHz belong", IMPLAUSIBLE, "spectrometer_frequency", rda(MRFrequency="123234655")),
    Bad("dwell time in ns where us belong", IMPLAUSIBLE, "dwell_time", rda(DwellTime="833000")),
    Bad("repetition time in us where ms belong", IMPLAUSIBLE, "repetition_time", rda(TR="2000000")),
    Bad("echo and repetition time swapped", IMPLAUSIBLE, "swapped", rda(TE="500.0", TR="300.0")),
    Bad("no dwell time", MISSING, "--dwell-time", RAW[0].files()),
    Bad("no sequence", MISSING, "--sequence", rda(SequenceName="")),
    Bad("no echo time", MISSING, "--echo-time", rda(without=("TE",))),
    # water references
    Bad("water of another field", IMPLAUSIBLE, "63.873 MHz", rda(), rda(WATER, MRFrequency="63.872622")),
    Bad("water of another volume", IMPLAUSIBLE, "ml", rda(), rda(WATER, VOIThickness="40.0")),
    Bad("water of another scanner", IMPLAUSIBLE, "MHz", rda(), file("w.IMA", ima(ImagingFrequency="297.2")[0].content)),
    Bad("water with NaN", DAMAGED, "finite", rda(), rda(np.full(POINTS, np.nan))),
    Bad("water of 16 points", UNUSABLE, "Water reference", rda(), rda(WATER[:16], VectorSize="16")),
    Bad("swapped, headers know", IMPLAUSIBLE, "swapped", REFERENCE, SPECTRUM),
    Bad("swapped, headers silent", UNUSABLE, "swapped", rda(WATER), rda(FID)),
    Bad("the same file twice", IMPLAUSIBLE, "same file", SPECTRUM, SPECTRUM),
    Bad(
        "picture as water", UNSUPPORTED, "JPEG", SPECTRUM, file("w.jpg", b"\xff\xd8\xff\xe0" + bytes(99)), at_once=True
    ),
    Bad("phosphorus as water", UNSUPPORTED, "31P", rda(), rda(WATER, Nucleus="31P")),
    # parameters
    Bad("echo time in ms", IMPLAUSIBLE, "0.030", **typed(echo_time=30.0)),
    Bad("negative echo time", IMPLAUSIBLE, "echo_time", **typed(echo_time=-0.03)),
    Bad("echo time of 5 s", IMPLAUSIBLE, "echo_time", **typed(echo_time=5.0)),
    Bad("repetition time in ms", IMPLAUSIBLE, "repetition_time", **typed(repetition_time=2000.0)),
    Bad("repetition before echo", IMPLAUSIBLE, "swapped", **typed(echo_time=0.4, repetition_time=0.3)),
    Bad("frequency in MHz", IMPLAUSIBLE, "not 123.25", **typed(spectrometer_frequency=123.25)),
    Bad("dwell time in ms", IMPLAUSIBLE, "0.0005", **typed(dwell_time=0.5)),
    Bad("no dwell time at all", IMPLAUSIBLE, "dwell_time", **typed(dwell_time=0.0)),
    Bad("mixing time in ms", IMPLAUSIBLE, "mixing_time", **typed(mixing_time=10.0)),
    Bad("unknown sequence", IMPLAUSIBLE, "PRESS, STEAM", **typed(sequence="EPSI")),
    Bad("tissue fractions of 1.4", IMPLAUSIBLE, "1.4", **tissue(0.7, 0.5, 0.2)),
    Bad("negative tissue fraction", IMPLAUSIBLE, "WM", **tissue(0.9, -0.1, 0.2)),
    Bad("tissue in per cent", IMPLAUSIBLE, "not percent", **tissue(60, 30, 10)),
    Bad("nothing but CSF", IMPLAUSIBLE, "CSF", **tissue(0, 0, 1)),
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service with a worker process of its own, which takes all the blows."""
    folder = tmp_path_factory.mktemp("service")
    settings = Settings(
        data_dir=folder, cache_dir=folder / "cache", executor="processes:1", max_upload_bytes=LIMIT, log_level="error"
    )
    with on_this_machine(create_app(settings)) as client:
        yield client


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the command, with a cache of basis sets that lasts for the run."""
    monkeypatch.setenv("MRSQUANT_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def post(service: TestClient, files: Files, water: Files = (), request: str = "{}") -> Any:
    parts = [("metabolite", (item.name, item.content)) for item in files]
    parts += [("water_reference", (item.name, item.content)) for item in water]
    return service.post("/v1/analyses", files=parts, data={"request": request}, headers={"Prefer": "wait=60"})


def assert_alive(service: TestClient, after: str) -> None:
    """A good spectrum, computed anew because no other has its session, is analysed."""
    session = "s" + "".join(chr(ord("a") + ord(letter) % 26) for letter in after)  # a name would be refused
    answer = post(service, SPECTRUM, REFERENCE, json.dumps({"region": "ACC", "session": session}))

    assert answer.status_code == 200
    assert answer.json()["state"] == "succeeded"
    assert answer.json()["verdict"]["usable"] == "yes"


def write(folder: Path, prefix: str, files: Files) -> str:
    """The files on disk; the first one's name."""
    for item in files:
        (folder / (prefix + item.name)).write_bytes(item.content)
    return prefix + files[0].name


def assert_refused(arguments: list[str], code: str, where: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3, nothing on stdout, one line on stderr: code, file, what is wrong."""
    status = app.run(arguments)
    out, err = capsys.readouterr()

    assert status == 3, err
    assert out == ""
    assert err.startswith(f"mrsquant: {code}: {where}: ")
    assert says in err
    assert err.count("\n") == 1
    assert len(err) < 500


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_command_refuses(bad: Bad, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that names the problem, the file and the way out; no result, no traceback."""
    name = write(folder, "", bad.files)
    water = ["--water-reference", write(folder, "ref-", bad.water)] if bad.water else []

    assert_refused(["analyse", name, *water, *bad.options], bad.code, name, bad.says, capsys)


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_service_refuses(bad: Bad, service: TestClient) -> None:
    """The right status and code, at once where a look suffices; the next good spectrum is analysed."""
    before = service.get("/v1/analyses").json()["items"]
    answer = post(service, bad.files, bad.water, json.dumps(bad.request))
    document = answer.json()
    problem = document if bad.at_once else document["problem"]

    assert problem["code"] == bad.code
    assert bad.says in problem["detail"]
    assert problem["status"] == (415 if bad.code in (UNSUPPORTED, UNKNOWN) else 400)
    assert problem["title"] == BY_CODE[bad.code].title
    if bad.at_once:
        assert answer.status_code == problem["status"]
        assert answer.headers["content-type"] == "application/problem+json"
        assert service.get("/v1/analyses").json()["items"] == before
    else:
        assert answer.status_code == 200
        assert document["state"] == "failed"
        assert document["metabolites"] is None
    assert_alive(service, bad.name)


def test_no_identity_is_repeated(folder: Path, service: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    """Headers hold names and birth dates; no refusal quotes them."""
    for bad in BAD:
        app.run(["analyse", write(folder, "", bad.files), *bad.options])
        told = capsys.readouterr().err + post(service, bad.files, bad.water, json.dumps(bad.request)).text
        assert not [value for value in fixtures.IDENTITY.values() if value in told]


REQUESTS = (
    ("broken JSON", "{region: ACC", 400, "malformed-request"),
    ("a list", "[]", 422, "invalid-request"),
    ("unknown key", '{"regoin": "ACC"}', 422, "invalid-request"),
    ("unknown override", '{"overrides": {"te": 0.03}}', 422, "invalid-request"),
    ("hemisphere", '{"hemisphere": "up"}', 422, "invalid-request"),
    ("sex", '{"sex": "F"}', 422, "invalid-request"),
    ("age of 400", '{"age_years": 400}', 422, "invalid-request"),
    ("path as pseudonym", '{"subject": "../../etc/passwd"}', 422, "invalid-request"),
    ("path as region", '{"region": "../ACC"}', 422, "invalid-request"),
    ("number as text", '{"overrides": {"echo_time": "30ms"}}', 422, "invalid-request"),
    ("baseline", '{"options": {"baseline": "wavelets"}}', 400, IMPLAUSIBLE),
    ("optimiser", '{"options": {"optimiser": "oracle"}}', 400, IMPLAUSIBLE),
    ("macromolecules", '{"options": {"macromolecules": "none-such"}}', 400, IMPLAUSIBLE),
)


@pytest.mark.parametrize(
    ("request_text", "status", "code"), [item[1:] for item in REQUESTS], ids=[r[0] for r in REQUESTS]
)
@pytest.mark.parametrize("address", ["/v1/analyses", "/v1/analyses/validate"])
def test_request_is_refused_at_once(
    service: TestClient, address: str, request_text: str, status: int, code: str
) -> None:
    """Also by validation; nothing is queued."""
    before = service.get("/v1/analyses").json()["items"]
    files = {"metabolite": (SPECTRUM[0].name, SPECTRUM[0].content)}
    answer = service.post(address, files=files, data={"request": request_text})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "passwd" not in answer.text
    assert service.get("/v1/analyses").json()["items"] == before


@pytest.mark.parametrize(("name", "value"), [("echo_time", 30.0), ("dwell_time", 0.5), ("sequence", "EPSI")])
def test_arrays_with_absurd_quantities_are_refused_at_once(service: TestClient, name: str, value: object) -> None:
    """A program that posts arrays gets the same answer as one that posts files."""
    facts = {"dwell_time": 5e-4, "spectrometer_frequency": 123.25e6, "echo_time": 0.03, "sequence": "PRESS"}
    arrays = {"fid_real": FID.real.tolist(), "fid_imag": FID.imag.tolist()}
    answer = service.post("/v1/analyses", json={**arrays, **facts, name: value})

    assert (answer.status_code, answer.json()["code"]) == (400, IMPLAUSIBLE)
    assert name in answer.json()["detail"].lower()


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_upload_over_the_limit(service: TestClient, chunked: bool) -> None:
    """Refused whether or not the length is announced, and the service goes on."""
    if chunked:
        head = b'--x\r\nContent-Disposition: form-data; name="metabolite"; filename="a.rda"\r\n\r\n'
        body = (part for part in (head, *[bytes(LIMIT // 4)] * 6, b"\r\n--x--\r\n"))
        answer = service.post("/v1/analyses", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    else:
        answer = post(service, file("scan.rda", bytes(LIMIT)))

    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert str(LIMIT) in answer.json()["detail"]
    assert_alive(service, f"413-{chunked}")


def test_unknown_region_is_analysed_without_z(service: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    """A region without norms is no mistake: the metabolites are there, the z-scores absent with the reason."""
    over_http = post(service, SPECTRUM, REFERENCE, '{"region": "moon", "age_years": 44}').json()
    name = write(Path(), "", SPECTRUM)
    assert app.run(["analyse", name, "--region", "moon", "--age", "44", "--format", "json"]) == 0
    by_command = json.loads(capsys.readouterr().out)

    for result in (over_http, by_command):
        assert all(item["z"] is None and item["z_absent"]["sentence"] for item in result["metabolites"])
        assert any(item["detected"] for item in result["metabolites"])


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--basis", "text.basis"], "unusable-basis", "text.basis"),
        (["--basis", "absent.basis"], "unusable-basis", "absent.basis"),
        (["--basis", "set.BASIS"], "unusable-basis", "T and the data of 1.50 T"),
        (["--basis", "set.BASIS", "--spectrometer-frequency", "297.2e6"], "unusable-basis", "T and the data of 6.98 T"),
        (["--relaxation", "columns.csv"], "unusable-table", "columns"),
        (["--relaxation", "ms.csv"], "unusable-table", "1300"),
        (["--relaxation", "absent.csv"], "unusable-table", "absent.csv"),
        (["--water-reference", "absent.rda"], "inaccessible-file", "absent.rda"),
        (["--age", "400"], IMPLAUSIBLE, "400"),
        (["--age", "nan"], IMPLAUSIBLE, "nan"),
        (["--echo-time", "nan"], IMPLAUSIBLE, "nan"),
        (["--tissue", "gm=0.6,wm=0.4"], IMPLAUSIBLE, "gm=0.6,wm=0.3,csf=0.1"),
    ],
)
def test_command_refuses_invalid_options_of_its_own(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: str, says: str
) -> None:
    """Basis sets, relaxation tables and paths."""
    (folder / "scan.rda").write_bytes(rda(MRFrequency="63.872622")[0].content)
    (folder / "text.basis").write_text("Dear Sir or Madam")
    (folder / "set.BASIS").write_bytes(lcmodel(truth())[0].content)
    (folder / "columns.csv").write_text("species,t1\nwater,1.3\n")
    (folder / "ms.csv").write_text("species,tissue,field_t,t1,t2\nwater,GM,3.0,1300,110\n")

    assert_refused(["analyse", "scan.rda", *arguments], code, "scan.rda", says, capsys)


def test_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A path that leads nowhere."""
    assert_refused(["analyse", "absent.rda"], "inaccessible-file", "absent.rda", "check the path", capsys)


@pytest.mark.parametrize(("option", "value"), [("--hemisphere", "up"), ("--sex", "F"), ("--age", "old")])
def test_misspelt_choice_is_a_usage_error(capsys: pytest.CaptureFixture[str], option: str, value: str) -> None:
    """The option's own list of words answers, with exit code 1 and one line."""
    assert app.run(["analyse", write(Path(), "", SPECTRUM), option, value]) == 1
    out, err = capsys.readouterr()

    assert out == ""
    assert err.startswith("mrsquant: usage: ")
    assert err.count("\n") == 1


def test_batch_goes_on_after_bad_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every bad row is refused on its own line, with its problem; the good spectra around it are analysed."""
    write(folder, "", (*SPECTRUM, *REFERENCE))
    (folder / "broken.nii.gz").write_bytes(SPECTRUM[0].content[:9000])
    (folder / "m.csv").write_text(
        "id,metabolite,water_reference,echo_time,gm,wm,csf,age_years\n"
        "good,acc.nii.gz,acc_w.nii.gz,,,,,44\n"
        "absent,nowhere.nii.gz,,,,,,\n"
        "broken,broken.nii.gz,,,,,,\n"
        "echo,acc.nii.gz,,30,,,,\n"
        "tissue,acc.nii.gz,,,0.7,0.5,0.2,\n"
        "swapped,acc_w.nii.gz,acc.nii.gz,,,,,\n"
        "age,acc.nii.gz,,,,,,400\n"
        "last,acc.nii.gz,,,,,,\n"
    )

    assert app.run(["batch", "m.csv", "-o", "r.csv", "--workers", "1"]) == 0
    rows = list(csv.DictReader((folder / "r.csv").read_text().splitlines()))
    refused = {row["id"]: row["message"].partition(":")[0] for row in rows if row["outcome"] == "refused"}

    assert "Traceback" not in capsys.readouterr().err
    assert list(dict.fromkeys(row["id"] for row in rows)) == [
        "good", "absent", "broken", "echo", "tissue", "swapped", "age", "last"
    ]  # fmt: skip
    assert refused == {
        "absent": "inaccessible-file",
        "broken": DAMAGED,
        "echo": IMPLAUSIBLE,
        "tissue": IMPLAUSIBLE,
        "swapped": IMPLAUSIBLE,
        "age": IMPLAUSIBLE,
    }
    assert {row["outcome"] for row in rows if row["id"] in ("good", "last")} == {"converged"}


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ("file,region\nacc.nii.gz,ACC\n", "no column 'metabolite'"),
        ("metabolite,regoin\nacc.nii.gz,ACC\n", "'regoin'"),
        ("metabolite\n", "no rows"),
        ("", "metabolite"),
    ],
    ids=["no metabolite", "unknown column", "no rows", "empty"],
)
def test_wrong_manifest(folder: Path, capsys: pytest.CaptureFixture[str], manifest: str, says: str) -> None:
    """Refused as a whole before any spectrum is read, and no result file is made."""
    (folder / "m.csv").write_text(manifest)

    assert_refused(["batch", "m.csv", "-o", "r.csv"], "unusable-table", "m.csv", says, capsys)
    assert not (folder / "r.csv").exists()


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"spectrometer_frequency": 63.87e6}, "not-referenced"),
        ({"dwell_time": 2.5e-4}, "not-referenced"),
        ({"dwell_time": 6e-4}, "not-referenced"),
        ({"dwell_time": 1e-3}, "not-referenced"),
    ],
)
def test_plausible_slip_is_not_interpretable(service: TestClient, overrides: dict[str, float], reason: str) -> None:
    """A wrong axis within the plausible range cannot be refused, but its numbers are not for use, nor compared."""
    result = post(service, SPECTRUM, REFERENCE, json.dumps({"region": "ACC", "overrides": overrides})).json()

    assert result["verdict"]["usable"] == "no"
    assert reason in {item["code"] for item in result["verdict"]["reasons"]}
    assert not [item["name"] for item in result["metabolites"] if item["z"] is not None]


@pytest.mark.parametrize("frequency", ["123.234655", "63.872622"])
@pytest.mark.parametrize("noise", [0.0, 1e2, 1e3])
def test_lines_unlike_brain_never_cause_a_defect(
    folder: Path, capsys: pytest.CaptureFixture[str], frequency: str, noise: float
) -> None:
    """Three lines, without noise or at a frequency that puts them elsewhere: an answer or a refusal, no traceback."""
    rng = np.random.default_rng(3)
    fid = FID + noise * (rng.normal(size=POINTS) + 1j * rng.normal(size=POINTS))
    code = app.run(["analyse", write(folder, "", rda(fid, MRFrequency=frequency))])

    assert code in (0, 2, 3)
    assert "internal-error" not in capsys.readouterr().err


def test_water_given_as_the_spectrum_is_not_interpretable(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The water scan alone: exit code 2, no metabolite is claimed to be seen."""
    assert app.run(["analyse", write(folder, "", REFERENCE), "--format", "json"]) == 2
    result = json.loads(capsys.readouterr().out)

    assert "no-brain-metabolites" in {item["code"] for item in result["verdict"]["reasons"]}
    assert {item["verdict"]["usable"] for item in result["metabolites"]} == {"no"}
