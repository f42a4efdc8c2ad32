"""Sessions of one person made from a plausible analysis: values scaled, acquisition changed, each spectrum its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fitting.analysis import Analysis, MetaboliteResult
from fitting.follow_up import FollowedSession
from tests.data import analysis_factory as factory


def analysis(spectrum: str, factors: Mapping[str, float] | None = None, **acquired: Any) -> Analysis:
    """A usable analysis of the spectrum of this name, with some values multiplied and acquisition facts replaced."""
    made = factory.make_analysis()
    metabolites = tuple(_scaled(result, (factors or {}).get(result.name, 1.0)) for result in made.metabolites)
    digest = hashlib.sha256(spectrum.encode()).hexdigest()
    return replace(
        made,
        metabolites=metabolites,
        acquisition=replace(made.acquisition, **acquired),
        provenance=replace(made.provenance, input_sha256=digest),
    )


def session(number: int, factors: Mapping[str, float] | None = None, **more: Any) -> FollowedSession:
    """The session of this number; ``day``, ``clinical``, ``name`` go to the session, the rest to the acquisition."""
    own = {key: more.pop(key) for key in ("day", "clinical", "name") if key in more}
    return FollowedSession(
        f"a{number}", analysis(f"spectrum {number}", factors, **more), **{"name": f"ses-{number}", **own}
    )


def _scaled(result: MetaboliteResult, factor: float) -> MetaboliteResult:
    ratio, concentration = result.ratio_tcr, result.concentration
    return replace(
        result,
        ratio_tcr=None if ratio is None else replace(ratio, value=ratio.value * factor),
        concentration=None if concentration is None else replace(concentration, value=concentration.value * factor),
    )
