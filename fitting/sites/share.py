"""What a site may share with other laboratories: numbers of people, means, spreads and covariances, and no person."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fitting.errors import UnusableShare, UnusableSite
from fitting.norms import find_region
from fitting.norms.composition import METABOLITES
from fitting.norms.control_model import Cell
from fitting.norms.further_laboratories import FurtherLaboratory, LaboratoryMean
from fitting.sites.document import check_name, json_object
from fitting.sites.members import WrongMember, noun_of
from fitting.sites.site import Site, SiteAcquisition, SiteControl, SiteProgram, SiteRegion, canonical
from fitting.units import FloatArray

KIND = "mrsquant-share"
SCHEMA = 1
FEWEST_SHARED = 3
"""People of one region. The values of one person, and those of two, follow from mean and SD; those of three do not."""
FEWEST_FOR_COVARIANCE = 5
"""With fewer, one of the people could solve the covariances for the others' values."""
DIGITS = 5
"""Significant digits of every number: far below the error of a mean, and too few to solve for single values."""
PERSONAL = {"people", "person", "controls", "values", "id", "ids", "subject", "age_years", "sex", "gm", "input_sha256"}
"""Members that only a document about single people has."""


_SIDES = {"left": "left", "right": "right"}


@dataclass(frozen=True, slots=True)
class SharedMetabolite:
    """One metabolite among the people of a region; ratios to tCr."""

    name: str
    """Metabolite or sum."""
    n: int
    """People who have it."""
    mean: float
    """Mean ratio."""
    sd: float
    """Standard deviation between people."""
    log_mean: float
    """Mean of the natural logarithm of the ratio."""
    log_sd: float
    """Standard deviation of the logarithm between people."""


@dataclass(frozen=True, slots=True)
class SharedCovariance:
    """Covariance between metabolites of one person, on the log scale."""

    metabolites: tuple[str, ...]
    """In the order of rows and columns."""
    values: tuple[tuple[float, ...], ...]
    """Rows."""


@dataclass(frozen=True, slots=True)
class SharedRegion:
    """The healthy people of one region and side in numbers."""

    region: str
    """Region of the brain."""
    subregion: str | None
    """Part of the region."""
    hemisphere: str | None
    """Side of the brain."""
    n: int
    """Number of people."""
    age_mean: float | None
    """Mean age, years; null when an age is not known."""
    age_sd: float | None
    """Standard deviation of the age, years."""
    metabolites: tuple[SharedMetabolite, ...]
    """By metabolite."""
    covariance: SharedCovariance | None
    """Between the metabolites that all of the people have; null with fewer than 5 people."""


@dataclass(frozen=True)
class Share:
    """What one laboratory shares of its calibration."""

    name: str
    """Name of the site."""
    acquisition: SiteAcquisition
    """Scanner and protocol."""
    software: str
    """Program, version and choices of method."""
    engine: str
    """SHA-256 of the code and data that compute values."""
    basis_sha256: str | None
    """SHA-256 of the supplied basis set; null when it is simulated."""
    program: SiteProgram
    """What made the calibration."""
    regions: tuple[SharedRegion, ...]
    """By region and side; those with fewer than 3 people are not shared."""

    @cached_property
    def content(self) -> bytes:
        """Canonical bytes, as those of ``SITE.json``, with a checksum."""
        document = {"kind": KIND, "schema": SCHEMA, **asdict(self)}
        return canonical({**document, "checksum": hashlib.sha256(canonical(document)).hexdigest()})

    @cached_property
    def id(self) -> str:
        """SHA-256 of the canonical bytes."""
        return hashlib.sha256(self.content).hexdigest()

    def __hash__(self) -> int:
        return hash(self.id)


def share_of(site: Site) -> Share:
    """What others may pool of a site.

    Raises
    ------
    UnusableShare
        When no region has enough people to be described without describing single ones.
    """
    regions = tuple(_region(item) for item in site.regions if len(item.controls) >= FEWEST_SHARED)
    if not regions:
        raise UnusableShare(
            f"No region of '{site.name}' has {FEWEST_SHARED} controls; with fewer, mean and SD would give the values "
            "of single people.",
            fewest=FEWEST_SHARED,
        )
    processing = site.processing
    return Share(
        name=site.name,
        acquisition=site.acquisition,
        software=processing.software,
        engine=processing.engine,
        basis_sha256=processing.basis_sha256,
        program=site.program,
        regions=regions,
    )


def laboratory_of(share: Share) -> FurtherLaboratory:
    """A share as a further laboratory of the control model."""
    field_t = share.acquisition.field_t
    means = tuple(
        LaboratoryMean(
            cell=Cell(
                item.name, region.region, field_t, region.subregion or "", _SIDES.get(region.hemisphere or "", "")
            ),
            n=item.n,
            log_mean=item.log_mean,
            log_sd=item.log_sd,
        )
        for region in share.regions
        for item in region.metabolites
        if item.name in METABOLITES
    )
    return FurtherLaboratory(share.id, share.name, means)


def read_share(content: bytes, file: str = "SHARE.json") -> Share:
    """The share of a file's content.

    Raises
    ------
    UnusableShare
        When it is none, is damaged, was altered, or holds values of single people.
    """
    try:
        document = json_object(content, file)
    except UnusableSite as error:
        raise UnusableShare(f"'{file}' is no JSON object; name a file that --share wrote.", file=file) from error
    personal = _personal(document)
    if personal:
        raise UnusableShare(
            f"'{file}' holds single people (member '{personal}') and is not shared norms; make the file with --share, "
            "which writes numbers of groups only.",
            file=file,
        )
    if document.get("kind") != KIND or document.get("schema") != SCHEMA:
        raise UnusableShare(f"'{file}' is no file of shared norms of version {SCHEMA}.", file=file)
    checksum = document.pop("checksum", None)
    try:
        same = checksum == hashlib.sha256(canonical(document)).hexdigest()
    except ValueError:
        same = False
    if not same:
        raise UnusableShare(f"'{file}' was altered after it was made; ask for the original file.", file=file)
    try:
        share = noun_of(Share, {name: value for name, value in document.items() if name not in ("kind", "schema")})
        check_name(share.name)
    except (WrongMember, UnusableSite) as error:
        raise UnusableShare(f"'{file}' is damaged: {error}.", file=file) from None
    _check(share, file)
    return share


def _personal(part: Any) -> str | None:
    """A member, anywhere in a document, that describes a single person."""
    if isinstance(part, Mapping):
        for name, value in part.items():
            is_matrix = name == "values" and isinstance(value, list) and all(isinstance(row, list) for row in value)
            if name in PERSONAL and not is_matrix:
                return str(name)
            found = _personal(value)
            if found is not None:
                return found
    elif isinstance(part, list):
        return next((found for item in part if (found := _personal(item)) is not None), None)
    return None


def _check(share: Share, file: str) -> None:
    for region in share.regions:
        if find_region(region.region) is None:
            raise UnusableShare(f"'{file}': region '{region.region}' is not known.", file=file)
        for item in region.metabolites:
            if not (FEWEST_SHARED <= item.n <= region.n):
                raise UnusableShare(
                    f"'{file}': {item.name} in {region.region} is of {item.n} people; a group has {FEWEST_SHARED} or "
                    "more.",
                    file=file,
                )
            if not (item.mean > 0.0 and item.sd >= 0.0 and item.log_sd > 0.0 and abs(item.log_mean) < 20.0):
                raise UnusableShare(f"'{file}': mean or SD of {item.name} cannot be.", file=file)


def _region(region: SiteRegion) -> SharedRegion:
    controls = region.controls
    names = sorted({name for item in controls for name in item.values})
    ages = [item.age_years for item in controls if item.age_years is not None]
    is_known = len(ages) == len(controls)
    return SharedRegion(
        region=region.region,
        subregion=region.subregion,
        hemisphere=region.hemisphere,
        n=len(controls),
        age_mean=_rounded(float(np.mean(ages)), 3) if is_known else None,
        age_sd=_rounded(float(np.std(ages, ddof=1)), 3) if is_known else None,
        metabolites=tuple(item for name in names if (item := _metabolite(controls, name)) is not None),
        covariance=_covariance(controls, names),
    )


def _metabolite(controls: Sequence[SiteControl], name: str) -> SharedMetabolite | None:
    values = _values(controls, name)
    if values.size < FEWEST_SHARED or not values.std() > 0.0:
        return None
    logs = np.log(values)
    return SharedMetabolite(
        name=name,
        n=int(values.size),
        mean=_rounded(float(values.mean())),
        sd=_rounded(float(values.std(ddof=1))),
        log_mean=_rounded(float(logs.mean())),
        log_sd=_rounded(float(logs.std(ddof=1))),
    )


def _covariance(controls: Sequence[SiteControl], names: Sequence[str]) -> SharedCovariance | None:
    whole = [name for name in names if all(name in item.values for item in controls)]
    if len(controls) < FEWEST_FOR_COVARIANCE or len(whole) < 2:
        return None
    matrix = np.cov(np.stack([np.log(_values(controls, name)) for name in whole]))
    return SharedCovariance(tuple(whole), tuple(tuple(_rounded(float(item)) for item in row) for row in matrix))


def _values(controls: Sequence[SiteControl], name: str) -> FloatArray:
    return np.array([item.values[name].value for item in controls if name in item.values])


def _rounded(number: float, digits: int = DIGITS) -> float:
    return 0.0 if number == 0.0 else round(number, digits - 1 - math.floor(math.log10(abs(number))))
