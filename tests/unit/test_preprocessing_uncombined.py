"""Uncombined scans of known truth go through the whole chain: coils, drift, corrupted transients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fitting.preprocessing import preprocess
from fitting.preprocessing.alignment import align_metabolites
from fitting.preprocessing.averaging import average, weights
from fitting.preprocessing.coil_combination import coil_weights
from fitting.preprocessing.preprocessed import Transients
from fitting.preprocessing.step import OWN_METHODS, STANDARD_METHODS
from fitting.units import ComplexArray
from tests.data.simulated_brain import Scan, noise_for
from tests.data.uncombined import Planted, uncombined
from tests.unit.test_preprocessing_alignment import bounds


def found_weights(planted: Planted) -> ComplexArray:
    recording = planted.recording
    signal = recording if recording.water is None else recording.water
    return coil_weights(signal.samples, recording.fid).weights


def facts_of(planted: Planted) -> Transients:
    _, facts = preprocess(planted.recording)
    assert facts.transients is not None
    return facts.transients


@pytest.mark.parametrize("with_reference", [True, False])
@pytest.mark.parametrize(
    ("coils", "transients", "points"), [(16, 32, 1024), (4, 1, 1024), (32, 4, 512), (32, 1, 1024), (64, 16, 512)]
)
def test_combination_is_nearly_ideal(coils: int, transients: int, points: int, with_reference: bool) -> None:
    """At least 0.97 of the best possible signal-to-noise ratio; 0.9 where hardly more noise than coils was measured."""
    scan = Scan(points)
    planted = uncombined(scan, coils=coils, transients=transients, with_reference=with_reference)
    enough = transients * points >= 250 * coils
    assert planted.share_of_ideal(found_weights(planted)) >= (0.97 if enough else 0.9)


def test_duplicated_coils_do_not_make_the_covariance_singular() -> None:
    """A coil stored twice makes the covariance singular; the combination is as good as without the copy."""
    planted = uncombined(Scan(), coils=8)
    recording = planted.recording
    assert recording.water is not None
    order = [*range(8), 3, 3]
    twice = replace(
        recording,
        samples=recording.samples[:, order],
        water=replace(recording.water, samples=recording.water.samples[:, order]),
    )
    copied = replace(
        planted,
        recording=twice,
        sensitivities=planted.sensitivities[order],
        covariance=planted.covariance[np.ix_(order, order)],
    )
    assert copied.share_of_ideal(found_weights(copied)) >= 0.97


@pytest.mark.parametrize(
    ("drift_hz", "water", "unstable"), [(4.0, 1.0, False), (20.0, 3.0, False), (20.0, 1.0, True), (5.0, 5.0, True)]
)
def test_shifts_and_phases_are_recovered(drift_hz: float, water: float, unstable: bool) -> None:
    """Within 1.9 times the Cramér-Rao bound of what keeps step: the whole signal, or the metabolites alone.

    Unstable water covers part of the metabolites' band, so a little more is allowed there.
    """
    shift_errors, phase_errors = [], []
    for seed in range(4):
        scan = Scan(seed=seed)
        planted = uncombined(scan, drift_hz=drift_hz, water=water, unstable_water=unstable)
        found = facts_of(planted)
        assert found.shift_hz is not None
        assert found.phase_deg is not None
        known = planted.fid if unstable else planted.fid + scan.residual_water(water)
        limit_shift, limit_phase = bounds(known, planted.noise_sd, scan.time)
        turn = np.angle(np.exp(1j * (np.deg2rad(found.phase_deg) - planted.phase)))
        shift_errors.append(np.std(np.array(found.shift_hz) - planted.shift_hz) / limit_shift)
        phase_errors.append(np.std(np.angle(np.exp(1j * (turn - np.angle(np.sum(np.exp(1j * turn))))))) / limit_phase)
    worst = 2.5 if unstable else 1.9
    assert np.mean(shift_errors) <= worst
    assert np.mean(phase_errors) <= worst


@pytest.mark.parametrize("snr", [5.0, 15.0, 60.0])
def test_corrupted_transients_are_found(snr: float) -> None:
    """Precision and recall over many scans are at least 0.97, and the record counts and names what was left out."""
    right = false = missed = 0
    for seed in range(12):
        planted = uncombined(Scan(seed=seed), coils=2, snr=snr, corrupted=seed % 4)
        _, facts = preprocess(planted.recording)
        assert facts.transients is not None
        rejected = np.array(facts.transients.weight) == 0
        right += int(np.count_nonzero(rejected & planted.corrupted))
        false += int(np.count_nonzero(rejected & ~planted.corrupted))
        missed += int(np.count_nonzero(~rejected & planted.corrupted))
        averaging = next(step.details for step in facts.steps if step.method == "Signal averaging")
        assert facts.transients_rejected == np.count_nonzero(rejected)
        for number in np.flatnonzero(rejected) + 1:
            assert f" {number}" in averaging.split("rejected", 1)[1]
    assert right / (right + false) >= 0.97
    assert right / (right + missed) >= 0.97


def test_graded_weights_do_not_bias_amplitudes() -> None:
    """Over many scans with doubtful transients the weighted mean keeps the amplitude better than the plain one, and
    with clean ones exactly as well.
    """
    doubtful, clean = [], []
    for seed in range(40):
        scan = Scan(points=512, seed=seed)
        fid = scan.brain()
        noise = noise_for(30.0, fid, scan)
        good = fid + noise * scan.noise(24)
        spoilt = good.copy()
        spoilt[5] -= 0.13 * fid
        spoilt[11] += 0.13 * fid
        spoilt[17] += 4 * noise * scan.noise()
        for samples, errors in ((good, clean), (spoilt, doubtful)):
            aligned = align_metabolites(scan.fid(samples))
            weight = weights(aligned.signal, np.ones(24, dtype=bool))
            mean = average(scan.fid(samples), weight)[0].samples
            errors.append(
                ((np.vdot(fid, mean) / np.vdot(fid, fid)).real - 1, 24 * np.sum(weight**2) / weight.sum() ** 2)
            )
    for errors in (clean, doubtful):
        bias = np.array(errors)[:, 0]
        assert abs(bias.mean()) <= 3 * bias.std() / np.sqrt(bias.size) + 5e-4
    assert np.mean(clean, axis=0)[1] < 1.01
    assert np.mean(doubtful, axis=0)[1] > 1.02


def test_steps_speak_the_standards_language() -> None:
    """Every method is a keyword of NIfTI-MRS or one of the few it lacks, with program and version."""
    _, facts = preprocess(uncombined(Scan(), corrupted=2).recording)
    assert {step.method for step in facts.steps} <= {*STANDARD_METHODS, *OWN_METHODS}
    assert {step.method for step in facts.steps} >= {"RF coil combination", "Signal averaging"}
    assert all(step.program == "mrsquant" and step.version and step.details for step in facts.steps)
