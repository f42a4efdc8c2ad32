"""Number formats of other machines: VAX floats, Fortran columns, GE byte positions."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitting.errors import DamagedFile
from fitting.io import SourceFile, _ge_header, lcmodel_raw, philips_sdat, read
from tests.conformance.reader_fixtures import jmrui as jmrui_fixtures
from tests.conformance.reader_fixtures import philips_sdat as philips_fixtures
from tests.conformance.reader_fixtures.ge_pfile import _FRAMES_26, _revision_26


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("8040 0000", 1.0),
        ("80c0 0000", -1.0),
        ("4941 d00f", 3.14159),
        ("0000 0000", 0.0),
        ("0000 ffff", 0.0),
        ("8000 0000", 2.0**-128),
        ("ff7f ffff", (1 - 2.0**-24) * 2.0**127),
    ],
)
def test_vax_floats(words: str, value: float) -> None:
    """F_floating bit patterns of the VAX Architecture Reference Manual, with its smallest and largest numbers."""
    file = SourceFile("x.SDAT", bytes.fromhex(words))

    assert philips_sdat._from_vax(file) == pytest.approx(value, rel=1e-6)


def test_reserved_vax_operand_is_damage() -> None:
    """Sign set and exponent zero is no number on a VAX and none here."""
    with pytest.raises(DamagedFile, match="no VAX floats"):
        philips_sdat._from_vax(SourceFile("x.SDAT", bytes.fromhex("0080 0000")))


@given(st.floats(-(2.0**100), 2.0**100, width=32).filter(lambda value: value == 0 or abs(value) > 1e-30))
def test_vax_floats_are_swapped_ieee_quarters(value: float) -> None:
    """Property: an IEEE single times four with its 16-bit words swapped is the VAX number of that value."""
    high, low = struct.unpack("<2H", struct.pack("<f", value * 4))[::-1]
    words = struct.pack("<2H", high, low) if value else bytes(4)

    assert philips_sdat._from_vax(SourceFile("x.SDAT", words)) == pytest.approx(value, rel=1e-7)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.0D+03", 1000.0), ("-.5d0", -0.5), ("2", 2.0), ("1.0-103", 1e-103), ("+1.5E2", 150.0), ("3.Q-2", 0.03)],
)
def test_fortran_reals(text: str, value: float) -> None:
    """Every form in which Fortran may write a real number is read as Fortran would read it."""
    assert lcmodel_raw._real(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("text", ["", "****", "1.0E+06-2.0", "0x10", "1_000", "1.0E+1234"])
def test_invalid_fortran_reals_are_refused(text: str) -> None:
    """Overflow stars and glued columns are no number; a column width has to part them."""
    assert lcmodel_raw._real(text) is None


def test_glued_columns_without_their_format_are_refused() -> None:
    """Columns that touch can only be parted by FMTDAT; without it there is no answer, not a guess."""
    with pytest.raises(DamagedFile, match="Line 1"):
        read((SourceFile("x.RAW", b" $NMID ID='x' $END\n-1.000000E+00-2.000000E+00\n"),))


@pytest.mark.parametrize(
    ("revision", "tr", "te", "user8"),
    [(14.3, 179, 181, 38), (16.0, 191, 193, 50), (20.007, 265, 267, 98), (24.0, 265, 267, 98), (30.0, 265, 267, 98)],
)
def test_ge_positions_agree_with_a_second_source(revision: float, tr: int, te: int, user8: int) -> None:
    """The image header positions, summed from field lists, equal Gannet's one-based word indices."""
    layout = [layout for layout in _ge_header.LAYOUTS if layout.first_revision <= revision][-1]

    assert (layout.tr, layout.te, layout.user8) == tuple(4 * (index - 1) for index in (tr, te, user8))


def test_sdat_and_spar_come_in_either_order() -> None:
    """Header and samples are recognised by content, not by place."""
    files = philips_fixtures.FIXTURES[0].files()

    assert np.array_equal(read(files).samples, read(files[::-1]).samples)


def test_text_behind_a_binary_jmrui_signal_is_not_read_as_signal() -> None:
    """Free text longer than a signal at the end of a .mrui file is not taken for one more transient."""
    files = jmrui_fixtures._binary(tail_lines=200)
    assert len(files[0].content) > 512 + 3 * 256 * 16

    assert read(files).transients == 2


def test_frames_that_do_not_alternate_are_left_alone() -> None:
    """Only when the water frames change sign every time is a stored phase cycle undone."""
    (file,) = _revision_26(_FRAMES_26 * np.array([1, -1] * 3)[:, np.newaxis, np.newaxis])

    recording = read((file,))

    assert np.array_equal(recording.samples, _FRAMES_26[2:])
