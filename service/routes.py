"""Every route of the service, and the OpenAPI 3.1 description made from them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import yaml
from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from fitting import __version__
from fitting.analysis import NOTICE
from service import pages
from service.access.route_access import Access
from service.api import (
    access,
    analyses,
    analysis_list,
    basis_sets,
    calibrations,
    cohort_presets,
    cohort_reports,
    cohorts,
    events,
    exports,
    fhir,
    health,
    norms,
    reports,
    scores,
    sign_offs,
    sites,
    subjects,
)
from service.api.cohort_schemas import CohortRequest
from service.api.events import EventOut
from service.api.example import example_analysis
from service.api.site_schemas import SiteRequest
from service.problem_documents import ProblemDocument
from service.schemas.analysis_request import AnalysisRequest, ArraySubmission
from service.schemas.site_norms import NormRequest
from service.web.query_names import refuse_unknown_parameters

_UNREFERENCED: tuple[type[BaseModel], ...] = (
    AnalysisRequest,
    ArraySubmission,
    CohortRequest,
    EventOut,
    ProblemDocument,
    NormRequest,
    SiteRequest,
)
"""Schemas that the framework does not see, because we read bodies and write problems ourselves."""

ROUTED = (
    analyses,
    analysis_list,
    events,
    reports,
    fhir,
    exports,
    sign_offs,
    subjects,
    norms,
    sites,
    calibrations,
    cohorts,
    cohort_reports,
    cohort_presets,
    scores,
    basis_sets,
    health,
    pages,
)

Schema = dict[str, Any]


def mount(app: FastAPI) -> None:
    """Give ``app`` every route and its description.

    Raises
    ------
    UndeclaredRoute
        When a route does not declare its ``Access``.
    """
    before = len(app.routes)  # the framework's own, such as /openapi.json
    for module in ROUTED:
        checks = [] if module is pages else [Depends(refuse_unknown_parameters)]
        app.include_router(module.router, dependencies=checks, generate_unique_id_function=_operation_id)
    declared = access.declarations(app.routes[before:])
    app.openapi = partial(_description, app, declared)  # type: ignore[method-assign]  # the documented way to change it


def _operation_id(route: APIRoute) -> str:
    """Name of a call in generated clients: that of its function, such as ``list_analyses``."""
    return route.name


def openapi_yaml() -> str:
    """The description as it stands in ``openapi.yaml``."""
    app = FastAPI()
    mount(app)
    return yaml.safe_dump(app.openapi(), sort_keys=False, allow_unicode=True, width=120)


def _description(app: FastAPI, declared: Mapping[tuple[str, str], Access]) -> Schema:
    if app.openapi_schema is None:
        document = get_openapi(
            title="mrsquant",
            version=__version__,
            description=f"Quantify single-voxel brain 1H-MRS and compare it with matched control norms.\n\n{NOTICE}",
            routes=app.routes,
            servers=[{"url": "/", "description": "The server that this description comes from."}],
            license_info={"name": "MIT", "identifier": "MIT"},
        )
        components: Schema = document["components"]["schemas"]
        for model in _UNREFERENCED:
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            components.update(schema.pop("$defs", {}))
            components[model.__name__] = schema
        document["components"]["schemas"] = dict(sorted(components.items()))
        _illustrate(components["AnalysisOut"], components, example_analysis())
        _illustrate(components["AcquisitionFacts"], components, {"mixing_time": 0.01})  # the example is no STEAM
        access.describe(document, declared)
        app.openapi_schema = document
    return app.openapi_schema


def _illustrate(schema: Schema, components: Schema, example: Any) -> None:
    """Give each field of ``schema``, and of the schemas it refers to, its value in ``example``."""
    for candidate in schema.get("anyOf", [schema]):
        resolved = components[candidate["$ref"].rsplit("/", 1)[1]] if "$ref" in candidate else candidate
        if isinstance(example, list) and "items" in resolved:
            for item in example:
                _illustrate(resolved["items"], components, item)
        elif isinstance(example, dict):
            for name, field in resolved.get("properties", {}).items():
                _illustrate_field(field, components, example.get(name))


def _illustrate_field(field: Schema, components: Schema, value: Any) -> None:
    if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
        _illustrate(field, components, value)
    elif value is not None:
        field.setdefault("examples", [value])
