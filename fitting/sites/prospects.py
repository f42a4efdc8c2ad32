"""What own controls would make visible, before any of them is scanned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from fitting.norms import Case, Context, Control, Controls, Measured, Method, ZScore, score
from fitting.norms.assessment import NormUsed
from fitting.norms.case import OWN_SOFTWARE, RATIO, scan
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject
from fitting.sites.calibration import REPORTED

COUNTS = (0, 1, 3, 8, 20)
"""Numbers of own controls that are shown; 0 is published studies alone."""
SEQUENCE, ECHO_TIME = "PRESS", 0.030
"""Any protocol of the published studies: at short echo times it changes nothing here."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would be visible in one metabolite of one region."""

    metabolite: str
    """Metabolite or sum."""
    detectable_percent: tuple[float | None, ...]
    """For each number of controls, the decrease that four of five people who have it are flagged for, per cent; null
    where there would be no z-score."""


def prospects(
    region: str, hemisphere: str | None = None, field_t: float = 3.0, counts: Sequence[int] = COUNTS
) -> tuple[Prospect, ...]:
    """What these numbers of own controls would make visible in a person measured as well as they are.

    The controls are taken to have the mean and the spread that published studies let expect.

    Parameters
    ----------
    region : str
        Name of a region.
    hemisphere : str, optional
        Side of the brain.
    field_t : float
        Static field, tesla.
    counts : sequence of int
        Numbers of controls.
    """
    context = Context(Subject(region, hemisphere), scan(field_t, ECHO_TIME, SEQUENCE), OWN_SOFTWARE)
    found = []
    for metabolite in REPORTED:
        published = score(Case(metabolite, Ratio(1.0, 0.0), context, sd_known=False)).norm
        if published is not None:
            shown = tuple(_detectable(metabolite, published, context, count) for count in counts)
            found.append(Prospect(metabolite, shown))
    return tuple(found)


def _detectable(metabolite: str, published: NormUsed, context: Context, count: int) -> float | None:
    controls = [_group(metabolite, published, context, count)] if count else []
    position = score(Case(metabolite, Ratio(published.mean, 0.0), context, sd_known=False), controls).position
    if not isinstance(position, ZScore) or position.smallest_detectable_difference is None:
        return None
    return 100.0 * position.smallest_detectable_difference / published.mean


def _group(metabolite: str, published: NormUsed, context: Context, count: int) -> Controls:
    """People with the expected mean and spread: the quantiles of their distribution, scaled to its SD."""
    scores = [float(special.ndtri((number + 0.5) / count)) for number in range(count)]
    size = math.sqrt(sum(item**2 for item in scores) / max(count - 1, 1)) or 1.0
    spread = published.sd_within / published.mean
    people = tuple(
        Control(str(number), {metabolite: Measured(published.mean * math.exp(spread * item / size))})
        for number, item in enumerate(scores)
    )
    acquisition = context.acquisition
    method = Method(acquisition.nominal_field_t, SEQUENCE, ECHO_TIME, RATIO, OWN_SOFTWARE)
    subject = context.subject
    return Controls("site.prospect", "site", method, published.region, None, subject.hemisphere, people)
