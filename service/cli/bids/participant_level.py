"""Level ``participant``: every chosen spectrum, in worker processes or by a service, and the log of what was done."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fitting.errors import ImplausibleParameter, UnusableTable
from fitting.norms.regions import find_region
from service.cli.bids.dataset import BidsSpectrum, Dataset, spectra_of
from service.cli.bids.remote import run_remotely
from service.cli.bids.run import SpectrumOutcome, Surroundings, run_spectrum
from service.cli.client import calling
from service.cli.operator_settings import load_settings
from service.cli.ordered_map import Crashed, map_in_order
from service.cli.own_norms import other_laboratories, own_norms
from service.cli.own_sites import check_site, own_sites
from service.cli.progress_bar import with_progress
from service.client import Client

_CRASHED = SpectrumOutcome("failed", "worker-crashed: the process that analysed it died, also when it ran alone")


@dataclass(frozen=True, slots=True)
class Done:
    """Count of spectra with results, and of those from an earlier run."""

    results: int
    kept: int


def chosen_spectra(
    dataset: Dataset,
    participants: Sequence[str],
    sessions: Sequence[str],
    regions: Sequence[str],
    *,
    tissue_maps: Path | None,
) -> list[BidsSpectrum]:
    """The spectra of the labels on the command line, with or without their ``sub-`` and ``ses-``.

    Raises
    ------
    UnusableTable
        When there is no such participant, or nothing to analyse.
    ImplausibleParameter
        When a region is not of the form voi=region, or is not known.
    """
    people = tuple(dict.fromkeys(label.removeprefix("sub-") for label in participants))
    absent = [label for label in people if label not in dataset.participants]
    if absent:
        there = ", ".join(dataset.participants[:20]) + (" …" if len(dataset.participants) > 20 else "")
        raise UnusableTable(f"There is no participant {', '.join(absent)}; there are {there or 'none'}.")
    found = spectra_of(
        dataset,
        participants=people,
        sessions=tuple(label.removeprefix("ses-") for label in sessions),
        regions=dict(_region(text) for text in regions),
        tissue_maps=tissue_maps,
        request={},
    )
    if not found:
        raise UnusableTable("There is no spectrum (sub-*/[ses-*/]mrs/*_svs.nii.gz) of these people and sessions.")
    return found


def _region(text: str) -> tuple[str, str]:
    voi, _, region = text.partition("=")
    if not voi or not region:
        raise ImplausibleParameter(f"--region '{text}' is not of the form voi=region.", parameter="region")
    if find_region(region) is None:
        raise ImplausibleParameter(f"--region {voi}: '{region}' is no region that is known here.", parameter="region")
    return voi, region


def analyse_all(
    items: Sequence[BidsSpectrum],
    out: Path,
    shared: Mapping[str, Path],
    *,
    workers: int | None,
    url: str | None,
    spectra: bool,
) -> Done:
    """Analyse spectra and log what became of each; what is kept from an earlier run is not logged again.

    With ``spectra`` the complex signals are written as well.
    """
    check_site(shared)
    settings = load_settings()
    around = Surroundings(out, shared, own_norms(), own_sites(), other_laboratories(), settings.cache_dir, spectra)
    if url is not None:
        with calling(), Client(url) as client:
            return _counted(run_remotely(items, around, client), len(items), out)
    used = min(workers or os.cpu_count() or 1, len(items))
    task = functools.partial(run_spectrum, around=around)
    return _counted(_settled(map_in_order(task, items, used, settings.worker_memory_bytes)), len(items), out)


def _counted(outcomes: Iterable[tuple[BidsSpectrum, SpectrumOutcome]], total: int, out: Path) -> Done:
    results = kept = 0
    for item, outcome in with_progress(outcomes, total):
        results += outcome.has_result
        kept += outcome.has_result and outcome.state == "kept"
        if outcome.state != "kept":
            _log(out, item, outcome)
    return Done(results, kept)


def _settled(
    pairs: Iterable[tuple[BidsSpectrum, SpectrumOutcome | Crashed]],
) -> Iterator[tuple[BidsSpectrum, SpectrumOutcome]]:
    for item, outcome in pairs:
        yield item, _CRASHED if isinstance(outcome, Crashed) else outcome


def _log(out: Path, item: BidsSpectrum, outcome: SpectrumOutcome) -> None:
    """One line for a spectrum in the log of its person; people may be analysed at once, as on a cluster."""
    path = out / "logs" / f"sub-{item.participant}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [outcome.state, *([outcome.message] if outcome.message else []), *item.notes]
    with path.open("a", encoding="utf-8") as log:
        log.write(f"{item.path}: {' | '.join(' '.join(line.split()) for line in lines)}\n")
