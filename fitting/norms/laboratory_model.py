"""The people a person is compared with: the control model, updated by the laboratory's own controls of any region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fitting.norms.case import Case
from fitting.norms.control_model import Cell, ControlModel, control_model
from fitting.norms.controls import Control, Controls
from fitting.norms.further_laboratories import model_with, prior_with
from fitting.norms.matching import find_place
from fitting.norms.own_values import SMALLEST_SHARE, OwnValues, own_values
from fitting.reason import Absence
from fitting.request import Subject
from fitting.statistics.laboratory import Noise, People, Prior, given, update
from fitting.units import FloatArray


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What is known of the healthy people of one laboratory for one value."""

    cell: Cell
    prior: Prior
    """After the controls of other regions."""
    own: OwnValues
    people: People
    elsewhere: tuple[str, ...]
    """Regions and parts whose controls of the same laboratory were used beside own ones of the value's region."""

    @property
    def noise(self) -> float | None:
        """Relative variance of the measurement of the people, where it is stated."""
        return self.own.noise


def laboratory_of(case: Case, own: Controls | None, others: Sequence[Controls] = ()) -> Laboratory:
    """The people that a value the control model covers is compared with.

    Parameters
    ----------
    case : Case
        Of a region, metabolite and field of the model.
    own : Controls or None
        People of the same laboratory and region.
    others : sequence of Controls
        People of the same laboratory in other regions, other parts or the other side of the region.
    """
    people = () if own is None else own.having(case.metabolite)
    cell = cell_of(case)
    elsewhere = [item for item in others if _observed(item, case) is not None]
    prior = prior_with(case.context.laboratories, cell)
    values = own_values(people, case.metabolite, case.context.subject)
    if elsewhere:
        prior = _informed(prior, cell, elsewhere, model_with(case.context.laboratories))
    updated = update(prior, values.sample)
    if own is not None and own.offset_variance > 0.0:
        updated = replace(updated, variance=updated.variance + own.offset_variance)
    return Laboratory(cell, prior, values, updated, tuple(_label(item) for item in elsewhere))


def cell_of(case: Case) -> Cell:
    """Cell of the control model that a value is in."""
    place, subject = find_place(case.context.subject), case.context.subject
    if isinstance(place, Absence):
        raise ValueError(place.sentence)
    part = "" if place.subregion is None else place.subregion.name
    field_t = case.context.acquisition.nominal_field_t or 3.0
    return Cell(case.metabolite, place.region.name, field_t, part, _side(subject.hemisphere))


def measurement(case: Case, typical: float, *, among_own: bool) -> float | None:
    """Relative variance of the measurement of a value; None where it is not known.

    ``typical`` is the value that healthy people have. Among people of one scanner only what differs from scan to scan
    counts, against published ones all of it.
    """
    if not case.sd_known:
        return None
    measured = case.measured.on_one_scanner if among_own else case.measured
    return (measured.sd / max(measured.value, SMALLEST_SHARE * typical)) ** 2


def noise_of(case: Case, laboratory: Laboratory) -> Noise:
    """Measurement variances of the comparison on the log scale."""
    among_own = laboratory.own.n > 0 or bool(laboratory.elsewhere)
    return Noise(laboratory.noise, measurement(case, laboratory.people.typical, among_own=among_own))


def _side(hemisphere: str | None) -> str:
    return hemisphere if hemisphere in {"left", "right"} else ""


def _label(controls: Controls) -> str:
    side = f"{controls.hemisphere} " if controls.hemisphere in {"left", "right"} else ""
    return side + (controls.subregion or controls.region or "")


def _observed(controls: Controls, case: Case) -> tuple[Control, ...] | None:
    """The people of another region with values above zero; None when the model does not cover it."""
    people = controls.having(case.metabolite)
    covered = controls.region is not None and control_model().covers(controls.region, case.metabolite)
    return people if people and covered and all(item.values[case.metabolite].value > 0.0 for item in people) else None


def _informed(prior: Prior, cell: Cell, others: Sequence[Controls], model: ControlModel) -> Prior:
    """The prior after the means, and for one metabolite the spreads, of controls of other regions."""
    cells, means, errors = [cell], [], []
    log_spread, spread_sd = prior.log_spread, prior.log_spread_sd
    for controls in others:
        there = replace(
            cell, region=controls.region or "", part=controls.subregion or "", side=_side(controls.hemisphere)
        )
        values = own_values(controls.having(cell.metabolite), cell.metabolite, Subject())
        logs = values.sample.values
        expected = model.prior(there)
        posterior = _spread(expected, logs)
        cells.append(there)
        means.append(float(logs.mean()))
        errors.append(float(np.exp(2.0 * posterior[0]) / logs.size) + controls.offset_variance)
        if logs.size > 1:
            shared = model.study_cv_sd**2
            gain = shared / (expected.log_spread_sd**2 + 0.5 / (logs.size - 1.0))
            log_spread += gain * (np.log(max(float(logs.std(ddof=1)), 1e-6)) - expected.log_spread)
            spread_sd = float(np.sqrt(max(spread_sd**2 - gain * shared, (0.3 * spread_sd) ** 2)))
    expected_means, covariance = model.joint(cells)
    informed = given(prior, expected_means[:, 1:], covariance, np.array(means), np.array(errors))
    return replace(informed, log_spread=float(log_spread), log_spread_sd=spread_sd)


def _spread(prior: Prior, logs: FloatArray) -> tuple[float, float]:
    """Posterior mean and SD of log s from the values alone."""
    if logs.size < 2:
        return prior.log_spread, prior.log_spread_sd
    precision, own = prior.log_spread_sd**-2.0, 2.0 * (logs.size - 1.0)
    observed = np.log(max(float(logs.std(ddof=1)), np.exp(prior.log_spread - 4.0 * prior.log_spread_sd)))
    return float((precision * prior.log_spread + own * observed) / (precision + own)), (precision + own) ** -0.5
