"""``SITE.json``: canonical, closed to changes, and strict when it is read."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from fitting.errors import UnusableSite
from fitting.sites import Site, read_site, site_of
from fitting.sites.site import canonical
from tests.data.controls_of_site import candidates


@pytest.fixture(scope="module")
def site() -> Site:
    return site_of("prisma-acc", candidates(8))


def resealed(document: dict[str, Any]) -> bytes:
    """The document with a checksum that fits, as somebody would write it who knows how."""
    document.pop("checksum", None)
    return canonical({**document, "checksum": hashlib.sha256(canonical(document)).hexdigest()})


def test_reading_returns_the_same_site(site: Site) -> None:
    """Every member comes back, and the id is the SHA-256 of the file."""
    again = read_site(site.content)

    assert again == site
    assert again.id == site.id == hashlib.sha256(site.content).hexdigest()


def test_the_same_controls_give_the_same_bytes(site: Site) -> None:
    """There is no clock and no random number in it."""
    assert site_of("prisma-acc", candidates(8)).content == site.content


def test_a_reformatted_file_is_the_same_site(site: Site) -> None:
    """Layout and order of members carry nothing."""
    document = json.loads(site.content)
    turned = dict(reversed(document.items()))

    assert read_site(json.dumps(turned, indent=4).encode()).id == site.id


@pytest.mark.parametrize(
    "path",
    [
        ("name",),
        ("acquisition", "echo_time"),
        ("processing", "engine"),
        ("regions", 0, "controls", 3, "values", "tNAA", "value"),
        ("regions", 0, "controls", 3, "age_years"),
        ("left_out",),
        ("checksum",),
    ],
)
def test_an_altered_file_is_refused(site: Site, path: tuple[str | int, ...]) -> None:
    """A changed name, fact, value, age, list or checksum shows."""
    document = json.loads(site.content)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = 1.5 if isinstance(place[path[-1]], float) else "changed"

    with pytest.raises(UnusableSite, match="was altered"):
        read_site(json.dumps(document).encode(), "SITE.json")


BROKEN: dict[str, Any] = {
    "acquisition.field_t is no number": lambda doc: doc["acquisition"].update(field_t="three"),
    "regions is missing": lambda doc: doc.pop("regions"),
    "surname is not a known member": lambda doc: doc["regions"][0]["controls"][0].update(surname="x"),
    "regions are missing or repeated": lambda doc: doc.update(regions=[]),
    "no positive number": lambda doc: doc["regions"][0]["controls"][0]["values"]["tNAA"].update(value=-1.0),
    "listed more than once": lambda doc: doc["regions"][0]["controls"][0].update(id="ctl-02"),
    "not among": lambda doc: doc["regions"][0].update(region="elbow"),
    "version 99": lambda doc: doc.update(schema=99),
    "no calibration": lambda doc: doc.update(kind="holiday"),
    "lower-case": lambda doc: doc.update(name="Ward 3"),
}


@pytest.mark.parametrize("words", BROKEN)
def test_a_file_of_another_shape_is_refused_with_the_place(site: Site, words: str) -> None:
    """Also when its checksum fits."""
    document = json.loads(site.content)
    BROKEN[words](document)

    with pytest.raises(UnusableSite, match=words):
        read_site(resealed(document), "SITE.json")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"null", b"{", b'{"a": NaN}', b"[" * 100_000])
def test_anything_else_is_refused(content: bytes) -> None:
    """Whatever is named with ``--site`` by mistake."""
    with pytest.raises(UnusableSite):
        read_site(content, "SITE.json")
