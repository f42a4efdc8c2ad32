"""``/v1/basis-sets``: available basis sets."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from fitting.run.catalogue import basis_catalogue
from service.access.route_access import Access
from service.api.problems import responses

router = APIRouter(prefix="/v1/basis-sets", tags=["basis sets"])


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, from_attributes=True)


class Range(_Output):
    """A range of values, ends included."""

    low: float
    """Lowest value."""
    high: float
    """Highest value."""


class MetaboliteOut(_Output):
    """A metabolite of the basis set."""

    name: str
    """Name in results."""
    full_name: str
    """Display name."""
    source: str
    """Source of chemical shifts and couplings."""
    doi: str
    """Digital object identifier of the source."""


class MacromoleculesOut(_Output):
    """A published macromolecular background."""

    name: str
    """Name for a request's ``options.macromolecules``."""
    title: str
    """Display name."""
    default: bool
    """Whether it is one of those that the data weigh against each other when a request names none."""


class BasisSetsOut(_Output):
    """Supported ranges: a basis set is simulated for the field, sequence and echo time of each spectrum."""

    sequences: tuple[str, ...]
    """Localisation families."""
    spectrometer_frequency: Range
    """Transmitter frequency of 1H, Hz."""
    echo_time: Range
    """Echo time, s."""
    mixing_time: Range
    """Mixing time of STEAM, s."""
    metabolites: tuple[MetaboliteOut, ...]
    """Content of every simulated basis set."""
    macromolecules: tuple[MacromoleculesOut, ...]
    """Macromolecular backgrounds to choose from."""


@router.get(
    "",
    dependencies=[Depends(Access("any", note="refusals"))],
    summary="Say what can be simulated",
    responses=responses(),
)
def list_basis_sets() -> BasisSetsOut:
    """Sequences, ranges, metabolites and macromolecules; each result names the one it used in ``provenance``."""
    catalogue = basis_catalogue()
    return BasisSetsOut(
        sequences=catalogue.sequences,
        spectrometer_frequency=_range(catalogue.spectrometer_frequency),
        echo_time=_range(catalogue.echo_time),
        mixing_time=_range(catalogue.mixing_time),
        metabolites=tuple(MetaboliteOut.model_validate(item) for item in catalogue.metabolites),
        macromolecules=tuple(MacromoleculesOut.model_validate(item) for item in catalogue.macromolecules),
    )


def _range(ends: tuple[float, float]) -> Range:
    return Range(low=ends[0], high=ends[1])
