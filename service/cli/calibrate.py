"""``mrsquant calibrate``: spectra of a scanner's healthy people in, the calibration of the scanner out."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fitting.request import Document
from service.cli.exit_codes import CommandFailure, ExitCode, refusing, writing
from service.cli.manifest import BadEntry, ManifestRow, read_manifest
from service.cli.operator_settings import load_settings
from service.cli.output import refuse_overwriting
from service.cli.progress_bar import with_progress
from service.cli.request_options import Paths, takes_request
from service.cli.signals import terminated_like_interrupted

if TYPE_CHECKING:
    from fitting.sites import Site


@takes_request(files=("basis", "relaxation", "macromolecules"))
def calibrate(
    manifest: Annotated[
        Path | None, typer.Argument(metavar="[MANIFEST.csv]", help="One row for each spectrum of a control.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--output", "-o", metavar="SITE.json", help="File to write.")],
    document: Document,
    paths: Paths,
    name: Annotated[
        str | None, typer.Option(help="Name of the site, such as prisma-acc. Default: made of the file's.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")] = None,
    share: Annotated[
        Path | None,
        typer.Option(
            metavar="SHARE.json",
            help="Also write what other laboratories may pool: no person. Without MANIFEST.csv, the SITE.json to "
            "share, and -o is the file to write.",
        ),
    ] = None,
) -> int:
    """Calibrate a scanner with its own healthy people, from one person on; analyses use it by --site.

    Controls of any regions may stand in one manifest; subject tells people apart, group must be one of healthy people.
    """
    if manifest is None:
        return _share_only(share, out)
    with refusing(manifest):
        table = read_manifest(manifest)
    entries = [item.after(document, paths) if isinstance(item, ManifestRow) else item for item in table.entries]
    spectra = (path for entry in entries if isinstance(entry, ManifestRow) for path in entry.paths.values())
    files = (manifest, *spectra)
    refuse_overwriting(out, *files)
    refuse_overwriting(share, out, *files)
    chosen = name or _name_of(out)
    with refusing(manifest):
        site = _site(chosen, entries, workers)
    with writing(out):
        out.write_bytes(site.content)
    if share is not None:
        _write_share(site, share)
    sys.stderr.writelines(f"{line}\n" for line in lines_of(out, site, len(entries)))
    return ExitCode.ANALYSED


def _share_only(profile: Path | None, out: Path) -> int:
    """Write what may be shared of a calibration that is there already."""
    from service.cli.own_sites import site_at

    if profile is None:
        raise CommandFailure(ExitCode.FAILURE, "usage", "calibrate", "name MANIFEST.csv, or --share SITE.json.")
    refuse_overwriting(out, profile)
    _write_share(site_at(profile), out)
    return ExitCode.ANALYSED


def _write_share(site: Site, out: Path) -> None:
    from fitting.sites import share_of

    with refusing(out):
        shared = share_of(site)
    with writing(out):
        out.write_bytes(shared.content)
    regions = ", ".join(f"{item.subregion or item.region} (n = {item.n})" for item in shared.regions)
    sys.stderr.write(f"{out}: shares {regions}; no person is in it\n")


def _site(name: str, entries: Sequence[ManifestRow | BadEntry], workers: int | None) -> Site:
    from fitting.run.calibration import Tasks, calibrated
    from service.cli.control_entry import analyse_control, control_evidence, label_of

    settings = load_settings()
    tasks = Tasks(
        analyse=functools.partial(analyse_control, cache_dir=settings.cache_dir),
        evidence_of=functools.partial(control_evidence, cache_dir=settings.cache_dir),
        label=lambda item: label_of(*item),
    )
    used = min(workers or os.cpu_count() or 1, len(entries))
    over = functools.partial(_over, workers=used, memory=settings.worker_memory_bytes)
    with terminated_like_interrupted():
        try:
            return calibrated(name, list(enumerate(entries, start=1)), tasks, over)
        except KeyboardInterrupt as error:
            raise CommandFailure(ExitCode.FAILURE, "interrupted", "calibrate", "nothing was written.") from error


def _over(task: Callable[[Any], Any], items: Iterable[Any], *, workers: int, memory: int | None) -> Iterator[Any]:
    """One task for each item in worker processes, in order; a crash is a reason to leave the spectrum out."""
    from fitting.reason import Reason
    from service.cli.ordered_map import Crashed, map_in_order

    given = list(items)
    outcomes = map_in_order(task, given, max(1, min(workers, len(given))), memory)
    crash = Reason("worker-crashed", "The process that analysed this spectrum died.")
    try:
        for _, outcome in with_progress(outcomes, len(given)):
            yield crash if isinstance(outcome, Crashed) else outcome
    finally:
        outcomes.close()


def _name_of(out: Path) -> str:
    """A name of the form that a site's has, made of the output's."""
    return re.sub(r"[^a-z0-9]+", "-", out.stem.lower()).strip("-")[:40] or "site"


def lines_of(out: Path, site: Site, spectra: int) -> Iterator[str]:
    """What was made of the spectra, for people."""
    facts = site.acquisition
    scanner = " ".join(filter(None, (facts.vendor, facts.scanner_model))) or "scanner not stated"
    yield f"{out}: {site.name}, {site.id}"
    yield f"holds for: {scanner}, {facts.field_t:g} T, {facts.sequence}, TE {1e3 * facts.echo_time:g} ms"
    for region in site.regions:
        place = " ".join(filter(None, (region.hemisphere, region.subregion or region.region)))
        together = next((item for item in region.checks.calibration if item.metabolite == "*"), None)
        judged = "" if together is None else f"; {together.flagged} of {together.n} values outside 95 % of the others"
        yield f"{place}: {len(region.controls)} controls{judged}"
    yield from (f"left out: {item.id}: {item.code}: {item.sentence}" for item in site.left_out)
    yield from (f"warning: {item.code}: {item.sentence}" for item in site.warnings)
    yield f"{sum(len(region.controls) for region in site.regions)} of {spectra} spectra are controls"
