"""A measured macromolecular spectrum becomes the only background: in phase, at its place, refused with a reason."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fitting.basis.basis_set import BasisSet
from fitting.basis.macromolecule_templates import rigid_macromolecules
from fitting.basis.macromolecules import mixture, with_background, without_background
from fitting.errors import UnusableBasis
from fitting.fid import Axes
from fitting.io import Files, SourceFile
from fitting.request import Overrides
from fitting.run.measured_background import measured_background
from fitting.units import ComplexArray

F0, DWELL, POINTS = 123.25e6, 5e-4, 1024
DATA = Axes(POINTS, DWELL, F0)


def scan(fid: ComplexArray, **header: float) -> Files:
    """A file of a FID, whose dwell time and frequency the header holds unless it is empty."""
    known = header or {"dwell_time": DWELL, "spectrometer_frequency": F0}
    document = {"fid_real": fid.real.tolist(), "fid_imag": fid.imag.tolist(), **known}
    return (SourceFile("mm.json", json.dumps(document).encode()),)


def published(points: int = POINTS, dwell: float = DWELL) -> ComplexArray:
    """A background that the mean of the templates is not."""
    _, signals = rigid_macromolecules("murali-manohar-landheer-2020-wm", Axes(points, dwell, F0))
    return np.asarray(signals[0])


def noise(points: int = POINTS) -> ComplexArray:
    """A little white noise, which every scan has."""
    generator = np.random.default_rng(7)
    return np.asarray(0.02 * (generator.standard_normal(points) + 1j * generator.standard_normal(points)))


@pytest.mark.parametrize("dwell", [DWELL, 4e-4])
def test_phase_place_and_scale_of_the_scan_do_not_matter(dwell: float):
    """Turned by 2 rad, moved by 5 Hz, of any gain and on another grid, it is the same background."""
    points = round(POINTS * DWELL / dwell) + 200
    time = np.arange(points) * dwell
    turned = 1e5 * (published(points, dwell) + noise(points)) * np.exp(2j - 2j * np.pi * 5.0 * time)

    found = measured_background(scan(turned, dwell_time=dwell, spectrometer_frequency=F0), Overrides(), DATA).signal

    expected = published()
    likeness = np.vdot(expected, found).real / np.linalg.norm(expected) / np.linalg.norm(found)
    assert likeness > 0.98
    assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(mixture(DATA).signal), rel=0.15)


def test_what_the_file_lacks_is_taken_from_the_request():
    """Formats without dwell time and frequency are as usable as for the data, and refused without them."""
    files = scan(published() + noise(), echo_time=0.03)

    assert measured_background(files, Overrides(dwell_time=DWELL, spectrometer_frequency=F0), DATA).signal.any()
    with pytest.raises(UnusableBasis, match="no dwell time"):
        measured_background(files, Overrides(), DATA)


def test_spectra_other_than_macromolecules_are_refused():
    """A water scan, a spectrum with metabolites and one of another field, each with what to do."""
    time = np.arange(POINTS) * DWELL
    singlet = np.exp(-2j * np.pi * (2.008 - 4.65) * F0 * 1e-6 * time - 12 * time)
    for fid, reason in (
        (np.exp(-60 * time) + 0.01 * noise(), "does not look like one"),
        (published() + 30 * singlet + noise(), "narrow lines"),
    ):
        with pytest.raises(UnusableBasis, match=reason):
            measured_background(scan(fid), Overrides(), DATA)
    with pytest.raises(UnusableBasis, match="supply a basis of the data's field"):
        measured_background(scan(published() + noise()), Overrides(), Axes(POINTS, DWELL, 2 * F0))


def test_it_replaces_the_macromolecules_of_a_basis():
    """Macromolecules of the basis go, lipids stay, and there is nothing left to weigh."""
    basis = BasisSet(("Cr", "MM09", "Lip13"), np.ones((3, POINTS), dtype=complex), DWELL, F0, "key", "set", "x")
    measured = measured_background(scan(published() + noise()), Overrides(), DATA)

    joined = with_background(without_background(basis), measured)

    assert joined.names == ("Cr", "Lip13", "MM")
    assert joined.deviations is None
    assert joined.key != basis.key
