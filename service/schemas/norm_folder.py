"""A folder of norms: files with what ``POST /v1/norms`` takes, and files that other laboratories share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from fitting.errors import FittingError, UnusableControls
from fitting.norms import Controls
from fitting.norms.controls import digest
from fitting.sites import Share, kind_of, read_share
from fitting.sites.share import KIND
from service.schemas.site_norms import NormRequest

DIGITS = 8
"""Of the digest that stands for the version of a file."""


def read_norm_folder(folder: Path) -> dict[str, Controls]:
    """The norms by name, as long as every file is one; their ids end with a digest of the content.

    Raises
    ------
    UnusableControls
        Naming the file, when it cannot be read or is no norm of individual controls, two have one name, or there is
        none at all: published norms would replace them unasked.
    ImplausibleParameter
        When a value or a fact of the method cannot be.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise UnusableControls(f"Folder '{folder.name}' holds no .json file with a norm; check the path.")
    found: dict[str, Controls] = {}
    for path in (item for item in files if not _is_share(item)):
        request = _request(path)
        if request.name in found:
            raise UnusableControls(f"'{path.name}': another file has the name {request.name} too.", file=path.name)
        try:
            norm = request.norm_of_controls()
        except FittingError as error:
            raise type(error)(f"'{path.name}': {error.detail}", **error.data) from error
        found[request.name] = replace(norm, id=f"site.{request.name}.{digest(norm)[:DIGITS]}")
    return found


def read_shares(folder: Path) -> tuple[Share, ...]:
    """What other laboratories shared: the files of the folder that ``mrsquant calibrate --share`` wrote.

    Raises
    ------
    UnusableShare
        Naming the file, when it is damaged, was altered or holds single people.
    """
    files = (path for path in sorted(folder.glob("*.json")) if _is_share(path))
    return tuple(read_share(path.read_bytes(), path.name) for path in files)


def _is_share(path: Path) -> bool:
    try:
        return kind_of(path.read_bytes()) == KIND
    except OSError:
        return False


def _request(path: Path) -> NormRequest:
    try:
        request = NormRequest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UnusableControls(f"'{path.name}' cannot be opened; check the path.", file=path.name) from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the whole"
        reason = first["msg"].removeprefix("Value error, ")
        raise UnusableControls(f"'{path.name}' is no norm: {place}: {reason}.", file=path.name) from error
    if request.controls is None:
        raise UnusableControls(f"'{path.name}' names analyses; a file holds the controls.", file=path.name)
    return request
