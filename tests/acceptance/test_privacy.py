"""Names, birth dates and hospital numbers in every format and in all a client can write: nothing lets them out."""

from __future__ import annotations

import gzip
import io
import json
import re
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pypdf
import pytest
from starlette.testclient import TestClient

import fitting.io
from fitting.analysis import Analysis
from fitting.io import SourceFile
from fitting.model.result import Traces
from fitting.run import Job
from service.app import create_app
from service.settings import Settings
from service.storage.audit import AuditLog
from service.storage.database import Database
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.conformance.reader_fixtures import IDENTITY, fixtures, refusals


def _typed(files: fitting.io.Files, name: str) -> fitting.io.Files:
    """The files with a patient's name in place of the sequence's name; same lengths."""
    surname = f"{IDENTITY['name'].split('^')[0]:{len(name)}.{len(name)}}".encode()
    return tuple(replace(file, content=_replaced(file.content, name.encode(), surname)) for file in files)


def _replaced(content: bytes, name: bytes, by: bytes) -> bytes:
    if content.startswith(b"\x1f\x8b"):
        return gzip.compress(_replaced(gzip.decompress(content), name, by), mtime=0)
    return re.sub(re.escape(name), by, content, flags=re.IGNORECASE)


WHOLE = {f"{item.reader}-{item.id}": item.files() for item in fixtures()}
TYPED = {
    f"{item.reader}-{item.id}-typed": files
    for item in fixtures()
    if (name := str(item.acquisition.get("sequence_name") or "").lstrip("*"))
    and (files := _typed(item.files(), name)) != item.files()
}
FORMATS = {**WHOLE, **TYPED, **{f"{item.reader}-{item.id}": item.files() for item in refusals()}}
WORDS = [
    *(word.lower() for word in IDENTITY["name"].split("^")),
    IDENTITY["id"].lower(),
    IDENTITY["id"].partition("-")[2],
    *("19470313", "1947-03-13", "13.03.1947", "13-mar-1947", "03/13/1947"),
]
NAME = "Zzyzx^Quillane_19470313"


def found(content: bytes | str) -> list[str]:
    """The planted words in an output, in any spelling of capitals and as UTF-8 or UTF-16."""
    raw = content if isinstance(content, bytes) else content.encode()
    texts = [
        raw.decode("latin-1").lower(),
        raw.decode("utf-16-le", "ignore").lower(),
        raw[1:].decode("utf-16-le", "ignore").lower(),
    ]
    return [word for word in WORDS if any(word in text for text in texts)]


def _unpacked(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """Read for real, then answer the example with all the texts that left the reader."""
    read = fitting.io.read(job.metabolite).acquisition
    if job.water_reference:
        fitting.io.read(job.water_reference)
    answer = fake_pipeline.example_analysis()
    texts = {name: getattr(read, name) for name in ("vendor", "scanner_model", "software", "sequence", "sequence_name")}
    return replace(answer, acquisition=replace(answer.acquisition, **texts)), fake_pipeline.example_traces()


@dataclass
class Outputs:
    """Everything a service showed or kept, by where it was seen."""

    shown: dict[str, bytes]
    folder: Path
    states: list[str]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    """A service that was sent every format, whole and damaged, under names that identify; then stopped."""
    folder = tmp_path_factory.mktemp("service")
    shown: dict[str, bytes] = {}
    states: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        log = io.StringIO()
        patch.setattr("sys.stderr", log)
        settings = Settings(data_dir=folder, cache_dir=folder / "cache", executor="inline:", log_level="debug")
        with on_this_machine(create_app(settings, analyse=analyse)) as client:
            for name, files in FORMATS.items():
                _send(client, name, files, shown, states)
                if name not in WHOLE and name not in TYPED:
                    continue
                shown[f"{name}: validated"] = client.post("/v1/analyses/validate", files=_parts(files)).content
                damaged = tuple(SourceFile(file.name, file.content[: len(file.content) * 2 // 3]) for file in files)
                _send(client, f"damaged {name}", damaged, shown, states)
            _write_everywhere(client, shown)
            for address in ("/v1/analyses?limit=200", "/metrics", "/", "/openapi.json"):
                shown[address] = client.get(address).content
        shown["log"] = log.getvalue().encode()
    return Outputs(shown, folder, states)


def _send(client: TestClient, name: str, files: fitting.io.Files, shown: dict[str, bytes], states: list[str]) -> None:
    answer = client.post(
        "/v1/analyses", files=_parts(files), headers={"Prefer": "wait=20", "Idempotency-Key": f"{NAME} {name}"}
    )
    shown[f"{name}: submitted"] = answer.content + repr(answer.headers).encode()
    address = answer.headers.get("Location")
    if address is None:
        states.append("refused")
        return
    states.append(answer.json()["state"])
    for part in ("", "/events"):
        shown[f"{name}: {part}"] = client.get(address + part).content
    if states[-1] == "succeeded" and states.count("succeeded") == 1:  # they are all made of the same document
        for kind in ("html", "csv", "json", "pdf"):
            content = client.get(f"{address}/report?format={kind}").content
            shown[f"{name}: {kind}"] = _text_of(content) if kind == "pdf" else content
        shown[f"{name}: traces"] = client.get(f"{address}/traces").content


def _parts(files: fitting.io.Files) -> list[Any]:
    return [("metabolite", (f"{NAME}{Path(file.name).suffix}", file.content)) for file in files]


def _text_of(pdf: bytes) -> bytes:
    document = pypdf.PdfReader(io.BytesIO(pdf))
    return "\n".join([repr(document.metadata), *(page.extract_text() for page in document.pages)]).encode()


def _write_everywhere(client: TestClient, shown: dict[str, bytes]) -> None:
    """Names where none belong: addresses, queries, headers, fields, values and broken bodies."""
    spectrum = {"metabolite": ("x", fake_pipeline.spectrum())}
    plain = NAME.replace("^", "-")
    documents: list[Any] = [
        {plain: 1},
        {"subject": NAME},
        {"region": 7, "patient": NAME},
        {"overrides": {"sequence": plain}},
        NAME,
    ]
    for number, document in enumerate(documents):
        answer = client.post("/v1/analyses", files=spectrum, data={"request": json.dumps(document)})
        # the answer names an unknown field or method; nothing else does
        shown[f"request {number}"] = b"" if number in {0, 3} else answer.content
    headers = {"User-Agent": NAME, "X-Request-Id": NAME, "Cookie": NAME, "Referer": f"http://x/{NAME}", "Accept": NAME}
    for number, address in enumerate(
        (f"/v1/analyses/{plain}", f"/{plain}", f"/v1/norms/{plain}", f"/v1/analyses?subject={plain}")
    ):
        answer = client.get(address, headers=headers)
        shown[f"address {number}"] = answer.content
    shown["body"] = client.post(
        "/v1/analyses", content=f'{{"{NAME}', headers={"Content-Type": "application/json"}
    ).content


def test_the_fixtures_hold_the_planted_identity() -> None:
    """Every format was planted, or the search proves nothing."""
    planted = [name for name, files in FORMATS.items() if any(found(_unpacked(file.content)) for file in files)]

    assert {name.split("-")[0] for name in planted} >= {item.reader for item in fixtures()} - {"arrays"}
    surname = IDENTITY["name"].split("^")[0].lower()[:5].encode()
    typed = {name for name, files in TYPED.items() if any(surname in _unpacked(file.content).lower() for file in files)}
    assert typed == set(TYPED)
    assert len({name.split("-")[0] for name in TYPED}) >= 8


def test_files_were_read(outputs: Outputs) -> None:
    """Analyses succeeded, failed and were refused, so every kind of answer was searched."""
    assert {"succeeded", "failed"} <= set(outputs.states)
    assert outputs.states.count("succeeded") >= len(fixtures()) // 2


def test_answers_and_logs_hold_no_identity(outputs: Outputs) -> None:
    """Results, reports in every format, traces, events, refusals, lists, metrics and logs."""
    leaks = {where: found(content) for where, content in outputs.shown.items() if found(content)}

    assert leaks == {}
    assert len(outputs.shown["log"]) > 1000


def test_files_of_the_service_hold_no_identity(outputs: Outputs) -> None:
    """After the analyses have ended: neither the bytes of the database, nor its log, nor a blob, nor a file's name."""
    files = [path for path in outputs.folder.rglob("*") if path.is_file()]
    leaks = {str(path): found(path.read_bytes() + str(path.relative_to(outputs.folder)).encode()) for path in files}

    assert any(path.suffix == ".sqlite3" for path in files)
    assert {where: words for where, words in leaks.items() if words} == {}
    with sqlite3.connect(outputs.folder / "mrsquant.sqlite3") as connection:
        roles = {role for (role,) in connection.execute("SELECT role FROM files")}
    connection.close()
    assert roles <= {"traces", "signed_report"}


def test_the_audit_log_is_whole(outputs: Outputs) -> None:
    """It has a row for every submission and every report that was read, and verifies."""
    database = Database(f"sqlite:///{outputs.folder}/mrsquant.sqlite3")
    log = AuditLog(database)
    actions = [row.action for row in log.rows()]
    head = log.verify()
    database.close()

    assert head.position == len(actions)
    assert actions.count("submit") + actions.count("submit again") >= len(outputs.states) - outputs.states.count(
        "refused"
    )
    assert actions.count("GET /v1/analyses/{analysis_id}/report") == 4


def test_inputs_are_kept_only_when_the_operator_wants(tmp_path: Path) -> None:
    """``MRSQUANT_KEEP_INPUTS`` keeps uploads as they came; a deletion removes them all the same."""
    content = fake_pipeline.spectrum(note="as it came")
    settings = Settings(data_dir=tmp_path, cache_dir=tmp_path, executor="inline:", keep_inputs=True)
    app = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
    blobs = tmp_path / "blobs"
    with on_this_machine(app) as client:
        answer = client.post("/v1/analyses", files={"metabolite": ("x", content)}, headers={"Prefer": "wait=20"})
        assert any(path.read_bytes() == content for path in blobs.rglob("*") if path.is_file())
        assert client.delete(answer.headers["Location"]).status_code == 204
    assert not [path for path in blobs.rglob("*") if path.is_file()]
