"""Declaration of quality numbers: on the instrument, beside the function that measures them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class QualityNumber:
    """Definition of a number of ``Quality``."""

    name: str
    unit: str
    definition: str
    """How it is measured."""
    good: str
    """Typical value in a good spectrum of brain, in words; not a limit of a verdict. Empty for text fields."""
    source: str
    """Source of the definition."""
    example: Any
    """A plausible value, for the description of the API."""


def number(description: str, *, unit: str, definition: str, good: str, source: str, example: Any) -> Mapping[str, Any]:
    """Metadata of a field: the ``description`` for the API's schema, the rest as in ``QualityNumber``."""
    words = {"unit": unit, "definition": definition, "good": good, "source": source}
    return {"description": description, "example": example, **words}


def numbers_of(declared: type) -> tuple[QualityNumber, ...]:
    """Definitions of the fields of a dataclass, in their order."""
    return tuple(
        QualityNumber(
            field.name,
            unit=field.metadata["unit"],
            definition=field.metadata["definition"],
            good=field.metadata["good"],
            source=field.metadata["source"],
            example=field.metadata["example"],
        )
        for field in fields(declared)
    )
