"""Learning the macromolecules of a scanner: against dense Gaussian algebra of the whole hierarchy."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from fitting.errors import UnusableBasis
from fitting.model.background_evidence import BackgroundEvidence, evidence_of, probability
from fitting.model.site_background import PERSONAL, RejectedControl, SiteBackground, learned, log_evidence
from fitting.units import FloatArray
from tests.unit.model_cases import penalty_rows
from tests.unit.test_two_deviations import linearised

SIZE, PEOPLE = 4, 5


def _likelihood(seed: int) -> BackgroundEvidence:
    generator = np.random.default_rng(seed)
    root = generator.normal(size=(SIZE, SIZE - 1))  # one direction that the spectrum says nothing of
    information = 3.0 * root @ root.T
    return BackgroundEvidence(information, information @ generator.normal(size=SIZE) + root @ generator.normal(size=3))


SPECTRA = [_likelihood(seed) for seed in range(PEOPLE)]


def _joint(personal: float, spectra: list[BackgroundEvidence]) -> tuple[FloatArray, FloatArray]:
    """Precision and moment of (mean, u_1 … u_n) under the hierarchy and the likelihoods."""
    count = len(spectra) + 1
    precision, moment = np.zeros((count * SIZE, count * SIZE)), np.zeros(count * SIZE)
    one = np.eye(SIZE)
    precision[:SIZE, :SIZE] = one / (1.0 - personal) + len(spectra) * one / personal
    for number, item in enumerate(spectra, start=1):
        here = slice(number * SIZE, (number + 1) * SIZE)
        precision[here, here] = one / personal + item.information
        precision[here, :SIZE] = precision[:SIZE, here] = -one / personal
        moment[here] = item.linear
    return precision, moment


@pytest.mark.parametrize("personal", [0.03, 0.25])
def test_the_posterior_of_the_mean_is_that_of_the_whole_hierarchy(personal: float) -> None:
    """Mean and covariance, to the six digits that are kept."""
    precision, moment = _joint(personal, SPECTRA)
    covariance = np.linalg.inv(precision)
    found = learned(SPECTRA, "grid", personal)

    assert found.mean == pytest.approx((covariance @ moment)[:SIZE], rel=1e-5)
    assert found.covariance == pytest.approx(covariance[:SIZE, :SIZE], rel=1e-5, abs=1e-7)
    assert (found.personal, found.spectra, found.grid) == (personal, PEOPLE, "grid")


def test_more_people_know_the_mean_better() -> None:
    """Every further spectrum leaves less variance in every direction."""
    few, many = learned(SPECTRA[:2], "grid", 0.1), learned(SPECTRA, "grid", 0.1)

    assert (np.linalg.eigvalsh(few.covariance - many.covariance) > -1e-6).all()
    assert np.trace(many.covariance) < 0.8 * np.trace(few.covariance)


def test_the_evidence_compares_variances_between_people() -> None:
    """Differences of log evidence are those of the integrated joint density; the largest is taken."""

    def whole(personal: float) -> float:
        precision, moment = _joint(personal, SPECTRA)
        prior = SIZE * (np.log(1.0 - personal) + PEOPLE * np.log(personal))
        return float(
            0.5 * moment @ np.linalg.solve(precision, moment) - 0.5 * np.linalg.slogdet(precision)[1] - 0.5 * prior
        )

    expected = [whole(personal) - whole(0.03) for personal in PERSONAL]
    found = [log_evidence(SPECTRA, personal) - log_evidence(SPECTRA, 0.03) for personal in PERSONAL]

    assert found == pytest.approx(expected, abs=1e-9)
    assert learned(SPECTRA, "grid").personal == PERSONAL[int(np.argmax(expected))]


def test_spread_between_people_is_recovered() -> None:
    """With sharp spectra the variance between people is found within the list of values."""
    generator = np.random.default_rng(5)
    for true in (0.03, 0.4):
        people = generator.normal(scale=np.sqrt(true), size=(60, SIZE)) + generator.normal(size=SIZE)
        sharp = [BackgroundEvidence(1e4 * np.eye(SIZE), 1e4 * person) for person in people]
        assert learned(sharp, "grid").personal in {true, PERSONAL[max(PERSONAL.index(true) - 1, 0)]}


def test_evidence_of_a_spectrum_does_not_depend_on_the_prior() -> None:
    """The likelihood of u = mean + factor c, given in c, has the same values up to a constant."""
    seen = SPECTRA[0]
    generator = np.random.default_rng(3)
    mean, factor = generator.normal(size=SIZE), generator.normal(size=(SIZE, SIZE)) + 2.0 * np.eye(SIZE)
    moved = seen.moved(mean, factor)
    points = generator.normal(size=(6, SIZE))

    def value(item: BackgroundEvidence, at: FloatArray) -> float:
        return float(item.linear @ at - 0.5 * at @ item.information @ at)

    differences = [value(moved, mean + factor @ c) - value(seen, c) for c in points]
    assert differences == pytest.approx([differences[0]] * len(points))


def test_the_likelihood_of_a_fit_is_its_posterior_without_the_prior() -> None:
    """With the prior put back it gives the fitted deviations and their block of the inverse of the whole Hessian."""
    problem, state = linearised()
    found = evidence_of(problem, state)
    blocks = [block for block in problem.model.baseline.blocks if block.name in {"templates", "lines"}]
    inside = np.concatenate([np.arange(block.start, block.stop) for block in blocks])
    spread = np.concatenate([np.full(block.stop - block.start, block.precision**-0.5) for block in blocks])
    precisions = dict(zip((id(b) for b in problem.model.baseline.blocks), problem.projection.precisions, strict=True))
    ratio = np.concatenate(
        [np.full(block.stop - block.start, precisions[id(block)] / block.precision) for block in blocks]
    )

    columns = np.hstack([state.design, problem.change(state), problem.model.baseline.columns])
    hessian = columns.T @ columns
    middle = slice(state.amplitudes.size, state.amplitudes.size + problem.model.layout.size)
    hessian[middle, middle] += np.diag(problem.soft_weights())
    hessian[middle.stop :, middle.stop :] += penalty_rows(problem).T @ penalty_rows(problem)
    inflation = max(1.0, float(np.mean(state.residual**2)))
    covariance = np.linalg.inv(hessian)[np.ix_(middle.stop + inside, middle.stop + inside)] * inflation
    posterior = np.linalg.inv(found.information + np.diag(ratio) / inflation)

    assert posterior @ found.linear == pytest.approx(state.coefficients[inside] / spread, rel=1e-4, abs=1e-6)
    assert posterior * np.outer(spread, spread) == pytest.approx(covariance, rel=1e-3, abs=1e-6 * covariance.max())


def test_a_prior_of_one_person_is_the_mean_s_error_and_the_person_s_own() -> None:
    """The factor squared is the covariance with what people differ by; the shared part is the mean's error."""
    found = learned(SPECTRA, "grid", 0.1)
    factor, common = found.factor()

    assert factor @ factor.T == pytest.approx(found.covariance + 0.1 * np.eye(SIZE))
    assert (factor * common) @ factor.T == pytest.approx(found.covariance)
    assert ((common >= 0.0) & (common < 1.0)).all()


def test_foreign_spectra_have_small_p_and_spectra_of_the_prior_uniform_p() -> None:
    """Of draws from the prior a fraction p has a probability below p; far from it the probability vanishes."""
    generator = np.random.default_rng(11)
    root = generator.normal(size=(SIZE, SIZE))
    information = 20.0 * root @ root.T
    noise = np.linalg.cholesky(information)

    def seen(deviation: FloatArray) -> float:
        linear = information @ deviation + noise @ generator.normal(size=SIZE)
        return probability(BackgroundEvidence(information, linear))

    own = [seen(generator.normal(size=SIZE)) for _ in range(2000)]
    assert stats.kstest(own, "uniform").pvalue > 0.01
    assert seen(np.full(SIZE, 6.0)) < 1e-6
    assert probability(BackgroundEvidence(1e-3 * np.eye(SIZE), np.zeros(SIZE))) == 1.0


def test_a_background_is_read_back_as_it_was_written() -> None:
    """The document gives the same background, digest and document; the digest follows the content."""
    found = learned(SPECTRA, "grid", 0.1)
    said = SiteBackground(
        found.grid,
        found.mean,
        found.covariance,
        0.1,
        PEOPLE,
        (RejectedControl("ctl-03", "verdict", "It is of limited use."),),
    )
    document = json.loads(json.dumps(said.to_document()))
    again = SiteBackground.from_document(document)

    np.testing.assert_array_equal(again.mean, said.mean)
    np.testing.assert_array_equal(again.covariance, said.covariance)
    assert again.left_out == said.left_out
    assert again.to_document() == document
    assert again.id == said.id != found.id


def _without(name: str) -> dict[str, Any]:
    document = learned(SPECTRA, "grid", 0.1).to_document()
    del document[name]
    return document


def _with(**changes: Any) -> dict[str, Any]:
    return learned(SPECTRA, "grid", 0.1).to_document() | changes


DAMAGED = {
    "no mean": _without("mean"),
    "no kind": _without("kind"),
    "of a later version": _with(schema=2),
    "not a number": _with(mean=[None] * SIZE),
    "not finite": _with(mean=[float("nan")] * SIZE),
    "a negative variance": _with(covariance=[[-1.0], [0, -1.0], [0, 0, -1.0], [0, 0, 0, -1.0]]),
    "too few rows": _with(covariance=[[1.0, 2.0]]),
    "people all alike": _with(personal=0.0),
    "of no spectra": _with(spectra=0),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_background_is_refused(what: str) -> None:
    """Missing, impossible or unknown members are an error that says what to do, never a prior of the fit."""
    with pytest.raises(UnusableBasis, match="background"):
        SiteBackground.from_document(copy.deepcopy(DAMAGED[what]))
