"""Tables and plan of a cohort from files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fitting.errors import FittingError, InaccessibleFile, UnusableTable
from service.cli.failures import CommandFailure, ExitCode

if TYPE_CHECKING:
    from fitting.cohort.plan import Plan
    from fitting.cohort.table import CohortTable, SpectraTable, Study

LARGEST_BYTES = 200_000_000
SPECTRA = "spectra.csv"
"""Spectra beside the tables, where the plan names none."""


@contextmanager
def refusing_cohort() -> Iterator[None]:
    """Turn a refusal into one line: ``mrsquant: CODE: sentence``."""
    try:
        yield
    except FittingError as error:
        raise CommandFailure(ExitCode.REFUSED, error.code, "", error.detail) from error


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a cohort is analysed from."""

    table: CohortTable
    plan: Plan
    spectra: dict[str, SpectraTable]
    studies: dict[str, tuple[Study, ...]]


def read_text(path: Path) -> str:
    """Text of a file.

    Raises
    ------
    InaccessibleFile, UnusableTable
        When it cannot be opened, is too large or is not UTF-8.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InaccessibleFile(f"{path.name}: larger than {LARGEST_BYTES // 1_000_000} MB.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InaccessibleFile(f"{path.name}: {error.strerror or 'cannot be opened'}; check the path.") from error
    except UnicodeDecodeError as error:
        raise UnusableTable(f"{path.name}: not UTF-8 text; save the table as UTF-8.") from error


def read_inputs(
    measurements: Path | None,
    participants: Path | None,
    plan_path: Path | None,
    preset: str | None,
    *,
    manifest: Path | None = None,
    wide_unit: str | None = None,
    spectra: Path | None = None,
) -> Inputs:
    """Read everything that a plan needs; paths in the plan are relative to it.

    Raises
    ------
    FittingError
        When a file cannot be read or breaks its format.
    """
    from fitting.cohort import plan_of, plan_without_questions, preset_plan, read_cohort

    def text(path: Path | None) -> tuple[str, str] | None:
        return None if path is None else (read_text(path), path.name)

    table = read_cohort(
        text(measurements),
        text(participants),
        manifest=None if manifest is None else read_text(manifest),
        wide_unit=wide_unit,
    )
    if plan_path is not None:
        plan = plan_of(read_text(plan_path))
    else:
        plan = preset_plan(preset) if preset is not None else plan_without_questions(table)
    folder = plan_path.parent if plan_path is not None else (measurements or participants or Path()).parent
    return Inputs(table, plan, _spectra(plan, folder, spectra), _studies(plan, folder))


def _sections(plan: Any, key: str, attribute: str) -> list[str]:
    found = [getattr(settings, attribute) for settings in plan.sections.get(key, ())]
    return [name for name in dict.fromkeys(found) if name]


def _spectra(plan: Plan, folder: Path, given: Path | None) -> dict[str, SpectraTable]:
    from fitting.cohort import read_spectra

    if "classification" not in plan.sections:
        return {}
    tables = {
        name: read_spectra(read_text(folder / name), name) for name in _sections(plan, "classification", "spectra")
    }
    beside = given or folder / SPECTRA
    if given is not None or (not tables and beside.is_file()):
        tables[""] = read_spectra(read_text(beside), beside.name)
    return tables


def _studies(plan: Plan, folder: Path) -> dict[str, tuple[Study, ...]]:
    from fitting.cohort import read_studies

    return {name: read_studies(read_text(folder / name), name) for name in _sections(plan, "context", "studies")}
