"""A published norm: one metabolite in one region at one field, with the studies behind it."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.statistics.pooling import ENOUGH_STUDIES, RandomEffects

FEWEST_STUDIES = 3
"""Below this a spread between laboratories cannot be judged."""


@dataclass(frozen=True, slots=True)
class StudyControls:
    """The controls of one study: sides and subregions averaged, independent groups joined by their size."""

    study: str
    doi: str
    locator: str
    mean: float
    sd: float | None
    n: int
    age_mean: float | None
    derived: bool
    """The mean is a ratio of group means; it has no standard deviation."""
    all_flagged: bool
    """All rows are graded C or worse: flagged, derived or third-party."""
    sequences: tuple[str, ...]
    software: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Norm:
    """Reference distribution of one quantity in healthy people.

    ``grade`` is of the studies of this very region and metabolite: A five or more studies, 150 people, measured SDs; B
    three studies, 60 people; C thin, all rows flagged, or a borrowed SD; D no study or a single one of fewer than 30. A
    and B are one lower where the studies disagree (I² of 75 % or more).
    """

    id: str
    region: str
    metabolite: str
    unit: str
    field_t: float
    grade: str
    cohorts: tuple[StudyControls, ...]
    n: int
    mean: float
    effects: RandomEffects | None
    """None for a single study."""
    sd_within: float | None
    """None when no study reports one and none can be borrowed."""
    df_within: float
    sd_borrowed: bool
    """The spread is the relative spread of other regions times the mean."""
    age_mean: float | None
    laboratory_sd: float | None = None
    """SD of a new laboratory's mean in the control model, in the unit of the norm; None where the norm is pooled."""

    @property
    def modelled(self) -> bool:
        """Whether the control model answers."""
        return self.laboratory_sd is not None

    @property
    def sd_between(self) -> float | None:
        """SD between laboratories, in the unit of the norm; None for a single study without model."""
        if self.laboratory_sd is not None:
            return self.laboratory_sd
        return None if self.effects is None else self.effects.tau

    @property
    def studies(self) -> int:
        """Number k of independent studies."""
        return len(self.cohorts)

    @property
    def derived(self) -> bool:
        """Whether ratios of group means are among the study means."""
        return any(cohort.derived for cohort in self.cohorts)

    @property
    def sequences(self) -> tuple[str, ...]:
        """Localisation sequences of the studies, where stated."""
        return tuple(sorted({name for cohort in self.cohorts for name in cohort.sequences}))

    @property
    def software(self) -> tuple[str, ...]:
        """Programs that fitted the studies, where stated."""
        return tuple(sorted({name for cohort in self.cohorts for name in cohort.software}))

    @property
    def supports_z(self) -> bool:
        """Whether it is known how far laboratories differ: by the control model, or by enough pooled studies."""
        return self.modelled or self._pooled_supports_z

    @property
    def _pooled_supports_z(self) -> bool:
        return self.studies >= FEWEST_STUDIES and self.grade != "D" and self.sd_within is not None

    @property
    def supports_p(self) -> bool:
        """Whether a p value is justified: by the model, or by five pooled studies with measured spread."""
        return self.modelled or (self.supports_z and self.studies >= ENOUGH_STUDIES and self.grade in {"A", "B"})


def norm_id(region: str, metabolite: str, unit: str, field_t: float) -> str:
    """Id of a published norm."""
    return f"{region}.{unit}.{metabolite}.{field_t:g}t".lower()
