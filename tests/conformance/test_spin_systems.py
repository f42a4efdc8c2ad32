"""Every shipped spin system and sequence: files are sound, simulate, and show their visible protons."""

from __future__ import annotations

import csv
import re
from importlib.resources import files

import numpy as np
import pytest

from fitting.basis.metabolites import metabolites
from fitting.basis.sequences import SEQUENCES, Protocol
from fitting.basis.simulation import simulate
from fitting.basis.spin_system import SpinSystem, spin_systems

F0 = 123.25e6
REPORTED = {"NAA", "NAAG", "Glu", "Gln", "mI", "GPC", "PCh", "Cr", "PCr", "GABA", "GSH"} | {
    *("Asp", "Asc", "Tau", "Scyllo", "Lac", "Ala", "PE", "Glc")
}
EVERY = pytest.mark.parametrize("system", spin_systems(), ids=lambda system: system.name)


def test_the_reported_metabolites_are_there():
    """The default basis holds exactly the metabolites the results name, each once."""
    assert sorted(system.name for system in spin_systems()) == sorted(REPORTED)


def test_every_spin_system_has_names_and_a_place():
    """What is simulated has its words for people and its place in the order of results, which names nothing twice."""
    names = [item.name for item in metabolites()]

    assert {system.name for system in spin_systems()} <= set(names)
    assert len(set(names)) == len(names)
    assert all(item.words for item in metabolites())
    folded = [alias.lower() for item in metabolites() if not item.members for alias in {item.name, *item.aliases}]
    assert len(set(folded)) == len(folded)


def test_every_sequence_a_header_may_name_can_be_simulated():
    """The families of the table of sequence names are those of the registry."""
    text = files("fitting").joinpath("data/sequence_names.csv").read_text(encoding="utf-8")
    families = {row["kind"] for row in csv.DictReader(text.splitlines())}

    assert set(SEQUENCES) <= families


@EVERY
def test_numbers_are_cited_and_plausible(system: SpinSystem):
    """A source with a DOI, shifts of observable brain metabolites and couplings that occur in nature."""
    assert re.fullmatch(r"10\.\d{4,9}/\S+", system.doi)
    assert len(system.source) > 40
    for group in system.groups:
        assert all(ppm is None or 0.5 < ppm < 9.0 for ppm in group.ppm)
        assert all((ppm is None) == (nucleus != "1H") for ppm, nucleus in zip(group.ppm, group.nuclei, strict=True))
        assert all(-20.0 < coupling.hz < 20.0 for coupling in group.couplings)


@EVERY
@pytest.mark.parametrize("sequence", SEQUENCES)
def test_at_vanishing_echo_time_every_visible_proton_counts_one(system: SpinSystem, sequence: str):
    """The scale of the basis: without evolution, the first point is the number of protons, whatever the sequence."""
    protocol = Protocol(sequence, 1e-9, F0, mixing_time=1e-9)

    signal = simulate((system,), protocol, 1, 5e-4)

    assert signal[0, 0] == pytest.approx(system.protons, abs=1e-5)


@EVERY
def test_lines_lie_where_the_shifts_are(system: SpinSystem):
    """The spectrum's centre of gravity is the mean shift: sign, reference and proton weights are right."""
    dwell, points = 1 / 12000.0, 1 << 16
    t = np.arange(points) * dwell
    fid = simulate((system,), Protocol("PRESS", 1e-9, F0), points, dwell)[0] * np.exp(-((t / 0.08) ** 2))
    fid[0] /= 2
    spectrum = np.fft.fft(fid).real
    ppm = 4.65 - np.fft.fftfreq(points, dwell) / F0 * 1e6
    shifts = [(p, g.copies) for g in system.groups for p in g.ppm if p is not None]

    centre = np.sum(ppm * spectrum) / np.sum(spectrum)

    assert centre == pytest.approx(np.average([p for p, _ in shifts], weights=[w for _, w in shifts]), abs=2e-3)
