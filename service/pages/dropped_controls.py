"""Spectra that are dropped on the page of calibrations: one submission for each, as of one healthy person each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from fitting.errors import FittingError
from fitting.run.check import check_document
from service.pages.frame import room
from service.schemas.analysis_request import AnalysisRequest
from service.storage.files import StoredFile
from service.storage.repositories import Submission

GROUP = "control"
_SCAN = {"sequence": 1.0, "echo_time": 1e3}
"""Fields that files may lack, with the factor from the request's unit to the form's."""

Named = tuple[str, bytes]


def submissions_of(
    files: Sequence[Named], given: Mapping[str, str], request_id: str
) -> tuple[list[Submission], dict[str, str]]:
    """One submission for each spectrum, or what is wrong by field.

    Two files of one name (SDAT and SPAR) are one spectrum. A person is called by the digest of the spectrum, for a
    file's name may be a patient's.
    """
    errors: dict[str, str] = {}
    shared = _request(given, errors)
    spectra = _spectra(files)
    if not spectra:
        errors["spectra"] = room("upload.no_file")
    return [_submission(parts, shared, request_id) for parts in spectra], errors


def _request(given: Mapping[str, str], errors: dict[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = {"region": given["region"], "group": GROUP, "keep_files": True}
    if given["hemisphere"]:
        document["hemisphere"] = given["hemisphere"]
    for name, factor in _SCAN.items():
        text = given[name]
        if text and name == "sequence":
            document.setdefault("overrides", {})[name] = text
        elif text:
            try:
                document.setdefault("overrides", {})[name] = float(text.replace(",", ".")) / factor
            except ValueError:
                errors[name] = room("upload.no_number")
    try:
        document = AnalysisRequest.model_validate(document).model_dump(mode="json", exclude_none=True)
        check_document(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        errors[str(first["loc"][-1])] = room("sites.wrong_region") if first["loc"] == ("region",) else first["msg"]
    except FittingError as error:
        errors[str(error.data.get("parameter") or "spectra")] = error.detail
    return document


def _spectra(files: Sequence[Named]) -> list[list[Named]]:
    """The files by spectrum: those of one name belong together when they are of the pair SDAT and SPAR."""
    found: dict[tuple[str, ...], list[Named]] = {}
    for name, content in files:
        path = PurePath(name.lower())
        is_paired = path.suffix in {".sdat", ".spar"}
        found.setdefault((path.stem,) if is_paired else (name, str(len(found))), []).append((name, content))
    return list(found.values())


def _submission(parts: Sequence[Named], shared: Mapping[str, Any], request_id: str) -> Submission:
    digest = hashlib.sha256(b"".join(content for _, content in parts)).hexdigest()
    files = tuple(StoredFile("metabolite", f"metabolite{_ending(name)}", content) for name, content in parts)
    return Submission(files, {**shared, "subject": f"c{digest[:8]}"}, request_id)


def _ending(name: str) -> str:
    lower = name.lower()
    return ".nii.gz" if lower.endswith(".nii.gz") else PurePath(lower).suffix[:6]
