"""The published control groups behind the norms of a report."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fitting.analysis import Analysis
from fitting.norms import Norm, literature_norms, norm_version

_YEAR_FIRST = re.compile(r"(\d{4})_([a-z-]+)_")
_AUTHOR_FIRST = re.compile(r"([A-Z][a-z]+)_?(\d{4})(?!\d|meta)")


@dataclass(frozen=True, slots=True)
class ControlStudy:
    """One study with control groups of the region."""

    study: str
    doi: str
    values: str
    """Values it measured, each with its number of controls."""


def control_studies(analysis: Analysis) -> tuple[ControlStudy, ...]:
    """Studies whose controls are behind the published norms; none where the analysis used other tables than today's."""
    if analysis.provenance.norm_version != norm_version():
        return ()
    used = {norm.id for norm in analysis.norms if norm.kind == "literature"}
    return studies_behind(norm for norm in literature_norms() if norm.id in used)


def studies_behind(norms: Iterable[Norm]) -> tuple[ControlStudy, ...]:
    """The studies of these norms by name, each with the values that it measured."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for norm in norms:
        for cohort in norm.cohorts:
            found.setdefault((cohort.study, cohort.doi), {})[f"{norm.metabolite} (n = {cohort.n})"] = None
    named = [ControlStudy(study_name(study), doi, ", ".join(values)) for (study, doi), values in found.items()]
    return tuple(sorted(named, key=lambda line: (line.study, line.doi)))


def study_name(study: str) -> str:
    """First author and year behind the name of a study in the tables, such as ``2018_bauer_19``."""
    by_year = _YEAR_FIRST.match(study)
    if by_year is not None:
        return f"{by_year[2].title()} {by_year[1]}"
    by_author = _AUTHOR_FIRST.search(study)
    return study.replace("_", " ") if by_author is None else f"{by_author[1]} {by_author[2]}"
