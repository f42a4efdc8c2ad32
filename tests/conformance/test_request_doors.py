"""Every field of a request comes through every door: command line, manifest, form, API, Python and worker."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from fitting.request import BY_PATH, FIELDS, PARTS, RequestField, put, request_of
from fitting.run.job import Job, said_document
from service.cli.app import run
from service.cli.manifest import ManifestRow, read_manifest
from service.cli.request_options import Paths, takes_request
from service.pages import form_fields
from service.schemas.analysis_request import AnalysisRequest

WHOLE = {("tissue", "gm"), ("tissue", "wm"), ("tissue", "csf")}
"""Fields that make sense together only."""


def example(field: RequestField) -> Any:
    """The declared example, as a request's document holds it."""
    return float(field.said.example) if field.said.kind == "number" else field.said.example


def written(field: RequestField) -> str:
    """The example as people write it in one cell, option or field of a form."""
    return ";".join(field.said.example) if field.said.most > 1 else str(field.said.example)


def document_of(field: RequestField) -> dict[str, Any]:
    """A document that says this field, with those it needs."""
    document: dict[str, Any] = {}
    for path in WHOLE if field.path in WHOLE else {field.path}:
        put(document, path, example(BY_PATH[path]))
    return document


def value_at(document: Any, path: tuple[str, ...]) -> Any:
    """What a document, or a noun, holds at a place."""
    for step in path:
        document = document[step] if isinstance(document, dict) else getattr(document, step)
    return document


@pytest.fixture(params=FIELDS, ids=lambda field: ".".join(field.path))
def field(request: pytest.FixtureRequest) -> RequestField:
    """Each declared field in turn."""
    return request.param


def test_api_accepts_each_field(field: RequestField) -> None:
    """The schema accepts the example, describes the field, and gives the same document back."""
    document = document_of(field)
    request = AnalysisRequest.model_validate(document)

    assert request.model_dump(mode="json", exclude_none=True) == document
    assert field.said.text in str(AnalysisRequest.model_json_schema())


def test_command_line_accepts_each_field(field: RequestField) -> None:
    """The option of its name puts the example to its place in the document."""
    taken: list[dict[str, Any]] = []

    @takes_request()
    def command(file: Path, *, document: dict[str, Any], paths: Paths) -> int:
        taken.append(document)
        return 0

    options = {parameter.name for parameter in inspect.signature(command).parameters.values()}
    arguments: dict[str, Any] = dict.fromkeys(options - {"file"})
    if field.path in WHOLE:
        arguments["tissue"] = ",".join(f"{path[-1]}={example(BY_PATH[path])}" for path in sorted(WHOLE))
    else:
        arguments[field.option] = written(field) if field.said.most > 1 else example(field)
    command(file=Path("scan.rda"), **arguments)

    assert taken == [document_of(field)]


def test_manifest_has_a_column_for_each_field(field: RequestField, tmp_path: Path) -> None:
    """The column of its name does the same."""
    fields = [BY_PATH[path] for path in WHOLE] if field.path in WHOLE else [field]
    path = tmp_path / "manifest.csv"
    header = ",".join(["metabolite", *(item.column for item in fields)])
    path.write_text(f"{header}\na.rda,{','.join(written(item) for item in fields)}\n")
    (entry,) = read_manifest(path).entries

    assert isinstance(entry, ManifestRow)
    assert entry.document == document_of(field)


def test_form_accepts_each_field_in_its_unit(field: RequestField) -> None:
    """Fields with a label stand in the form once, and their value arrives in the unit of the request."""
    shown = [item for item in form_fields.FIELDS if item.declared == field]
    assert len(shown) == (1 if field.said.label else 0)
    for item in shown:
        number = field.said.kind == "number"
        text = repr(field.said.example * field.said.per_si) if number else written(field)
        document, broken = form_fields.request_of({item.name: text})
        assert not broken
        assert value_at(document, field.path) == (pytest.approx(example(field)) if number else field.said.example)


def test_python_accepts_each_field(field: RequestField) -> None:
    """``Job.from_files`` takes it by its column's name."""
    if field.path in WHOLE:
        given = {"tissue": {path[-1]: example(BY_PATH[path]) for path in WHOLE}}
    else:
        given = {field.column: field.said.example}

    assert request_of(said_document(given)) == request_of(document_of(field))


def test_each_field_reaches_the_job(field: RequestField) -> None:
    """What a worker computes with holds the value under the name of the document."""
    request = request_of(document_of(field))
    place = {"person": request.subject, "visit": request.visit, "clinical": request.clinical,
             "overrides": request.options.overrides, "options": request.options}[field.section.name]  # fmt: skip

    assert value_at(place, field.path[len(field.section.path) :]) == (
        tuple(example(field)) if field.said.most > 1 else example(field)
    )


@pytest.mark.parametrize("command", ["analyse", "batch", "inspect", "submit", "watch"])
def test_commands_offer_every_field(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command that sends or analyses spectra has an option for every field."""
    monkeypatch.setenv("COLUMNS", "300")
    assert run([command, "--help"]) == 0
    help_text = capsys.readouterr().out

    wanted = {"--tissue" if item.path in WHOLE else f"--{item.option.replace('_', '-')}" for item in FIELDS}
    assert not [option for option in wanted if option not in help_text]


def test_python_refuses_an_unknown_field_by_name() -> None:
    """A misspelt name is an error, not a default."""
    with pytest.raises(TypeError, match="no field 'age'"):
        Job.from_files("scan.rda", age=44)


def test_every_part_is_an_argument_in_python() -> None:
    """``Job.from_files`` has an argument for each declared part."""
    arguments = set(inspect.signature(Job.from_files).parameters)

    assert {part.name for part in PARTS} <= arguments
