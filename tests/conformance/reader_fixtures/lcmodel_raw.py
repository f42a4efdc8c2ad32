"""LCModel text: as most programs write it, and as Fortran writes it for a Bruker scanner."""

import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from fitting.units import ComplexArray
from tests.conformance.reader_fixtures import IDENTITY, Fixture, Refusal, brain_fid

_FREQUENCY = 123_201_659.0
_PERSON = " ".join(IDENTITY.values())
_FID = brain_fid(512, 0.0005, _FREQUENCY, scale=0.37)


def _file(text: str) -> Files:
    return (SourceFile("spectrum.RAW", text.encode()),)


def _plain() -> Files:
    header = f""" $SEQPAR
 ECHOT = 35.00
 HZPPPM = 123.201659
 SEQ = 'PRESS'
 $END
 $NMID
 ID='{_PERSON}', FMTDAT='(2E15.6)'
 VOLUME=1.
 TRAMP=1.
 $END
"""
    return _file(header + "".join(f"{x.real:15.6E}{x.imag:15.6E}\n" for x in _FID))


def _fortran(value: float) -> str:
    """1P,D13.6: a mantissa that fills its column, and D for the exponent."""
    return f"{value:13.6E}".replace("E", "D")


def _bruker() -> Files:
    stored: ComplexArray = np.conj(_FID) * 4.0 / 2.0
    header = f"""$SEQPAR echot=, HZPPM= 123.201659 seq=' ' $END
$NMID id='{_PERSON}' fmtdat='(1P,4D13.6)' volume=4.0D+00, tramp=2., BRUKER=.TRUE., $END
"""
    numbers = [_fortran(number) for point in stored for number in (point.real, point.imag)]
    return _file(header + "".join("".join(numbers[at : at + 4]) + "\n" for at in range(0, len(numbers), 4)))


def _cut(end: int) -> Files:
    return _file(_plain()[0].content.decode()[:-end])


def _counted(points: int) -> Files:
    """With the number of points in the header, as LCModel's control file calls it."""
    return _file(_plain()[0].content.decode().replace(" ECHOT", f" NUNFIL = {points}\n ECHOT"))


_HEADER = _plain()[0].content.decode().split("$END\n")
_START = "$END\n".join(_HEADER[:2]) + "$END\n"

FIXTURES = (
    Fixture(
        reader="lcmodel_raw",
        id="plain",
        files=_plain,
        samples=_FID[np.newaxis, np.newaxis],
        acquisition={
            "spectrometer_frequency": _FREQUENCY,
            "echo_time": 0.035,
            "sequence": "PRESS",
            "sequence_name": "PRESS",
        },
    ),
    Fixture(
        reader="lcmodel_raw",
        id="Bruker sign, scaled, glued columns, sparse header",
        files=_bruker,
        samples=_FID[np.newaxis, np.newaxis],
        acquisition={"spectrometer_frequency": _FREQUENCY},
    ),
)

REFUSALS = (
    Refusal("lcmodel_raw", "basis set", lambda: _file(" $SEQPAR\n $END\n $BASIS1\n NDATAB=1 $END\n"), "basis set"),
    Refusal("lcmodel_raw", "control file", lambda: _file(" $LCMODL\n key=1\n filraw='a.raw'\n $END\n"), "control file"),
    Refusal("lcmodel_raw", "alternating points", lambda: _file(" $NMID SEQACQ=T $END\n 1. 2.\n"), "SEQACQ"),
    Refusal("lcmodel_raw", "half a point", lambda: _file(_START + " 1.0 2.0\n 3.0\n"), "complex point", DamagedFile),
    Refusal("lcmodel_raw", "cut within a number", lambda: _cut(4), "within a row", DamagedFile),
    Refusal("lcmodel_raw", "cut between numbers", lambda: _cut(16), "within a row", DamagedFile),
    Refusal("lcmodel_raw", "points of its header", lambda: _counted(1024), "512 points where", DamagedFile),
    Refusal("lcmodel_raw", "overflow", lambda: _file(_START + " 1.0 2.0\n ****** 3.0\n"), "Line 2", DamagedFile),
    Refusal("lcmodel_raw", "infinite", lambda: _file(_START + " 1.0 1E999\n"), "finite", DamagedFile),
    Refusal("lcmodel_raw", "not finite", lambda: _file(_START + " 1.0 nan\n"), "finite", DamagedFile),
    Refusal("lcmodel_raw", "header without end", lambda: _file(" $NMID\n ID='x'\n 1.0 2.0\n"), "$END", DamagedFile),
)
