"""The example of an analysis in the description of the API."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from fitting.quality import quality_numbers


def example_analysis() -> dict[str, Any]:
    """A plausible answer; its quality is made of the examples that the numbers are declared with."""
    document: dict[str, Any] = json.loads((files("service.api") / "example_analysis.json").read_text())
    return {**document, "quality": {number.name: number.example for number in quality_numbers()}}
