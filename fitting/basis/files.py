"""Read basis sets of other programs: recognise the format, parse it, convert it to our conventions.

``FORMATS`` is the whole list; adding a format is one module and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fitting.basis import fsl_json, lcmodel_basis
from fitting.basis.basis_set import BasisSet
from fitting.basis.conversion import calibrate
from fitting.basis.supplied import SuppliedBasis
from fitting.errors import UnusableBasis
from fitting.io.source import Files


class BasisFormat(NamedTuple):
    """One format: how to recognise it by content and how to read it."""

    title: str
    recognises: Callable[[Files], bool]
    read: Callable[[Files], SuppliedBasis]


FORMATS: tuple[BasisFormat, ...] = (
    BasisFormat("LCModel .BASIS", lcmodel_basis.recognises, lcmodel_basis.read),
    BasisFormat("FSL-MRS JSON folder", fsl_json.recognises, fsl_json.read),
)


def read_basis(files: Files, *, by_protons: bool = False) -> BasisSet:
    """Read a supplied basis set.

    Parameters
    ----------
    files : Files
        One LCModel ``.BASIS`` file, or the JSON files of an FSL-MRS basis folder.
    by_protons : bool
        Rescale components that count another number of protons than they have.

    Returns
    -------
    BasisSet
        Named as in results, NIfTI-MRS sign, first point whole, referenced, one proton at amplitude 1;
        macromolecules and lipids of the set keep their names.

    Raises
    ------
    UnusableBasis
        When no format fits or the set cannot be used; the message says why.
    """
    for entry in FORMATS:
        if recognised(entry, files):
            return calibrate(entry.read(files), by_protons=by_protons)
    name = files[0].name if files else "input"
    titles = ", ".join(entry.title for entry in FORMATS)
    raise UnusableBasis(f"'{name}' is no basis set this program reads ({titles}).", file=name)


def recognised(entry: BasisFormat, files: Files) -> bool:
    """Whether a format recognises the files; False when there are none."""
    return bool(files) and entry.recognises(files)
