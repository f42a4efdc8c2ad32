"""``SITE.json``: written in canonical bytes, read strictly; an altered or damaged file is refused."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from fitting.errors import FittingError, UnusableSite
from fitting.norms import Method
from fitting.norms.admission import check_people, check_place
from fitting.norms.case import RATIO
from fitting.sites.members import WrongMember, noun_of
from fitting.sites.site import KIND, SCHEMA, Site, canonical, people_of

NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"
LARGEST_BYTES = 64_000_000
"""A profile of hundreds of controls has less than a tenth of it."""


def check_name(name: str) -> str:
    """Return a valid name of a site.

    Raises
    ------
    UnusableSite
    """
    if not re.fullmatch(NAME, name):
        raise UnusableSite(
            "The name of a site is 1 to 40 lower-case letters, digits and hyphens, such as prisma-acc.",
            parameter="name",
        )
    return name


def site_bytes(site: Site) -> bytes:
    """Content of ``SITE.json``."""
    return site.content


def read_site(content: bytes, file: str = "SITE.json") -> Site:
    """The site of a profile's content.

    Layout is free, members are not: a file that was only reformatted is the same site.

    Raises
    ------
    UnusableSite
        When it is no profile, of a later version, damaged, or altered since it was made.
    """
    document = json_object(content, file)
    if document.get("kind") != KIND:
        raise UnusableSite(f"'{file}' is no calibration of a scanner; mrsquant calibrate writes one.", file=file)
    if document.get("schema") != SCHEMA:
        raise UnusableSite(
            f"'{file}' is of version {document.get('schema')!r} of the profile; this program reads version {SCHEMA}. "
            "Make it again with mrsquant calibrate.",
            file=file,
        )
    checksum = document.pop("checksum", None)
    try:
        same = checksum == hashlib.sha256(canonical(document)).hexdigest()
    except ValueError:
        same = False
    if not same:
        raise UnusableSite(
            f"'{file}' was altered after it was made: its checksum does not fit its content. Use the original file, "
            "or make it again with mrsquant calibrate.",
            file=file,
        )
    try:
        site = noun_of(Site, {name: value for name, value in document.items() if name not in ("kind", "schema")})
    except WrongMember as error:
        raise UnusableSite(f"'{file}' is damaged: {error}; make it again.", file=file) from None
    _check(site, file)
    return site


def kind_of(content: bytes) -> str | None:
    """The member ``kind`` of a JSON object, which tells files of this package apart; None for anything else."""
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return str(document["kind"]) if isinstance(document, dict) and "kind" in document else None


def json_object(content: bytes, file: str) -> dict[str, Any]:
    """The JSON object of a file.

    Raises
    ------
    UnusableSite
    """
    if len(content) > LARGEST_BYTES:
        raise UnusableSite(f"'{file}' is larger than any profile.", file=file, limit=LARGEST_BYTES)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise UnusableSite(f"'{file}' is no JSON file; name a SITE.json.", file=file) from None
    if not isinstance(document, dict):
        raise UnusableSite(f"'{file}' holds no JSON object; name a SITE.json.", file=file)
    return document


def _check(site: Site, file: str) -> None:
    """Refuse impossible values, as those of controls that are posted."""
    check_name(site.name)
    places = [(item.region, item.subregion, item.hemisphere) for item in site.regions]
    if not places or len(places) != len(set(places)):
        raise UnusableSite(f"'{file}' is damaged: its regions are missing or repeated; make it again.", file=file)
    facts = site.acquisition
    method = Method(facts.field_t, facts.sequence, facts.echo_time, RATIO, site.processing.software)
    try:
        for item in site.regions:
            check_place(item.subregion or item.region)
            check_people(method, people_of(item.controls))
    except FittingError as error:
        raise UnusableSite(f"'{file}' is damaged: {error.detail}", file=file) from error
