"""The declaration of a request: ``nouns`` declares each field once; the other modules derive from it.

Derived from it are the API's request with its description, the options of the command line, the columns of a manifest,
the fields of the upload form, the arguments of ``Job.from_files``, and the input of a worker. A new field is one
annotated attribute in ``nouns`` and its use.
"""

from __future__ import annotations

from fitting.request.fields import (
    BY_PATH,
    FIELDS,
    SECTIONS,
    Declared,
    Document,
    RequestField,
    Section,
    check_said,
    checked,
    declared,
    put,
    request_of,
    words_of,
)
from fitting.request.nouns import (
    ClinicalMeasures,
    Options,
    Overrides,
    PersonVisit,
    Request,
    Said,
    Subject,
    TissueFractions,
)
from fitting.request.parts import PARTS, TISSUE_MAPS, Part
from fitting.request.words import IDENTITY, NAME, PSEUDONYM, REGION, refuse_identity

__all__ = [
    "BY_PATH",
    "FIELDS",
    "IDENTITY",
    "NAME",
    "PARTS",
    "PSEUDONYM",
    "REGION",
    "SECTIONS",
    "TISSUE_MAPS",
    "ClinicalMeasures",
    "Declared",
    "Document",
    "Options",
    "Overrides",
    "Part",
    "PersonVisit",
    "Request",
    "RequestField",
    "Said",
    "Section",
    "Subject",
    "TissueFractions",
    "check_said",
    "checked",
    "declared",
    "put",
    "refuse_identity",
    "request_of",
    "words_of",
]
