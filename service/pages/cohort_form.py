"""The form for a new cohort: what was sent, kept for the next step, and what is wrong by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from fitting.cohort import preset_names, preset_text
from fitting.errors import FittingError
from service.api.cohort_intake import CohortUpload, overview_of, source_of, table_text
from service.api.cohort_schemas import CohortRequest
from service.errors import ServiceProblem
from service.pages.frame import room
from service.problem_documents import from_schema_errors
from service.schemas.cohort_source import CohortSource
from service.storage.repositories import AnalysisRepository

MOST_CHOSEN = 2000
MOST_KEPT = 500_000
"""Characters of one table that the page of a check holds, so that running needs no second upload."""
TABLES = ("measurements", "participants")
WORDS = ("name", "preset", "plan", "wide_unit")
OWN_PLAN = "own"
"""Choice of the plan that is written below."""


@dataclass(slots=True)
class CohortForm:
    """The form as it was sent."""

    words: dict[str, str] = field(default_factory=lambda: dict.fromkeys(WORDS, ""))
    chosen: list[str] = field(default_factory=list)
    """Ids of ticked analyses."""
    tables: dict[str, str] = field(default_factory=dict)
    """Text of ``measurements``, ``participants`` and of further tables by their file name."""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> dict[str, str]:
        """Tables that the page holds for the next step."""
        return {name: text for name, text in self.tables.items() if len(text) <= MOST_KEPT}

    @property
    def plan(self) -> str | None:
        """Text of the plan that is asked, where one is."""
        if self.words["preset"] == OWN_PLAN or (not self.words["preset"] and self.words["plan"].strip()):
            return self.words["plan"]
        return None


async def read_cohort_form(form: FormData) -> CohortForm:
    """What a browser sent; a chosen file wins over the table that was kept from a check."""
    found = CohortForm()
    for name in WORDS:
        value = form.get(name, "")
        found.words[name] = value.replace("\r\n", "\n").replace("\0", "") if isinstance(value, str) else ""
    found.words["name"] = found.words["name"].strip()
    found.chosen = [str(item)[:36] for item in form.getlist("with")][:MOST_CHOSEN]
    for key, value in form.multi_items():
        name = key.removeprefix("kept:")
        if key != name and isinstance(value, str) and value:
            found.tables[name] = value
    for key in (*TABLES, "table"):
        for part in form.getlist(key):
            if isinstance(part, UploadFile) and part.size:
                name = key if key in TABLES else (part.filename or "table.csv").rsplit("/", 1)[-1][:80]
                try:
                    found.tables[name] = await table_text(part, name)
                except (FittingError, ServiceProblem) as error:
                    found.errors[key] = _sentence(error)
    return found


def checked(form: CohortForm, repository: AnalysisRepository) -> tuple[CohortSource, dict[str, Any]] | None:
    """The source and its overview; None when something is wrong, which the form then says."""
    if form.errors:
        return None
    further = {name: text for name, text in form.tables.items() if name not in TABLES}
    preset = form.words["preset"] if form.words["preset"] not in ("", OWN_PLAN) else None
    measured = form.tables.get("measurements")
    given: dict[str, Any] = {
        "name": form.words["name"],
        "plan": form.plan,
        "preset": preset,
        "wide_unit": form.words["wide_unit"] or None,
        "tables": further or None,
        **({"analyses": _ids(form.chosen)} if form.chosen else {"measurements": None if measured is None else []}),
    }
    if not form.chosen and measured is None and not further:
        form.errors["measurements"] = room("cohorts.needed_table")
        return None
    try:
        asked = CohortRequest.model_validate(given)
        source = source_of(CohortUpload(asked, form.tables.get("participants"), measured), repository)
        return source, overview_of(source)
    except ValidationError as error:
        for place in from_schema_errors(error.errors(), location="body").errors:
            form.errors[_field(place.pointer)] = place.detail
    except FittingError as error:
        form.errors[_blamed(error)] = _sentence(error)
    except ServiceProblem as error:
        form.errors["form"] = _sentence(error)
    return None


def shown_plan(form: CohortForm) -> None:
    """Put the text of the chosen study into the plan, to be edited."""
    if form.words["preset"] in preset_names():
        form.words["plan"] = preset_text(form.words["preset"])
        form.words["preset"] = OWN_PLAN


def _ids(chosen: list[str]) -> list[UUID | str]:
    found: list[UUID | str] = []
    for item in chosen:
        try:
            found.append(UUID(item))
        except ValueError:
            found.append(item)
    return found


def _field(pointer: str) -> str:
    name = pointer.removeprefix("#/").split("/")[0]
    return name if name in (*WORDS, *TABLES) else "form"


def _blamed(error: FittingError) -> str:
    """The field that a refusal is about, by how it begins."""
    starts: Mapping[str, str] = {"participants": "participants", "measurements": "measurements", "plan": "plan"}
    if error.code in ("unusable-plan", "filter-depends-on-value"):
        return "plan"
    return next((name for start, name in starts.items() if error.detail.startswith(start)), "form")


def _sentence(error: FittingError | ServiceProblem) -> str:
    return str(error.detail)
