"""Basis sets of other programs arrive on our conventions, whatever theirs are, or are refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from fitting.basis import lcmodel_basis
from fitting.basis.conversion import fit_singlet
from fitting.basis.files import read_basis
from fitting.basis.foreign_basis_names import component_name
from fitting.basis.sequences import Protocol
from fitting.basis.simulation import simulate
from fitting.basis.spin_system import spin_systems
from fitting.errors import UnusableBasis
from fitting.fid import Fid
from fitting.io.source import Files, SourceFile
from fitting.units import ComplexArray

F0 = 127.75e6
DWELL = 5e-4
POINTS = 1024
NAMES = ("NAA", "Cr", "mI", "PCh", "Glu", "Lac")
FOREIGN = {"mI": "Ins", "PCh": "PCho"}
T = np.arange(POINTS) * DWELL


@cache
def truth(names: tuple[str, ...] = NAMES) -> ComplexArray:
    """Simulated responses with the 2 Hz Lorentzian width that public sets carry."""
    systems = {system.name: system for system in spin_systems()}
    signals = simulate(tuple(systems[name] for name in names), Protocol("PRESS", 0.03, F0), POINTS, DWELL)
    damped: ComplexArray = signals * np.exp(-np.pi * 2.0 * T)
    damped.setflags(write=False)
    return damped


def lcmodel(
    signals: ComplexArray,
    names: tuple[str, ...] = NAMES,
    header: str = "",
    entry: str = "CONC = 1., TRAMP = 1., VOLUME = 1., ISHIFT = 0",
    halve: bool = True,
) -> Files:
    """The signals as an LCModel basis set."""
    text = f" $SEQPAR\n FWHMBA = 0.01,\n HZPPPM = {F0 / 1e6:.6f},\n ECHOT = 30.00,\n SEQ = 'PRESS' $END\n"
    text += f" $BASIS1\n IDBASI = 'made by a test',\n FMTBAS = '(2E15.6)',\n BADELT = {DWELL},\n"
    text += f" NDATAB = {2 * POINTS}{header} $END\n"
    for name, signal in zip(names, signals, strict=True):
        padded = np.concatenate([signal, np.zeros(POINTS)])
        padded[0] *= 0.5 if halve else 1.0
        spectrum = np.fft.fft(padded) / np.sqrt(2 * POINTS)
        text += f" $NMUSED\n FILERAW = '{name}',\n PPMAPP = 0.5 -0.5,\n XTRASH = 0. $END\n"
        text += f" $BASIS\n ID = '{name}',\n METABO = '{FOREIGN.get(name, name)}',\n {entry} $END\n"
        text += "".join(f"{value.real:15.6E}{value.imag:15.6E}\n" for value in spectrum)
    return (SourceFile("set.BASIS", text.encode()),)


def fsl(signals: ComplexArray, names: tuple[str, ...] = NAMES) -> Files:
    """The signals as an FSL-MRS basis folder."""
    return tuple(
        SourceFile(
            f"{name}.json",
            json.dumps(
                {
                    "seq": {"B0": 3.0},
                    "basis": {
                        "basis_re": signal.real.tolist(),
                        "basis_im": (-signal.imag).tolist(),
                        "basis_dwell": DWELL,
                        "basis_centre": F0 / 1e6,
                        "basis_width": 2.0,
                        "basis_name": FOREIGN.get(name, name),
                    },
                }
            ).encode(),
        )
        for name, signal in zip(names, signals, strict=True)
    )


def shifted(signals: ComplexArray, ppm: float) -> ComplexArray:
    return signals * np.exp(-2j * np.pi * ppm * 1e-6 * F0 * T)


def with_zero_reference(signals: ComplexArray) -> ComplexArray:
    return signals + 2.0 * np.exp(2j * np.pi * 4.65e-6 * F0 * T - np.pi * 2.0 * T)


CONVENTIONS: dict[str, Callable[[ComplexArray], Files]] = {
    "lcmodel": lcmodel,
    "lcmodel, first point whole": lambda s: lcmodel(s, halve=False),
    "lcmodel, any scale and phase": lambda s: lcmodel(s * 4.2e-5j),
    "lcmodel, mirrored": lambda s: lcmodel(s.conj()),
    "lcmodel, 0.03 ppm low": lambda s: lcmodel(shifted(s, -0.03)),
    "lcmodel, with a 0 ppm singlet": lambda s: lcmodel(with_zero_reference(s)),
    "lcmodel, scaled by its header": lambda s: lcmodel(s, entry="CONC = 10., TRAMP = 5D0, VOLUME = 2.0, ISHIFT = 0"),
    "fsl": fsl,
    "fsl, mirrored": lambda s: fsl(s.conj()),
    "fsl, any order": lambda s: fsl(s)[::-1],
}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_every_convention_gives_the_same_basis(convention: str):
    """Orientation, first point, referencing, scale, phase and a 0 ppm singlet are undone; nothing else changes."""
    basis = read_basis(CONVENTIONS[convention](truth()))

    assert sorted(basis.names) == sorted(NAMES)
    assert (basis.points, basis.dwell_time) == (POINTS, DWELL)
    assert basis.spectrometer_frequency == pytest.approx(F0)
    expected = truth()[[NAMES.index(name) for name in basis.names]]
    np.testing.assert_allclose(basis.signals, expected, atol=2e-2 if "0 ppm" in convention else 3e-3)


def test_a_positive_ishift_moves_toward_higher_ppm():
    """LCModel's own definition: ISHIFT grid points to the left, toward larger ppm."""
    line = np.exp(-2j * np.pi * (3.0 - 4.65) * 1e-6 * F0 * T - np.pi * 2 * T)[None]
    points, step = 8, 1e6 / (2 * POINTS * DWELL * F0)

    moved = lcmodel_basis.read(lcmodel(line, ("Cr",), entry=f"ISHIFT = {points}"))

    assert fit_singlet(Fid(moved.signals[0], DWELL, F0), 3.0 + points * step).ppm == pytest.approx(
        3.0 + points * step, abs=1e-4
    )


def test_each_spectrum_is_divided_by_its_own_concentration():
    """A metabolite stored for ten units beside others stored for one comes out on their scale."""
    tenfold = truth() * np.array([1, 1, 10, 1, 1, 1])[:, None]
    files = replaced(lcmodel(tenfold), b"METABO = 'Ins',\n CONC = 1.", b"METABO = 'Ins',\n CONC = 10.")

    np.testing.assert_allclose(read_basis(files).signals, truth(), atol=3e-3)


def test_numbers_may_touch():
    """Fortran writes negative numbers without a space between them."""
    content = lcmodel(truth())[0].content
    tight = content.replace(b" -", b"-")

    assert tight != content
    np.testing.assert_array_equal(
        lcmodel_basis.read((SourceFile("x", tight),)).signals, lcmodel_basis.read((SourceFile("x", content),)).signals
    )


def test_the_source_width_is_measured_and_stated():
    """The description names the width that the set's own singlet carries."""
    assert "Cr singlet 2.0 Hz" in read_basis(lcmodel(truth())).description


def test_a_gaussian_width_is_taken_out():
    """A fit cannot narrow Gaussian lines, so a set with such lines is given to it without their width."""
    broad = truth() * np.exp(-((np.pi * 2.0 * T) ** 2) / (4 * np.log(2)))

    basis = read_basis(lcmodel(broad))

    early = T < 0.4
    expected = truth()[[NAMES.index(name) for name in basis.names]]
    np.testing.assert_allclose(basis.signals[:, early], expected[:, early], atol=3e-2)


def test_macromolecules_keep_their_name_and_corrections_are_left_out():
    """MM entries stay MM components; LCModel's negative CrCH2 singlet is no metabolite."""
    gauss = np.exp(2j * np.pi * 3.74e-6 * F0 * T - (np.pi * 20 * T) ** 2 / (4 * np.log(2)))
    signals = np.concatenate([truth(), [gauss, -truth()[1]]])

    basis = read_basis(lcmodel(signals, (*NAMES, "MM09", "-CrCH2")))

    assert basis.names == (*NAMES, "MM09")
    np.testing.assert_allclose(basis.signals[-1], gauss, atol=3e-3)


def test_equal_sets_have_equal_keys():
    """The key is the content's: the same file twice agrees, another scale within a file does not."""
    other = truth().copy()
    other[2] *= 1.01

    assert read_basis(fsl(truth())).key == read_basis(fsl(truth())).key
    assert read_basis(fsl(truth())).key != read_basis(fsl(other)).key


def replaced(files: Files, old: bytes, new: bytes) -> Files:
    assert old in files[0].content
    return (SourceFile(files[0].name, files[0].content.replace(old, new, 1)), *files[1:])


REFUSED: dict[str, tuple[Callable[[], Files], str]] = {
    "nothing": (lambda: (), "no basis set"),
    "text": (lambda: (SourceFile("x.txt", b"hello"),), "no basis set"),
    "truncated": (lambda: (SourceFile("x", lcmodel(truth())[0].content[:-4000]),), "readable points"),
    "not a number": (lambda: replaced(lcmodel(truth()), b"E-0", b"***"), "readable points"),
    "no dwell time": (lambda: replaced(lcmodel(truth()), b"BADELT", b"BADEL"), "BADELT"),
    "encrypted": (lambda: replaced(lcmodel(truth()), b"BADELT = ", b"BADELT = -"), "encrypted"),
    "no frequency": (lambda: replaced(lcmodel(truth()), b"HZPPPM = ", b"HZPPPM = -"), "positive"),
    "bad number": (lambda: replaced(lcmodel(truth()), b"NDATAB = ", b"NDATAB = x"), "no number"),
    "no spectra": (lambda: lcmodel(truth()[:0], ()), "no spectra"),
    "zero concentration": (lambda: lcmodel(truth(), entry="CONC = 0."), "positive"),
    "no reference": (lambda: lcmodel(truth(("Glu", "Lac")), ("Glu", "Lac")), "scale"),
    "too far off": (lambda: lcmodel(shifted(truth(), 0.4)), "within 0.15 ppm"),
    "zero everywhere": (lambda: fsl(truth() * np.array([1, 1, 0, 1, 1, 1])[:, None]), "zero everywhere"),
    "too few points": (lambda: fsl(truth()[:, :64]), "64 points"),
    "twice": (lambda: lcmodel(truth(("mI", "mI", "Cr")), ("mI", "mI", "Cr")), "twice"),
    "two scales": (lambda: lcmodel(truth() * np.array([2, 1, 1, 1, 1, 1])[:, None]), "one scale"),
    "broken json": (lambda: replaced(fsl(truth()), b"{", b"{{"), "no JSON"),
    "no basis object": (lambda: (*fsl(truth()), SourceFile("z.json", b"{}")), "no 'basis'"),
    "no dwell": (lambda: replaced(fsl(truth()), b"basis_dwell", b"dwell"), "basis_dwell"),
    "two grids": (lambda: replaced(fsl(truth()), b"0.0005,", b"0.0004,"), "differ"),
    "not finite": (lambda: replaced(fsl(truth() * 1.0), b'"basis_re": [', b'"basis_re": [NaN, '), "cannot|finite"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unusable_basis_sets_are_refused_with_the_reason(case: str):
    """UnusableBasis, and nothing else, with a sentence that names the cause."""
    make, said = REFUSED[case]

    with pytest.raises(UnusableBasis, match=said):
        read_basis(make())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Ins", "mI"),
        ("sIns", "Scyllo"),
        ("PCho", "PCh"),
        ("cr", "Cr"),
        ("MM09", "MM09"),
        ("Lip13a", "Lip13a"),
        ("Mac", "MM"),
        ("-CrCH2", None),
        ("Ref0ppm", None),
        ("bHB", "bHB"),
    ],
)
def test_names_become_those_of_the_results(given: str, expected: str | None):
    """Other programs' names map to ours; what no program renames stays."""
    assert component_name(given) == expected
