"""The macromolecules of one scanner, learned from its people: their mean, its error, and how much people differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple, Self

import numpy as np

from fitting.errors import UnusableBasis
from fitting.model.background_evidence import BackgroundEvidence
from fitting.units import FloatArray

KIND = "mrsquant-site-background"
SCHEMA = 1
LEAST_PERSONAL = 0.03
"""Floor of the part of the prior variance that is one person's own: with less, the few spectra of a site would promise
that all people have the same macromolecules."""
PERSONAL = (0.03, 0.06, 0.1, 0.16, 0.25, 0.4, 0.6)
"""Values of it whose evidence is compared."""
DIGITS = 6
"""Significant digits of a kept number."""


class RejectedControl(NamedTuple):
    """A control whose spectrum the background was not learned from."""

    id: str
    """Pseudonym."""
    code: str
    """For programs."""
    sentence: str
    """For people."""


@dataclass(frozen=True, eq=False)
class SiteBackground:
    """Posterior of the deviations u of a scanner's macromolecules, in the coordinates that ``grid`` names.

    Of one person u ~ N(mean, covariance + personal I), in units of the deviations' prior standard deviations.
    """

    grid: str
    """Digest of the coordinates: those of another version of the templates mean something else."""
    mean: FloatArray
    """(n,)"""
    covariance: FloatArray
    """(n, n): uncertainty of the mean, the same for all people of the scanner."""
    personal: float
    """Variance of one person's deviations about the mean."""
    spectra: int
    """Number of spectra it was learned from."""
    left_out: tuple[RejectedControl, ...] = ()
    """Controls that taught nothing, with the reasons."""

    @cached_property
    def id(self) -> str:
        """Digest of the document: equal ones are the same prior of the fit."""
        return sha256(json.dumps(self.to_document(), sort_keys=True).encode()).hexdigest()[:12]

    def factor(self) -> tuple[FloatArray, FloatArray]:
        """Factor F (n, n) with F F' = covariance + personal I, and the part (n,) of each column that is shared."""
        values, vectors = np.linalg.eigh(self.covariance)
        whole = np.maximum(values, 0.0) + self.personal
        return vectors * np.sqrt(whole), 1.0 - self.personal / whole

    def to_document(self) -> dict[str, Any]:
        """The background as JSON objects; equal backgrounds give equal documents."""
        rows = [[_rounded(value) for value in row[: index + 1]] for index, row in enumerate(self.covariance)]
        return {
            "kind": KIND,
            "schema": SCHEMA,
            "grid": self.grid,
            "mean": [_rounded(value) for value in self.mean],
            "covariance": rows,
            "personal": self.personal,
            "spectra": self.spectra,
            "left_out": [item._asdict() for item in self.left_out],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The background of a document.

        Raises
        ------
        UnusableBasis
            When it is none, or one of a later version.
        """
        try:
            kind, schema = document["kind"], document["schema"]
            mean = np.array(document["mean"], dtype=np.float64)
            covariance = np.zeros((mean.size, mean.size))
            for index, row in enumerate(document["covariance"]):
                covariance[index, : index + 1] = row
            covariance = covariance + np.tril(covariance, -1).T
            personal, spectra = float(document["personal"]), int(document["spectra"])
            grid = str(document["grid"])
            left_out = tuple(RejectedControl(**item) for item in document.get("left_out", ()))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise UnusableBasis(
                "The learned background of the site is incomplete; calibrate the site again."
            ) from error
        if (kind, schema) != (KIND, SCHEMA):
            raise UnusableBasis(f"The learned background is of kind {kind!r}, version {schema!r}; this is not known.")
        values = np.linalg.eigvalsh(covariance) if np.isfinite(covariance).all() else np.array([-1.0])
        sound = np.isfinite(mean).all() and values.min(initial=0.0) > -personal and 0.0 < personal <= 1.0
        if not sound or spectra < 1:
            raise UnusableBasis(
                "The learned background of the site holds impossible numbers; calibrate the site again."
            )
        return cls(grid, mean, covariance, personal, spectra, left_out)


def _rounded(value: float) -> float:
    return float(f"{float(value):.{DIGITS}g}")


def learned(evidence: Sequence[BackgroundEvidence], grid: str, personal: float | None = None) -> SiteBackground:
    """The posterior under u_i ~ N(m, personal I), m ~ N(0, (1 - personal) I), rounded as it is kept.

    ``personal`` is that of ``PERSONAL`` whose evidence is largest when it is not given (empirical Bayes: Efron & Morris
    1973, doi:10.1080/01621459.1973.10481350).

    Parameters
    ----------
    evidence : sequence of BackgroundEvidence
        Of one spectrum of each person, at least one.
    grid : str
        Digest of their coordinates.
    personal : float, optional
    """
    chosen = max(PERSONAL, key=lambda each: log_evidence(evidence, each)) if personal is None else personal
    precision, moment, _ = _together(evidence, chosen)
    covariance = np.linalg.inv(precision)
    found = SiteBackground(grid, covariance @ moment, 0.5 * (covariance + covariance.T), chosen, len(evidence))
    return SiteBackground.from_document(found.to_document())


def log_evidence(evidence: Sequence[BackgroundEvidence], personal: float) -> float:
    """Logarithm of the probability of the spectra at that variance between people, but for a constant."""
    precision, moment, each = _together(evidence, personal)
    mean = np.linalg.solve(precision, moment)
    _, volume = np.linalg.slogdet(precision * (1.0 - personal))
    return float(each - 0.5 * volume + 0.5 * moment @ mean)


def _together(evidence: Sequence[BackgroundEvidence], personal: float) -> tuple[FloatArray, FloatArray, float]:
    """Precision (n, n) and moment (n,) of the mean's posterior, and what of the log evidence is each spectrum's own.

    With likelihood (H, b) of u and u ~ N(m, t I), that of m is H (I + t H)⁻¹ and (I + t H)⁻¹ b.
    """
    size = evidence[0].linear.size
    precision, moment, own = np.eye(size) / (1.0 - personal), np.zeros(size), 0.0
    for item in evidence:
        wider = np.eye(size) + personal * item.information
        seen = np.linalg.solve(wider, np.column_stack([item.information, item.linear]))
        precision += 0.5 * (seen[:, :-1] + seen[:, :-1].T)
        moment += seen[:, -1]
        own += 0.5 * personal * float(item.linear @ seen[:, -1]) - 0.5 * float(np.linalg.slogdet(wider)[1])
    return precision, moment, own
