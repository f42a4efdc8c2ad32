"""Forms become the requests that programs send, in SI units, or say which field is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.pages import control_form, form_fields, static_files
from service.schemas.analysis_request import AnalysisRequest

METHOD = {
    "name": "acc-press30", "region": "ACC", "hemisphere": "", "unit": "tCr", "field_t": "3", "echo_time": "30",
    "sequence": "PRESS", "software": "LCModel 6.3", "analyses": "",
}  # fmt: skip


def test_every_field_has_a_place_in_the_request() -> None:
    """A form with every field filled in passes the schema, and nothing is lost on the way."""
    words = {"pseudonym": "a-1", "region": "ACC", "name": "a-1", "number": "1"}
    given = {field.name: (*field.choices, words.get(field.said.kind, ""))[0] for field in form_fields.FIELDS}
    given |= {field.name: "20" for field in form_fields.FIELDS if field.said.low and field.said.low > 1}
    given["tags"] = "a-1; b 2, c"
    document, broken = form_fields.request_of(given)
    request = AnalysisRequest.model_validate(document).model_dump(exclude_none=True)

    def leaves(value: object) -> int:
        return sum(leaves(item) for item in value.values()) if isinstance(value, dict) else 1

    assert broken == {}
    assert request["tags"] == ["a-1", "b 2", "c"]
    assert leaves(request) == len(form_fields.FIELDS)
    assert {form_fields.field_at(field.declared.path) for field in form_fields.FIELDS} == {
        f.name for f in form_fields.FIELDS
    }


@given(st.floats(1, 1e4))
def test_times_arrive_in_seconds(milliseconds: float) -> None:
    """Whether people write a point or a comma."""
    for text in (repr(milliseconds), repr(milliseconds).replace(".", ",")):
        document, _ = form_fields.request_of({"echo_time": text})
        assert document["overrides"]["echo_time"] == pytest.approx(milliseconds / 1e3)


@pytest.mark.parametrize("text", ["forty", "1.2.3", "--", "1e"])
def test_form_fields_without_a_number_are_named(text: str) -> None:
    """Nothing is guessed from it."""
    assert form_fields.request_of({"age_years": text}) == ({}, {"age_years": text})


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_controls_are_read_from_a_table(separator: str) -> None:
    """Commas, semicolons and tabs separate; a decimal comma is understood where it cannot be a separator."""
    decimal = "." if separator == "," else ","
    lines = [["id", "age_years", "sex", "tNAA", "tNAA_sd", "tCho"]]
    lines += [["c1", "30", "female", f"1{decimal}4", f"0{decimal}03", ""], ["c2", "", "", f"1{decimal}5", "", "0"]]
    table = "\n".join(separator.join(line) for line in lines)
    request, errors = control_form.request_of({**METHOD, "csv": table})

    assert errors == {}
    first, second = request.controls
    assert (first.age_years, first.sex, first.values["tNAA"].value, first.values["tNAA"].sd) == (
        30,
        "female",
        1.4,
        0.03,
    )
    assert set(first.values) == {"tNAA"}
    assert second.values == {"tNAA": 1.5, "tCho": 0.0}
    assert request.echo_time == pytest.approx(0.030)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"csv": ""}, "csv"),
        ({"csv": "name,tNAA\nc1,1.4"}, "csv"),
        ({"csv": "id,tNAA\nc1,much"}, "csv"),
        ({"csv": "id,tNAA\nAnna Müller,1.4"}, "csv"),
        ({"csv": "id,tNAA\nc1,1.4", "echo_time": "soon"}, "echo_time"),
        ({"csv": "id,tNAA\nc1,1.4", "software": ""}, "software"),
        ({"csv": "id,tNAA\nc1,1.4", "name": "No Capitals"}, "name"),
        ({"analyses": "not-an-id", "csv": ""}, "analyses"),
    ],
)
def test_a_wrong_table_names_its_field(change: dict[str, str], field: str) -> None:
    """Each mistake stands beside the field it was made in."""
    request, errors = control_form.request_of({**METHOD, **change})

    assert request is None
    assert list(errors) == [field]


def test_every_static_file_is_small_and_has_an_address() -> None:
    """Together they are a fraction of what a report may be, and none asks for anything elsewhere."""
    contents = static_files.contents()

    assert sum(map(len, contents.values())) < 100_000
    assert all(b"http://" not in c.replace(b"http://www.w3.org/2000/svg", b"") for c in contents.values())
    assert all(static_files.address(name).endswith(f"/{name}") for name in contents)
    with pytest.raises(KeyError):
        static_files.address("../secrets")
