"""Norms: the position of a person's values among a site's own or published controls, or the reason for its absence.

``score`` answers for one value, ``assess`` for all quantities of a spectrum and ``score_together`` for values of other
programs. A value is a ``Case`` in a ``Context``; it is compared with ``Controls`` (a site's own, made by
``site_controls``, or supplied with the value) or a published ``Norm``; the answer holds a ``ZScore`` or an ``Absence``.
"""

from fitting.norms.admission import site_controls
from fitting.norms.assessment import Assessment, NormUsed, Scored, ZScore
from fitting.norms.case import Case, Context, own_software
from fitting.norms.controls import Control, Controls, Measured, Method, Summary
from fitting.norms.further_laboratories import FurtherLaboratory
from fitting.norms.leave_one_out import check_controls
from fitting.norms.literature import literature_norms
from fitting.norms.matching import applicable_norms, find_norm
from fitting.norms.norm import Norm
from fitting.norms.regions import Region, find_region, regions
from fitting.norms.scoring import score
from fitting.norms.study_rows import norm_version
from fitting.norms.together import assess, score_together
from fitting.reason import Absence

__all__ = [
    "Absence",
    "Assessment",
    "Case",
    "Context",
    "Control",
    "Controls",
    "FurtherLaboratory",
    "Measured",
    "Method",
    "Norm",
    "NormUsed",
    "Region",
    "Scored",
    "Summary",
    "ZScore",
    "applicable_norms",
    "assess",
    "check_controls",
    "find_norm",
    "find_region",
    "literature_norms",
    "norm_version",
    "own_software",
    "regions",
    "score",
    "score_together",
    "site_controls",
]
