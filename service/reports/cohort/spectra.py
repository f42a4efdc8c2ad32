"""The spectrum of one analysis as a row of ``spectra.csv``, for classification."""

from __future__ import annotations

import numpy as np

from fitting.analysis import Analysis
from fitting.model.result import Traces
from service.reports import numbers

HIGHEST_PPM, LOWEST_PPM, BINS = 4.2, 0.6, 200
_EDGES = np.linspace(HIGHEST_PPM, LOWEST_PPM, BINS + 1)
_NAMES = tuple(f"{ppm:.3f}" for ppm in (_EDGES[:-1] + _EDGES[1:]) / 2.0)
COLUMNS = ("participant_id", "session", "region", "hemisphere", "linewidth_hz", "snr", "gm", *_NAMES)
DIGITS = 6


def spectrum_row(person: str, session: str | None, analysis: Analysis, traces: Traces) -> dict[str, str] | None:
    """Means of the real spectrum in 200 bins from 4.2 to 0.6 ppm, over their root mean square.

    The root mean square takes the gain of coils and receiver out. A spectrum that is not interpretable, or does not
    reach over these shifts, has no row.

    Parameters
    ----------
    person : str
        Pseudonym.
    session : str or None
    analysis : Analysis
    traces : Traces
    """
    if analysis.outcome.code == "failed" or analysis.verdict.usable == "no":
        return None
    ppm, data = traces.ppm[::-1], traces.data[::-1]
    if ppm[0] > _EDGES[-2] or ppm[-1] < _EDGES[1]:
        return None
    area = np.concatenate([[0.0], np.cumsum(0.5 * (data[1:] + data[:-1]) * np.diff(ppm))])
    edges = np.clip(_EDGES, ppm[0], ppm[-1])  # the fit's window ends at a point of its grid, just inside
    bins = np.diff(np.interp(edges, ppm, area)) / np.diff(edges)
    size = float(np.sqrt(np.mean(bins**2)))
    if not size > 0.0:
        return None
    facts = analysis.acquisition
    return {
        "participant_id": person,
        "session": session or "",
        "region": facts.region or "",
        "hemisphere": facts.hemisphere or "",
        "linewidth_hz": _number(analysis.quality.linewidth_hz),
        "snr": _number(analysis.quality.snr),
        "gm": _number(facts.gm),
        **{name: f"{value:.{DIGITS}g}" for name, value in zip(_NAMES, bins / size, strict=True)},
    }


def _number(value: float | None) -> str:
    known = numbers.finite(value)
    return "" if known is None else f"{known:.8g}"
