"""Expected concentrations as a prior of the fit: off unless asked for, from cited tables, in the scale of the water.

One TOML file per table in ``fitting/data/concentration_priors``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from fitting.acquisition import Acquisition
from fitting.errors import MissingParameter
from fitting.fid import Fid
from fitting.model.linear_prior import LinearPrior
from fitting.quantification.relaxation import RelaxationTable
from fitting.quantification.scaling import scale_of
from fitting.quantification.totals import combine
from fitting.quantification.water_reference import water_signal
from fitting.request import TissueFractions


@dataclass(frozen=True, slots=True)
class ConcentrationPrior:
    """Expected concentrations by metabolite or sum (mM), each with the same relative standard deviation."""

    name: str
    title: str
    relative_sd: float
    concentrations: Mapping[str, float]
    source: str
    doi: tuple[str, ...]


@cache
def concentration_priors() -> dict[str, ConcentrationPrior]:
    """Every shipped table by name."""
    found = {}
    for entry in (files("fitting") / "data" / "concentration_priors").iterdir():
        if entry.name.endswith(".toml"):
            document = tomllib.loads(entry.read_text(encoding="utf-8"))
            found[document["name"]] = ConcentrationPrior(
                name=document["name"],
                title=document["title"],
                relative_sd=document["relative_sd"],
                concentrations=document["concentrations"],
                source=document["source"],
                doi=tuple(document["doi"]),
            )
    return dict(sorted(found.items()))


def linear_prior(  # noqa: PLR0917 - the scale needs all that quantification does
    table: ConcentrationPrior,
    names: tuple[str, ...],
    water: Fid | None,
    acquisition: Acquisition,
    tissue: TissueFractions | None,
    relaxation: RelaxationTable,
    *,
    water_acquisition: Acquisition | None = None,
) -> LinearPrior:
    """The table as a prior of amplitudes in the units of the FID, scaled by the water alone.

    Concentrations come out in the unit the answer has, mmol/kg or institutional units; the difference from mM (20 %) is
    small beside a prior of this width. Arguments are those of ``fitting.quantification.quantify``, with the ``names``
    of the K fitted components.

    Raises
    ------
    MissingParameter
        When there is no water reference: a scale from the spectrum itself would draw every value down.
    UnusableSignal
        When the water reference holds no water signal.
    """
    if water is None:
        raise MissingParameter(
            "A concentration prior takes its scale from the water reference, and there is none; supply one or leave "
            "the prior out.",
            parameter="water_reference",
        )
    scale = scale_of(names, acquisition, water_acquisition or acquisition, tissue, relaxation)
    factors = scale.factors / water_signal(water).per_proton
    combinations = combine(names)
    known = [name for name in combinations.names if name in table.concentrations]
    members = combinations.weights[[combinations.names.index(name) for name in known]]
    values = np.array([table.concentrations[name] for name in known])
    return LinearPrior(members * factors, values, table.relative_sd * values)
