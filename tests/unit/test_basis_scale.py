"""A basis set with one metabolite off scale is used as it is; what that spoils says so, all else keeps its value."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from fitting.analysis import Analysis, MetaboliteResult
from fitting.basis.files import read_basis
from fitting.basis.macromolecule_templates import rigid_macromolecules
from fitting.errors import UnusableBasis
from fitting.fid import Axes
from fitting.io.source import Files, SourceFile
from fitting.request import Options, Subject
from fitting.run import Job, analyse
from tests.unit.test_supplied_basis import DWELL, F0, NAMES, POINTS, T, fsl, lcmodel, truth

SHARE = 0.61
"""Protons that the off-scale metabolite counts of each it has, as in a published set for SPECIAL at 7 T."""

CONTENT = {"NAA": 12.0, "Cr": 8.0, "mI": 6.0, "PCh": 1.5, "Glu": 9.0, "Lac": 0.8}
FORMATS = {"lcmodel": lcmodel, "fsl": fsl}


def off_scale(made: str, name: str) -> Files:
    """The set of the tests with one metabolite off scale."""
    shares = np.array([SHARE if each == name else 1.0 for each in NAMES])
    return FORMATS[made](truth() * shares[:, None])


@cache
def scan() -> SourceFile:
    """A spectrum of known content on macromolecules, 5 Hz wide, with noise."""
    rng = np.random.default_rng(5)
    _, macromolecules = rigid_macromolecules("bell-2024", Axes(POINTS, DWELL, F0))
    signal = np.array([CONTENT[name] for name in NAMES]) @ truth() + 3.0 * macromolecules[0]
    signal = signal * np.exp(-np.pi * 3.0 * T)
    noise = rng.normal(scale=0.4, size=(2, POINTS))
    fid = signal + noise[0] + 1j * noise[1]
    content = {"fid_real": fid.real.tolist(), "fid_imag": fid.imag.tolist(), "dwell_time": DWELL}
    header = {"spectrometer_frequency": F0, "echo_time": 0.03, "repetition_time": 2.0, "sequence": "PRESS"}
    return SourceFile("scan.json", json.dumps({**content, **header}).encode())


@cache
def answer(basis: Files, scale: str = "file") -> Analysis:
    """The analysis of the scan with a basis set."""
    job = Job((scan(),), basis=basis, subject=Subject(region="ACC", age_years=40.0, sex="female"))
    return analyse(replace(job, options=Options(basis_scale=scale)))[0]


def value(analysis: Analysis, name: str) -> MetaboliteResult:
    return next(item for item in analysis.metabolites if item.name == name)


@pytest.mark.parametrize("made", FORMATS)
def test_the_others_keep_their_values(made: str) -> None:
    """Every value that the metabolite is no part of is the one of the whole set; it alone is too large by its share."""
    whole, found = answer(FORMATS[made](truth())), answer(off_scale(made, "PCh"))

    for item in whole.metabolites:
        other = value(found, item.name)
        share = SHARE if item.name in {"PCh", "tCho"} else 1.0
        assert other.amplitude * share == pytest.approx(item.amplitude, rel=2e-3, abs=2e-3 * item.amplitude_sd)
        assert other.amplitude_sd * share == pytest.approx(item.amplitude_sd, rel=2e-3)


@pytest.mark.parametrize("made", FORMATS)
def test_what_it_spoils_is_limited_and_has_no_score(made: str) -> None:
    """The metabolite and its sum are limited with the reason and without z; description and spectrum name it."""
    whole, found = answer(FORMATS[made](truth())), answer(off_scale(made, "PCh"))

    assert "PCh counts 0.61 of its protons" in found.provenance.basis_description
    assert "basis-off-scale" in {reason.code for reason in found.verdict.reasons}
    assert found.verdict.usable == whole.verdict.usable
    for item in found.metabolites:
        spoilt = "basis-off-scale" in {reason.code for reason in item.verdict.reasons}
        assert spoilt == (item.name in {"PCh", "tCho"})
    tcho = value(found, "tCho")
    assert (tcho.verdict.usable, tcho.z) == ("limited", None)
    assert value(whole, "tCho").z is not None
    assert value(found, "mI").z is not None


@pytest.mark.parametrize("made", FORMATS)
def test_it_is_rescaled_on_request(made: str) -> None:
    """With its protons counted the set gives the values of the whole one; option and description record it."""
    whole, found = answer(FORMATS[made](truth())), answer(off_scale(made, "PCh"), "protons")

    for item in whole.metabolites:
        assert value(found, item.name).amplitude == pytest.approx(
            item.amplitude, rel=2e-3, abs=2e-3 * item.amplitude_sd
        )
    assert "PCh was rescaled from 0.61 of its protons" in found.provenance.basis_description
    assert found.provenance.options["basis_scale"] == "protons"
    assert found.provenance.basis_id != answer(off_scale(made, "PCh")).provenance.basis_id
    assert not [item.name for item in found.metabolites for reason in item.verdict.reasons if "scale" in reason.code]


@pytest.mark.parametrize("made", FORMATS)
@pytest.mark.parametrize("name", ["Cr", "NAA"])
def test_a_set_whose_references_disagree_is_refused(made: str, name: str) -> None:
    """No ratio to tCr could be right with creatine and NAA on two scales, and rescaling would be a guess."""
    for by_protons in (False, True):
        with pytest.raises(UnusableBasis, match="one scale"):
            read_basis(off_scale(made, name), by_protons=by_protons)
