"""``/docs/``: the documentation site that ``make site`` builds, served without any outside request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from mimetypes import guess_type
from types import MappingProxyType

from fastapi import Depends, Request, Response

from service.access.route_access import PUBLIC
from service.errors import NotFound
from service.pages.frame import page, page_router, room
from service.reports.html import csp_hash

FOLDER = "documentation"
"""Below this package; it is built, not kept in the repository, and part of the wheel when it was built before."""
_INLINE = re.compile(r"<script\b(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)

router = page_router()


@router.get("/docs/{path:path}", dependencies=[Depends(PUBLIC)])
def documentation(request: Request, path: str) -> Response:
    """A page or file of the site; how to build the site where there is none."""
    known = contents()
    if not known and not path:
        return page("documentation_missing.html", request=request)
    file = known.get(path or "index.html")
    if file is None:
        raise NotFound(room("nowhere"))
    content = file.read_bytes()
    media_type = guess_type(file.name)[0] or "application/octet-stream"
    headers = {"Cache-Control": "no-cache"}
    if media_type == "text/html":
        headers["Content-Security-Policy"] = policy_of(content.decode())
    return Response(content, media_type=media_type, headers=headers)


@cache
def contents() -> Mapping[str, Traversable]:
    """Every file of the site by its path; no other file can be named."""
    root = files(__package__) / FOLDER
    return MappingProxyType(dict(_below(root, "")) if root.is_dir() else {})


def _below(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for item in folder.iterdir():
        name = f"{prefix}{item.name}"
        found += _below(item, f"{name}/") if item.is_dir() else [(name, item)]
    return found


def policy_of(html: str) -> str:
    """The policy that lets a page's own files and the scripts it holds run, and nothing else.

    Inline styles are allowed: the theme and the notebook's tables set them, and they cannot run anything.
    """
    hashes = " ".join(f"'{csp_hash(script)}'" for script in dict.fromkeys(_INLINE.findall(html)))
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
