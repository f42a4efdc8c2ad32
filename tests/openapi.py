"""The description of the interface, as tests walk through it."""

from __future__ import annotations

from typing import Any

import yaml
from fastapi import FastAPI

from service.access.route_access import Access
from service.api.access import declarations
from service.routes import mount, openapi_yaml

DOCUMENT: dict[str, Any] = yaml.safe_load(openapi_yaml())
OPERATIONS: dict[str, Any] = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


def _declared() -> dict[str, Access]:
    app = FastAPI(openapi_url=None)
    mount(app)
    return {f"{method} {path}": access for (method, path), access in declarations(app.routes).items()}


ACCESS = _declared()
"""What every route declares, pages that are not described included."""
