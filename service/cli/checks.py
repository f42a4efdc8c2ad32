"""Checks of ``mrsquant doctor``: each covers one property of the machine or the settings."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from concurrent.futures import TimeoutError as NotInTime
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli import storage_checks
from service.cli.check_result import Check, CheckResult
from service.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL

    from service.storage.audit import Head
    from service.storage.audit_folder import AuditFolder

FEW_BYTES = 2 * 1024**3
"""Free space below which a warning is given."""
WORKER_SECONDS = 120.0


def data_dir(settings: Settings) -> CheckResult:
    return _folder(settings.data_dir, keeps_secrets=True)


def cache_dir(settings: Settings) -> CheckResult:
    return _folder(settings.cache_dir, keeps_secrets=False)


def _folder(folder: Path, *, keeps_secrets: bool) -> CheckResult:
    existing = folder
    while not existing.exists():
        existing = existing.parent
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".doctor-"):
            pass
    except OSError as error:
        return CheckResult("failure", f"{folder} cannot be written: {error.strerror}")
    if existing != folder:
        return CheckResult("ok", f"{folder} will be made at the first start")
    if keeps_secrets and folder.stat().st_mode & 0o077:
        return CheckResult("warning", f"{folder} can be read by other users; chmod 700 it")
    return CheckResult("ok", f"{folder} can be written")


def disk(settings: Settings) -> CheckResult:
    existing = settings.data_dir
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    return CheckResult("ok" if free > FEW_BYTES else "warning", f"{free / 1024**3:.1f} GiB are free below {existing}")


def audit_log(settings: Settings) -> CheckResult:
    from sqlalchemy import make_url

    from service.storage.audit_folder import AuditFolder, UnreadableHead

    folder = AuditFolder(settings.data_dir)
    try:
        known = folder.head()
    except UnreadableHead as error:
        return CheckResult("failure", f"{error}; restore it, or see `mrsquant audit accept`")
    if not _is_absent(make_url(settings.database_url)):
        return _examined(settings, folder, known)
    return _not_begun(known)


def _not_begun(known: Head | None) -> CheckResult:
    if known is None:
        return CheckResult("ok", "begins at the first start")
    return CheckResult("failure", f"is gone with its database; it had {known.position} rows")


def _examined(settings: Settings, folder: AuditFolder, known: Head | None) -> CheckResult:
    from sqlalchemy.exc import SQLAlchemyError

    from service.storage.audit import AuditLog
    from service.storage.database import Database

    opened = Database(settings.database_url)
    try:
        if opened.revisions()[0] is None:
            return _not_begun(known)
        head, faults = AuditLog(opened).examine(known)
    except SQLAlchemyError as error:
        return CheckResult("failure", f"cannot be read: {type(error).__name__}")
    finally:
        opened.close()
    refused = folder.refusals()
    if refused:
        faults += (f"{refused} entries were refused by the database; read {folder.refused} and move it away.",)
    if faults:
        return CheckResult("failure", f"{' '.join(faults)} See docs/how-to/operate.md")
    return CheckResult("ok", f"holds what is known of it, {head.position} rows; its triggers are there")


def _is_absent(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def executor(settings: Settings) -> CheckResult:
    from service.jobs.tasks import warm
    from service.workers.executors import UnusableExecutor, open_executor

    begin = time.monotonic()
    try:
        pool = open_executor(settings.executor, settings.worker_memory_bytes)
    except (UnusableExecutor, OSError) as error:
        return CheckResult("failure", f"{settings.executor} cannot be opened: {error}")
    try:
        pool.executor.submit(warm).result(timeout=WORKER_SECONDS)
    except (NotInTime, RuntimeError) as error:
        return CheckResult("failure", f"{settings.executor}: no worker answered ({type(error).__name__})")
    finally:
        pool.close()
    allowed = "without a limit of memory" if pool.memory is None else f"with up to {pool.memory / 1024**3:.1f} GiB each"
    return CheckResult("ok", f"{settings.executor}: a worker answered in {time.monotonic() - begin:.1f} s, {allowed}")


def basis(_: Settings) -> CheckResult:
    from fitting.basis.spin_system import spin_systems
    from fitting.norms import literature_norms

    metabolites, norms = len(spin_systems()), len(literature_norms())
    return CheckResult("ok", f"{metabolites} metabolites and {norms} norms are installed")


def own_norms(settings: Settings) -> CheckResult:
    from fitting.errors import FittingError
    from service.schemas.norm_folder import read_norm_folder

    if settings.norms_path is None:
        return CheckResult("ok", "no folder of own norms (MRSQUANT_NORMS_PATH)")
    try:
        norms = read_norm_folder(settings.norms_path)
    except FittingError as error:
        return CheckResult("failure", f"{settings.norms_path}: {error.detail}")
    return CheckResult("ok", f"{settings.norms_path}: {', '.join(norm.id for norm in norms.values())}")


def pdf(_: Settings) -> CheckResult:
    try:
        import typst
    except ImportError:
        return CheckResult("warning", "no PDF reports: pip install 'mrsquant[pdf]'")
    typst.compile(b'#set text(lang: "en")\nA', format="pdf")
    return CheckResult("ok", "PDF reports can be made; the fonts come with typst")


def clock(_: Settings) -> CheckResult:
    year = time.gmtime().tm_year
    if not 2025 <= year < 2100:
        return CheckResult("failure", f"the clock says {year}; set it, or times and signatures are wrong")
    return CheckResult("ok", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()))


def cores(_: Settings) -> CheckResult:
    threads = os.environ.get("OMP_NUM_THREADS", "unset (workers use 1)")
    return CheckResult("ok", f"{os.cpu_count()} cores; OMP_NUM_THREADS is {threads}")


CHECKS: dict[str, Check] = {
    "data folder": data_dir,
    "disk": disk,
    "database": storage_checks.database,
    "stored files": storage_checks.stored_files,
    "audit log": audit_log,
    "cache folder": cache_dir,
    "workers": executor,
    "basis and norms": basis,
    "own norms": own_norms,
    "PDF": pdf,
    "clock": clock,
    "machine": cores,
}
"""In the order they are shown."""

DEEP_CHECKS: dict[str, Check] = {
    "stored results": storage_checks.stored_results,
    "content of files": storage_checks.content_of_files,
}
"""Read everything that is kept."""
