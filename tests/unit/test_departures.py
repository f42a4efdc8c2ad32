"""What a fit hides or leaves is found again: turned phases, lines that nothing explains, eddy currents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fitting.quality import Quality
from fitting.quality.fit_residual import RegionResidual
from fitting.quality.phase_departure import phase_departure_deg
from fitting.quality.unexplained_line import unexplained_line
from fitting.run.eddy_current_doubt import BETTER, best_phase, eddy_current_doubt
from tests.data.simulated_brain import Scan
from tests.unit.test_quality_numbers import WIDTH_HZ, traces
from tests.unit.test_verdict import GOOD

FREQUENCY = 123.2e6
NOISE = 3.0
"""Of a point of the spectrum; NAA is 9 times the sample and some hundred points wide in time."""


def hidden(scan: Scan, size: float) -> float:
    """The number for data turned by ``size`` rad that decay in 50 ms, which a baseline took up."""
    signal, none = scan.brain(), np.zeros(scan.points, dtype=np.complex128)
    turned = signal * np.exp(1j * size * np.exp(-scan.time / 0.05))
    left = traces(scan, signal, turned - signal, NOISE)
    fitted = replace(left, baseline=left.residual, residual=np.zeros_like(left.residual), fit=left.data)
    found = phase_departure_deg(fitted, NOISE, FREQUENCY)
    assert found is not None
    assert phase_departure_deg(traces(scan, signal, none, NOISE), NOISE, FREQUENCY) == pytest.approx(0.0, abs=1.0)
    return found


def test_phase_that_a_baseline_took_up_is_found() -> None:
    """By the phase that is left after 20 to 60 ms: about half a rad for each rad at the start."""
    one, three = hidden(Scan(2048), 0.7), hidden(Scan(2048), -1.4)

    assert one == pytest.approx(np.rad2deg(0.7 * 0.5), rel=0.3)
    assert three == pytest.approx(2 * one, rel=0.2)


def test_a_line_that_nothing_explains_is_found() -> None:
    """Noise alone stays below the verdict's limit nearly always; a line stands out by its height over its noise."""
    scan = Scan(2048)
    none = np.zeros(scan.points, dtype=np.complex128)
    alone = [
        unexplained_line(traces(Scan(2048, seed=seed), scan.brain(), none, NOISE), NOISE, 0.05) for seed in range(30)
    ]
    assert np.quantile(np.array(alone, dtype=float), 0.9) < 3.5
    added = scan.line(3.78, 0.3, WIDTH_HZ)
    found = [
        unexplained_line(traces(scan, scan.brain(), size * added, NOISE), NOISE, WIDTH_HZ / 123.2) for size in (1, -2)
    ]
    assert found[0] is not None
    assert found[0] > 5
    assert found[1] == pytest.approx(2 * found[0], rel=0.2)


def rough_of(true_size: float, true_decay: float) -> Callable[[float, float], float]:
    """Residuals that grow with the distance from the true phase, as those of rough fits do."""
    time = np.linspace(0, 0.1, 50)

    def rough(size: float, decay: float) -> float:
        left = true_size * np.exp(-time / true_decay) - size * np.exp(-time / decay)
        return float(np.sqrt(1 + np.mean(left**2)))

    return rough


def suspicious(worst: float) -> Quality:
    return replace(GOOD, residual_by_region=(RegionResidual(0.2, 1.8, worst),))


@pytest.mark.parametrize("size", [2.0, -2.0, 4.0])
def test_eddy_currents_are_believed_when_they_explain_the_data(size: float) -> None:
    """The phase and its decay are found; where a reference has corrected, only with a suspicious residual."""
    rough = rough_of(size, 0.06)
    best = best_phase(rough)

    assert (best.size, best.decay) == (size, 0.06)
    assert best.gain > BETTER
    (reason,) = eddy_current_doubt(GOOD, corrected=False, rough=rough)
    assert reason.code == "eddy-currents-uncorrected"
    assert eddy_current_doubt(suspicious(1.0), corrected=True, rough=rough) == ()
    assert eddy_current_doubt(suspicious(1.5), corrected=True, rough=rough)


def test_no_eddy_currents_no_doubt() -> None:
    """Without a phase there is no reason, and only the first phases are tried."""
    tried = []

    def rough(size: float, decay: float) -> float:
        tried.append((size, decay))
        return 1.0

    assert eddy_current_doubt(GOOD, corrected=False, rough=rough) == ()
    assert len(tried) == 7
