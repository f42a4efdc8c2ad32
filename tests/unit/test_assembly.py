"""What the stages found lands in the field of its name in the answer: every value given is distinct."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from fitting.acquisition import Acquisition
from fitting.model.result import Traces
from fitting.quality import Evidence, Quality
from fitting.quality.linewidths import Linewidths
from fitting.quality.signal_to_noise import SignalToNoise
from fitting.quality.transient_spread import TransientSpread
from fitting.quantification.concentrations import Concentration, ModelMove, Quantity, Ratio
from fitting.reason import Absence
from fitting.request import Subject, TissueFractions
from fitting.run.answer import acquisition_facts, metabolite_results, multiplicity_of
from tests.data.distinct_analysis import distinct_analysis

FREQUENCY = 123.187e6


def quantity(name: str, base: float) -> Quantity:
    return Quantity(
        name=name,
        amplitude=base + 0.01,
        amplitude_sd=base + 0.02,
        crlb_percent=base + 0.03,
        detected=base > 2.0,
        upper_bound=base + 0.04,
        ratio_tcr=Ratio(base + 0.05, base + 0.06),
        concentration=Concentration(base + 0.07, base + 0.08, "mmol/kg", ()),
        model_move=ModelMove("another model", base + 0.09),
        prior_move=base + 0.1,
    )


def judgement(water_scale: object = None) -> Any:
    return SimpleNamespace(metabolites={"tNAA": "verdict of tNAA", "Lac": "verdict of Lac"}, water_scale=water_scale)


def test_every_value_of_a_metabolite_lands_in_its_field() -> None:
    """Amplitude, both errors, bound, ratio, concentration and moves are those of the quantity of that name."""
    z = distinct_analysis().metabolites[0].z
    assert z is not None
    scores = {"Lac": Absence("no-norm", "There is none."), "tNAA": z}
    given = (quantity("tNAA", 3.0), quantity("Lac", 1.0))
    results = metabolite_results(given, scores, judgement())

    for result, expected in zip(results, given, strict=True):
        for item in fields(Quantity):
            assert getattr(result, item.name) == getattr(expected, item.name), item.name
        assert cast("Any", result.verdict) == f"verdict of {result.name}"
    assert [(result.z, result.z_absent) for result in results] == [(z, None), (None, scores["Lac"])]


def test_a_water_scale_that_cannot_be_takes_concentrations_only() -> None:
    """Ratios stay when the water reference cannot belong to the spectrum."""
    (result,) = metabolite_results(
        (quantity("tNAA", 3.0),), {"tNAA": Absence("no-norm", "There is none.")}, judgement("water-scale")
    )

    assert result.concentration is None
    assert result.ratio_tcr == Ratio(3.05, 3.06)


def test_counts_of_comparisons_land_in_their_fields() -> None:
    """Tests, expected, flagged and flagged with the false discovery rate kept."""
    found = multiplicity_of(
        cast(
            "Any", SimpleNamespace(tests=7, expected_by_chance=0.35, flagged=3, flagged_q=2, profile=Absence("x", "X."))
        )
    )

    assert (found.tests, found.expected_by_chance, found.flagged, found.flagged_q) == (7, 0.35, 3, 2)
    assert (found.profile, found.profile_absent) == (None, Absence("x", "X."))


def test_facts_of_the_acquisition_land_in_their_fields() -> None:
    """Header, recording, subject and preprocessing each give their own."""
    acquisition = Acquisition(
        format="a format",
        vendor="a vendor",
        scanner_model="a model",
        software="a software",
        spectrometer_frequency=FREQUENCY,
        dwell_time=4.1e-4,
        echo_time=0.0287,
        repetition_time=1.94,
        sequence="PRESS",
        sequence_name="a name",
        averages=166,
    )
    recording = SimpleNamespace(acquisition=acquisition, points=1984, coils=19, transients=83, water=None)
    subject = Subject(
        region="PCC",
        hemisphere="left",
        age_years=52.4,
        sex="male",
        tissue=TissueFractions(gm=0.583, wm=0.292, csf=0.125),
    )
    found = acquisition_facts(
        cast("Any", SimpleNamespace(recording=recording, supplied=("sequence",))),
        subject,
        cast("Any", SimpleNamespace(transients_rejected=6)),
    )
    plain = ("vendor", "format", "scanner_model", "software", "spectrometer_frequency", "sequence", "sequence_name")
    plain += ("echo_time", "repetition_time", "dwell_time", "averages", "voi_volume_ml")

    for name in plain:
        assert getattr(found, name) == getattr(acquisition, name), name
    assert (found.points, found.coils, found.transients, found.transients_rejected) == (1984, 19, 83, 6)
    assert (found.region, found.hemisphere, found.age_years, found.sex) == ("PCC", "left", 52.4, "male")
    assert (found.gm, found.wm, found.csf) == (0.583, 0.292, 0.125)
    assert (found.water_reference, found.supplied) == (False, ("sequence",))
    assert found.field_t == pytest.approx(2.893, abs=0.11)


def evidence() -> Evidence:
    """Singlets of tNAA and tCr that are 7 and 11 Hz wide, a fitted width of 5 Hz and noise of half the residual."""
    ppm = np.linspace(4.2, 0.2, 4000)

    def line(at: float, width_hz: float) -> np.ndarray:
        return np.asarray(1.0 / (1.0 + (2.0 * (ppm - at) * FREQUENCY * 1e-6 / width_hz) ** 2))

    naa, creatine = 3.0 * line(2.008, 7.0), 2.0 * line(3.027, 11.0)
    residual = np.tile([1e-3, -1e-3], 2000)
    fitted = naa + creatine
    traces = Traces(ppm, fitted + residual, fitted, np.zeros(4000), residual, ("NAA", "Cr"), np.stack([naa, creatine]))
    return Evidence(
        cast(
            "Any",
            SimpleNamespace(
                clean=SimpleNamespace(frequency=FREQUENCY), water=None, frequency_drift_hz=2.37, phase_spread_deg=4.83
            ),
        ),
        cast("Any", SimpleNamespace(traces=traces, linewidth_hz=5.0, residual_rms_over_noise=2.0)),
    )


def test_linewidths_land_in_their_fields() -> None:
    """Of the model, of tNAA and of tCr, each in Hz and in ppm."""
    found = Linewidths.of(evidence())

    assert (found.linewidth_hz, found.linewidth_ppm) == pytest.approx((5.0, 5.0 / 123.187))
    assert (found.tnaa_linewidth_hz, found.tcr_linewidth_hz) == pytest.approx((7.0, 11.0), rel=0.03)
    assert (found.tnaa_linewidth_ppm, found.tcr_linewidth_ppm) == pytest.approx((7 / 123.187, 11 / 123.187), rel=0.03)
    assert (found.water_linewidth_hz, found.water_linewidth_ppm) == (None, None)


def test_both_signal_to_noise_ratios_land_in_their_fields() -> None:
    """Over twice the residual, and over the noise, which is half of the residual here."""
    found = SignalToNoise.of(evidence())

    assert found.snr == pytest.approx(3.0 / 2e-3, rel=0.01)
    assert found.snr_consensus == pytest.approx(3.0 / 0.5e-3, rel=0.01)
    assert "residual" in found.snr_definition
    assert "noise" in found.snr_consensus_definition


def test_spread_of_transients_lands_in_its_fields() -> None:
    """Drift in Hz and phase in degrees do not change places."""
    found = TransientSpread.of(evidence())

    assert (found.frequency_drift_hz, found.phase_spread_deg) == (2.37, 4.83)
    assert {"frequency_drift_hz", "phase_spread_deg"} <= {item.name for item in fields(Quality)}
