"""The texts of LCModel: ``table``, ``coord`` and ``csv``, in the columns of its version 6.3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from fitting.model.result import Traces
from fitting.units import FloatArray
from service.reports import numbers
from service.reports.analysis_document import AnalysisDocument
from service.reports.lcmodel.rows import Table, lcmodel_name, number

_PER_LINE = 10
"""Numbers in a line of a curve."""
_HEADER = "    Conc.  %SD /Cr+PCr  Metabolite"
_REGION = "0.2 to 4.2 ppm"


def table(document: AnalysisDocument, traces: Traces, values: Table) -> str:
    """The text of ``table``."""
    misc = _misc(document, traces)
    made = document.analysis.provenance
    lines = [
        *(f" {line}" for line in _titles(document, values)),
        "",
        f"$$CONC {len(values.rows) + 1:2d} lines in following concentration table = NCONC+1",
        _HEADER,
        *(row.line for row in values.rows),
        "",
        f"$$MISC {len(misc):2d} lines in following misc. output table",
        *misc,
        "",
        "$$DIAG  0 lines in following diagnostic table:",
        "",
        "$$INPU  2 lines in following table of input changes:",
        f" program='{made.software} {made.version}'",
        f" region='{_REGION}'",
    ]
    return "\n".join(lines) + "\n"


def coord(document: AnalysisDocument, traces: Traces, values: Table) -> str:
    """The text of ``coord``: the table, then ppm axis, data, fit, background and each component on the background."""
    misc = _misc(document, traces)
    in_table = {row.name: row for row in values.rows}
    lines = [
        *(f" {line}" for line in _titles(document, values)),
        "",
        f" {len(values.rows) + 1:2d} lines in following concentration table = NCONC+1",
        _HEADER,
        *(row.line for row in values.rows),
        f" {len(misc):2d} lines in following misc. output table",
        *misc,
        f" {traces.ppm.size:4d} points on ppm-axis = NY",
        *_curve(traces.ppm, "10.6f"),
        " NY phased data points follow",
        *_curve(traces.data),
        " NY points of the fit to the data follow",
        *_curve(traces.fit),
        " NY background values follow",
        *_curve(traces.baseline),
    ]
    for name, component in zip(traces.names, traces.components, strict=True):
        row = in_table.get(lcmodel_name(name))
        if row is not None and np.any(component):
            lines += [f" {row.name:<6}   Conc. = {row.value:.4E}", *_curve(component + traces.baseline)]
    lines += [" 0 lines in following diagnostic table:", " 0 lines in following table of input changes:"]
    return "\n".join(lines) + "\n"


def spreadsheet(values: Table) -> str:
    """The text of ``csv``: one line of names, one of numbers; the voxel is row 1, column 1."""
    names = [cell for row in values.rows for cell in (f" {row.name}", " %SD", " /Cr+PCr")]
    cells = [cell for row in values.rows for cell in (number(row.value), f" {row.percent:3d}", number(row.ratio))]
    return f"{','.join(['Row', ' Col', *names])}\n{','.join(['  1', '  1', *cells])}\n"


def _titles(document: AnalysisDocument, values: Table) -> tuple[str, str, str]:
    made, analysis = document.analysis.provenance, document.analysis
    judged = {"yes": "may be interpreted", "limited": "may be interpreted with limits", "no": "must not be interpreted"}
    return (
        f"{made.software} {made.version} (%SD = 100 sd/value, not the CRLB; 999% = not detected or not interpretable)",
        f"Conc. in {values.unit}; this spectrum {judged[analysis.verdict.usable]}; a ratio of 0.000 is unknown",
        analysis.notice,
    )


def _misc(document: AnalysisDocument, traces: Traces) -> list[str]:
    """Linewidth and signal to noise; shift and phases where the analysis keeps them."""
    quality, facts = document.analysis.quality, document.analysis.acquisition
    width, snr = numbers.finite(quality.linewidth_ppm) or 0.0, numbers.finite(quality.snr) or 0.0
    lines = [f"  FWHM = {width:5.3f} ppm    S/N = {round(snr):3d}"]
    signals = traces.signals
    if signals is not None:
        hz_per_ppm = facts.spectrometer_frequency * 1e-6
        degrees_per_ppm = 360.0 * hz_per_ppm * signals.phase1
        lines += [
            f"  Data shift ={signals.shift_hz / hz_per_ppm:6.3f} ppm",
            f"  Ph: {round(np.rad2deg(signals.phase0)):3d} deg {degrees_per_ppm:9.1f} deg/ppm",
        ]
    return lines


def _curve(values: FloatArray, form: str = "13.5E") -> Iterator[str]:
    for start in range(0, values.size, _PER_LINE):
        yield _joined(format(value, form) for value in values[start : start + _PER_LINE])


def _joined(cells: Iterable[str]) -> str:
    return " ".join(cells)
