"""Quantify single-voxel brain ¹H-MRS: from a scanner's file to concentrations and z-scores, importable alone.

    import fitting
    analysis, traces = fitting.analyse(fitting.Job.from_files("svs.dcm", water_reference="ref.dcm", region="ACC"))

This is the public list; any other name may change without notice.

======================  ==============================================================================================
``Job``                 everything one analysis is computed from; ``Job.from_files`` reads it from paths
``analyse``             a job in; an ``Analysis`` (numbers, verdict, provenance) and its ``Traces`` (arrays) out
``inspect``             what would be analysed (no fit is run): an ``Inspection``
``read``                content of one file: a ``Recording`` with its ``Acquisition``
``score``               position of a value of any program among controls
``Controls``            a laboratory's own controls; ``site_controls`` makes them
``calibrate``           spectra of a scanner's healthy people in; a ``Site`` out, for ``analyse(job, site=site)``
``read_site``           a ``Site`` of the content of ``SITE.json``; ``site.content`` is that content
``follow``              sessions of one person (``Session``) in; what changed, and what must not be compared, out
``Subject`` …           ``Options``, ``Overrides``, ``TissueFractions``: person, method and scan of a job
``errors``              every reason to refuse an input; all are ``FittingError``
======================  ==============================================================================================

Modules are imported on first use of a name, so that ``import fitting`` is instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fitting.version import __version__

if TYPE_CHECKING:
    from fitting import errors
    from fitting.acquisition import Acquisition, Recording
    from fitting.analysis import Analysis
    from fitting.errors import FittingError
    from fitting.follow_up.longitudinal import FollowedSession as Session
    from fitting.follow_up.longitudinal import course as follow
    from fitting.model.result import Traces
    from fitting.norms import Controls, site_controls
    from fitting.request import Options, Overrides, Subject, TissueFractions
    from fitting.run import Inspection, Job, analyse, calibrate, inspect
    from fitting.run.notebook import read, score
    from fitting.sites import Site, read_site

__all__ = [
    "Acquisition",
    "Analysis",
    "Controls",
    "FittingError",
    "Inspection",
    "Job",
    "Options",
    "Overrides",
    "Recording",
    "Session",
    "Site",
    "Subject",
    "TissueFractions",
    "Traces",
    "__version__",
    "analyse",
    "calibrate",
    "errors",
    "follow",
    "inspect",
    "read",
    "read_site",
    "score",
    "site_controls",
]

_PLACES = {
    "Acquisition": "acquisition",
    "Analysis": "analysis",
    "Controls": "norms",
    "FittingError": "errors",
    "Inspection": "run",
    "Job": "run",
    "Options": "request",
    "Overrides": "request",
    "Recording": "acquisition",
    "Session": "follow_up.longitudinal:FollowedSession",
    "Site": "sites",
    "Subject": "request",
    "TissueFractions": "request",
    "Traces": "model.result",
    "analyse": "run",
    "calibrate": "run",
    "errors": "errors:",
    "follow": "follow_up.longitudinal:course",
    "inspect": "run",
    "read": "run.notebook",
    "read_site": "sites",
    "score": "run.notebook",
    "site_controls": "norms",
}
"""Module of each public name, and its name there where that is another; ``errors`` is the module itself."""


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'fitting' has no attribute '{name}'")
    module, named, there = _PLACES[name].partition(":")
    found = import_module(f"fitting.{module}")
    return getattr(found, there or name) if there or not named else found


def __dir__() -> list[str]:
    return sorted(__all__)
