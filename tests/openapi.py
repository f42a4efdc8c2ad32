"""The description of the interface, as tests walk through it."""

from __future__ import annotations

from typing import Any

import yaml

from service.api.export import openapi_yaml

DOCUMENT: dict[str, Any] = yaml.safe_load(openapi_yaml())
OPERATIONS: dict[str, Any] = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
