"""Every analysis of a cohort, in the order of the answer."""

from __future__ import annotations

from fitting.cohort.analyses.association_differences import ASSOCIATION_DIFFERENCES
from fitting.cohort.analyses.associations import ASSOCIATIONS
from fitting.cohort.analyses.classification import CLASSIFICATION
from fitting.cohort.analyses.context import CONTEXT
from fitting.cohort.analyses.decomposition import DECOMPOSITION
from fitting.cohort.analyses.factorial import FACTORIAL
from fitting.cohort.analyses.laterality import LATERALITY
from fitting.cohort.analyses.levels import LEVELS
from fitting.cohort.analyses.networks import NETWORKS
from fitting.cohort.analyses.treatment import TREATMENT
from fitting.cohort.findings import CohortAnalysis

ANALYSES: tuple[CohortAnalysis, ...] = (
    LEVELS,
    ASSOCIATIONS,
    ASSOCIATION_DIFFERENCES,
    NETWORKS,
    LATERALITY,
    DECOMPOSITION,
    FACTORIAL,
    TREATMENT,
    CLASSIFICATION,
    CONTEXT,
)
SECTIONS = tuple(analysis.section for analysis in ANALYSES)
"""Sections of a plan."""
