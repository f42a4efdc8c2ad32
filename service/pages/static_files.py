"""Style sheets and scripts below an address that changes with their content, so that browsers keep them for good."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from service.access.route_access import PUBLIC
from service.errors import NotFound

_FOLDERS = ("service.reports", "service.pages")
_MEDIA_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_FOR_GOOD = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@cache
def contents() -> Mapping[str, bytes]:
    """Every static file by name; reports and pages share them."""
    found: dict[str, bytes] = {}
    for package in _FOLDERS:
        for file in sorted((files(package) / "static").iterdir(), key=lambda item: item.name):
            if file.name.rpartition(".")[2] in _MEDIA_TYPES:
                found[file.name] = file.read_bytes()
    return MappingProxyType(found)


@cache
def version() -> str:
    """Digest of all static files: one that changes gives all a new address, as scripts import each other."""
    digest = sha256()
    for name, content in contents().items():
        digest.update(name.encode() + b"\0" + sha256(content).digest())
    return digest.hexdigest()[:16]


def address(name: str) -> str:
    """Address of a static file.

    Raises
    ------
    KeyError
        When there is none of this name.
    """
    if name not in contents():
        raise KeyError(name)
    return f"/static/{version()}/{name}"


@router.get("/static/{version_asked}/{name}", dependencies=[Depends(PUBLIC)])
def static_file(version_asked: str, name: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """One file; 304 when the browser has it."""
    content = contents().get(name)
    if content is None:
        raise NotFound("There is no static file of this name.")
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    lifetime = _FOR_GOOD if version_asked == version() else "no-cache"
    headers = {"Cache-Control": lifetime, "ETag": etag}
    if if_none_match is not None and etag in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_MEDIA_TYPES[name.rpartition(".")[2]], headers=headers)
