"""Every analysis of a cohort, in the order of the answer."""

from __future__ import annotations

from fitting.cohort.association_differences import ASSOCIATION_DIFFERENCES
from fitting.cohort.associations import ASSOCIATIONS
from fitting.cohort.classification import CLASSIFICATION
from fitting.cohort.context import CONTEXT
from fitting.cohort.decomposition import DECOMPOSITION
from fitting.cohort.factorial import FACTORIAL
from fitting.cohort.findings import CohortAnalysis
from fitting.cohort.laterality import LATERALITY
from fitting.cohort.levels import LEVELS
from fitting.cohort.networks import NETWORKS
from fitting.cohort.treatment import TREATMENT

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
