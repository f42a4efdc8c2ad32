"""The project's own codes as a FHIR CodeSystem, for terminology servers of those who receive Bundles."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fitting import __version__
from fitting.basis.metabolites import metabolites
from fitting.norms.regions import regions
from service.reports.codes import OWN_SCHEME, Code, code_table, concentration_code, ratio_code, region_code
from service.reports.fhir.elements import OWN_SYSTEM, Element


def code_system() -> Element:
    """The CodeSystem resource (R4); a ``fragment``, because a supplied basis may bring further metabolites."""
    own = {code.value: code for code in _codes() if code.scheme == OWN_SCHEME}
    return {
        "resourceType": "CodeSystem",
        "id": "mrsquant",
        "url": OWN_SYSTEM,
        "version": __version__,
        "name": "MrsquantCodes",
        "title": "Codes of mrsquant",
        "status": "active",
        "experimental": True,
        "description": "Ratios, metabolites, regions and findings of single-voxel 1H-MR spectroscopy that DICOM and "
        "LOINC have no code of. In DICOM the same codes are of the scheme 99MRSQUANT.",
        "caseSensitive": True,
        "content": "fragment",
        "count": len(own),
        "concept": [{"code": code.value, "display": code.meaning} for code in own.values()],
    }


def code_system_json() -> str:
    """The resource as it is published."""
    return json.dumps(code_system(), ensure_ascii=False, indent=2) + "\n"


def _codes() -> Iterator[Code]:
    for rows in code_table().values():
        yield from rows.values()
    for item in metabolites():
        yield ratio_code(item.name)
        yield concentration_code(item.name)
    for region in regions():
        code = region_code(region.name)
        if code is not None:
            yield code
