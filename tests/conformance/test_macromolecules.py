"""Every shipped macromolecule template: cited, Gaussian lines where and as wide as it says; and their mixture."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from fitting.basis.basis_set import BasisSet
from fitting.basis.macromolecule_lines import AREA_SPREAD, PLACE_SPREAD_PPM, WIDTH_SPREAD, line_deviations
from fitting.basis.macromolecule_templates import (
    Template,
    component_signals,
    macromolecule_components,
    rigid_macromolecules,
    template,
    templates,
)
from fitting.basis.macromolecules import is_background, mixture, with_macromolecules
from fitting.errors import UnusableBasis
from fitting.fid import Axes

F0 = 127.75e6
EVERY = pytest.mark.parametrize("entry", templates().values(), ids=lambda entry: entry.name)


@pytest.mark.parametrize("frequency", [63.9e6, F0, 298.0e6])
def test_the_mixture_has_the_mean_and_the_scatter_of_the_measurements(frequency: float):
    """Every measurement has the same weight, which its templates share; deviations lead from the mean to each template,
    weighted they add up to nothing, and their products are the weighted sample covariance of the scaled templates. This
    holds at every field: without the templates whose widths are those of 3 T, tCho was 30 % too high at 7 T.
    """
    axes = Axes(256, 5e-4, frequency)
    mixed = mixture(axes)
    signals = np.array([rigid_macromolecules(name, axes)[1][0] for name in templates()])
    scales = np.array([np.vdot(each, signals[0]).real / np.vdot(each, each).real for each in signals])
    scaled = signals * scales[:, None]
    measurements = [entry.measurement for entry in templates().values()]
    weights = np.array([1.0 / measurements.count(each) for each in measurements]) / len(set(measurements))

    assert len(set(measurements)) >= 3
    assert mixed.deviations is not None
    deviations = mixed.deviations.templates
    assert list(mixed.deviations.multiples) == list(templates())
    np.testing.assert_allclose(mixed.signal, weights @ scaled)
    multiples = np.array(list(mixed.deviations.multiples.values()))[:, None]
    np.testing.assert_allclose(mixed.signal + multiples * deviations, scaled, atol=1e-12)
    np.testing.assert_allclose(weights @ (multiples * deviations), 0, atol=1e-12)
    count = len(set(measurements))
    apart = np.hstack([scaled.real, scaled.imag]) - weights @ np.hstack([scaled.real, scaled.imag])
    expected = (apart.T * weights) @ apart * count / (count - 1)
    parts = np.hstack([deviations.real, deviations.imag])
    np.testing.assert_allclose(parts.T @ parts, expected, atol=1e-12)


@EVERY
def test_deviations_of_lines_equal_the_effect_of_a_changed_line(entry: Template):
    """More area, a higher place and a greater width of each line, against the template with that line changed."""
    changes = {"amplitude": AREA_SPREAD, "ppm": PLACE_SPREAD_PPM, "fwhm": WIDTH_SPREAD}
    alone = dataclasses.replace(entry, water_linewidth=0.0)
    axes, step = Axes(512, 5e-4, F0), 1e-4
    found = line_deviations([(alone, 1.0)], axes).reshape(len(entry.peaks), 3, 512)

    for index, peak in enumerate(alone.peaks[1:], start=1):
        for found_change, (quantity, spread) in zip(found[index], changes.items(), strict=True):
            scale = 1.0 if quantity == "ppm" else getattr(peak, quantity)
            signals = []
            for sign in (-1, 1):
                moved = dataclasses.replace(peak, **{quantity: getattr(peak, quantity) + sign * step * spread * scale})
                peaks = (*alone.peaks[:index], moved, *alone.peaks[index + 1 :])
                signals.append(component_signals(dataclasses.replace(alone, peaks=peaks), axes)[1].sum(axis=0))
            expected = (signals[1] - signals[0]) / (2 * step)
            np.testing.assert_allclose(found_change, expected, atol=1e-6 * np.abs(expected).max())


def test_a_line_of_several_publications_is_one():
    """Every publication's line belongs to one of the mixture's, and none has two lines in one of them."""
    mixed = mixture(Axes(256, 5e-4, F0))
    assert mixed.deviations is not None
    largest = max(len(entry.peaks) for entry in templates().values())

    assert largest <= len(mixed.deviations.lines) / 3 <= largest + 2


@EVERY
def test_numbers_are_cited_and_plausible(entry: Template):
    """Source, DOI and locator; positions of macromolecules; widths and areas that were measured in brain."""
    assert entry.doi
    assert all(re.fullmatch(r"10\.\d{4,9}/\S+", doi) for doi in entry.doi)
    assert len(entry.locator) > 40
    assert entry.width_unit in ("Hz", "ppm")
    assert all(0.8 < peak.ppm < 4.2 for peak in entry.peaks)
    assert all(8.0 < width < 120.0 for width in entry.widths_hz(F0))
    assert all(0.0 < peak.amplitude < 4.0 for peak in entry.peaks)
    assert len({peak.name for peak in entry.peaks}) == len(entry.peaks)
    assert all(is_background(peak.name) for peak in entry.peaks)


@EVERY
def test_every_resonance_has_the_stated_place_and_width(entry: Template):
    """The real spectrum of each component peaks at its ppm and is as wide at half height as the file says."""
    names, signals = macromolecule_components(entry.name, Axes(4096, 2.5e-4, F0))
    signals[:, 0] /= 2
    spectra = np.fft.fftshift(np.fft.fft(signals, 1 << 16, axis=1), axes=1).real
    hz = np.fft.fftshift(np.fft.fftfreq(1 << 16, 2.5e-4))

    for peak, width, spectrum in zip(entry.peaks, entry.widths_hz(F0), spectra, strict=True):
        above = hz[spectrum > spectrum.max() / 2]
        assert 4.65 - hz[spectrum.argmax()] / F0 * 1e6 == pytest.approx(peak.ppm, abs=1e-3)
        assert above[-1] - above[0] == pytest.approx(width, rel=0.02)
    assert names == tuple(peak.name for peak in entry.peaks)


@EVERY
def test_the_rigid_template_is_the_sum(entry: Template):
    """One component ``MM`` that holds all resonances, the first as strong as a methyl group."""
    _, parts = macromolecule_components(entry.name, Axes(128, 5e-4, F0))
    names, whole = rigid_macromolecules(entry.name, Axes(128, 5e-4, F0))

    assert names == ("MM",)
    np.testing.assert_allclose(whole[0], parts.sum(axis=0))
    assert parts[0, 0] == pytest.approx(3.0)


def test_widths_follow_the_field_as_the_source_has_it():
    """ppm widths grow with the field, Hz widths do not."""
    by_ppm, by_hz = templates()["lcmodel"], templates()["bell-2024"]

    assert by_ppm.widths_hz(2 * F0) == pytest.approx([2 * width for width in by_ppm.widths_hz(F0)])
    assert by_hz.widths_hz(2 * F0) == by_hz.widths_hz(F0)


def test_an_unknown_template_is_refused_by_name():
    """The message lists the known names."""
    with pytest.raises(UnusableBasis, match="lcmodel"):
        template("nope")


@pytest.mark.parametrize(("names", "expected"), [(("Cr",), ("Cr", "MM")), (("Cr", "MM09"), ("Cr", "MM09"))])
def test_the_template_is_added_where_the_basis_has_none(names: tuple[str, ...], expected: tuple[str, ...]):
    """A basis with macromolecules of its own is used as it is."""
    basis = BasisSet(names, np.ones((len(names), 32), dtype=complex), 5e-4, F0, "key", "set", "lcmodel-basis")

    joined = with_macromolecules(basis)
    single = with_macromolecules(basis, "lcmodel")

    assert joined.names == single.names == expected
    assert (joined.deviations is None) == (names == expected)
    assert single.deviations is None
    assert (joined.key == "key") == (names == expected)
