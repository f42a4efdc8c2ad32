"""Library functions beside the analysis: read a recording from a path, and score one value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fitting.acquisition import Recording
from fitting.io import read as read_files
from fitting.io.companions import source_files
from fitting.norms import Case, Context, Controls, Scored
from fitting.norms import score as score_case
from fitting.norms.case import scan
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject, TissueFractions, check_said


def read(path: Path | str) -> Recording:
    """Read a file: uncombined samples, their acquisition and, where it has one, the water reference.

    Parameters
    ----------
    path : path
        Spectrum in any supported format; the second file of two-file formats is found beside it.

    Raises
    ------
    UnreadableSpectrum
        When the file holds no readable spectrum; the class gives the kind of fault.
    """
    return read_files(source_files(Path(path)))


def score(
    metabolite: str,
    ratio_tcr: float,
    *,
    sd: float | None = None,
    region: str | None = None,
    hemisphere: str | None = None,
    field_t: float | None = None,
    echo_time: float | None = None,
    sequence: str | None = None,
    age_years: float | None = None,
    sex: str | None = None,
    tissue: TissueFractions | None = None,
    software: str | None = None,
    controls: Sequence[Controls] = (),
) -> Scored:
    """Position of a ratio to total creatine among controls, or the reason why there is none.

    Parameters
    ----------
    metabolite : str
        Metabolite or sum, such as ``tNAA``.
    ratio_tcr : float
        Ratio of concentrations to total creatine.
    sd : float, optional
        Standard deviation of its measurement; the interval lacks it when it is not given.
    region, hemisphere, age_years, sex, tissue
        Person and place, as in a request.
    field_t, echo_time, sequence
        Acquisition: tesla, seconds, localisation family.
    software : str, optional
        Program with version that measured it.
    controls : sequence of Controls
        The site's own controls; without one that matches, published norms are used.

    Raises
    ------
    ImplausibleParameter
        When an argument is impossible.
    """
    subject = Subject(region, hemisphere, age_years, sex, tissue)
    check_said(subject)
    context = Context(subject, scan(field_t, echo_time, sequence), software)
    case = Case(metabolite, Ratio(ratio_tcr, 0.0 if sd is None else sd), context, sd_known=sd is not None)
    return score_case(case, controls)
