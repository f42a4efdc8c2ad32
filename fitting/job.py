"""Everything one analysis is computed from."""

from __future__ import annotations

from dataclasses import dataclass, field

from fitting.anatomy import Images
from fitting.io import Files
from fitting.norms import Controls
from fitting.subject import Options, Subject


@dataclass(frozen=True, slots=True)
class Job:
    """Everything one analysis is computed from; picklable, so any worker can run it.

    ``basis`` holds an LCModel ``.BASIS`` file or the JSON files of an FSL-MRS basis folder; empty means simulate.
    ``relaxation`` is the CSV that overrides shipped relaxation times, or None. ``site_norms`` are the newest versions
    of the site's own controls. ``macromolecules`` is a measured macromolecular spectrum that replaces the published
    ones. ``images`` are the T1-weighted image and the tissue maps of the same examination.
    """

    metabolite: Files
    water_reference: Files = ()
    subject: Subject = field(default_factory=Subject)
    options: Options = field(default_factory=Options)
    basis: Files = ()
    relaxation: bytes | None = None
    site_norms: tuple[Controls, ...] = ()
    macromolecules: Files = ()
    images: Images = field(default_factory=Images)
