"""Checks of ``mrsquant doctor`` on stored data: the database, the files, and that they belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from itertools import islice

from service.cli.check_result import Check, CheckResult
from service.settings import Settings
from service.storage.binding import Contents, Storage, UnusableStorage

_NAMED = 3
"""Largest number of faults that a sentence lists; the others are counted."""


@contextmanager
def _opened(settings: Settings) -> Iterator[Storage]:
    storage = Storage(settings.database_url, settings.data_dir)
    try:
        yield storage
    finally:
        storage.database.close()


def _of_storage(check: Callable[[Storage, Contents], CheckResult]) -> Check:
    """A check of usable storage; unusable storage is the result of the check."""

    @wraps(check)
    def checked(settings: Settings) -> CheckResult:
        from sqlalchemy.exc import OperationalError

        with _opened(settings) as storage:
            try:
                return check(storage, storage.contents())
            except UnusableStorage as error:
                return CheckResult("failure", str(error))
            except OperationalError as error:
                return CheckResult("failure", f"{storage.database.shown} does not answer: {type(error).__name__}")

    return checked


@_of_storage
def database(storage: Storage, contents: Contents) -> CheckResult:
    from service.storage.database import known_revisions

    shown, newest = storage.database.shown, known_revisions()[0]
    if contents.revision is None:
        return CheckResult("ok", f"{shown} will be made at the first start")
    damage = storage.damage()
    if damage is not None:
        return CheckResult("failure", f"{shown} is damaged ({damage}); restore it from a backup")
    if contents.revision == newest:
        return CheckResult("ok", f"{shown} answers, its schema is current ({newest})")
    return CheckResult(
        "warning", f"{shown} answers; its schema {contents.revision} will become {newest} at the next start"
    )


@_of_storage
def stored_files(storage: Storage, contents: Contents) -> CheckResult:
    from service.storage.sweep import Sweep

    storage.check()
    if contents.revision is None:
        return CheckResult("ok", "nothing is kept yet")
    sweep = Sweep(storage)
    missing, orphans = sweep.missing(), sweep.orphans()
    if missing:
        return _wrong("stored files are missing", missing)
    trashed = len(storage.blobs.trashed())
    if not orphans.are_few:
        return CheckResult(
            "warning",
            f"{len(orphans.digests)} of {orphans.files} files belong to no analysis, more than a sweep takes, so it "
            "takes none: does the database lack analyses? If not, `mrsquant sweep --all` moves them to the trash",
        )
    return CheckResult("ok", f"{orphans.files} files, {len(orphans.digests)} of no analysis, {trashed} in the trash")


@_of_storage
def stored_results(storage: Storage, contents: Contents) -> CheckResult:
    from service.documents import load_analysis

    if contents.revision is None:
        return CheckResult("ok", "nothing is kept yet")
    count, unreadable = 0, []
    for analysis_id, result in storage.results():
        count += 1
        try:
            load_analysis(result)
        except (ValueError, KeyError, TypeError):
            unreadable.append(analysis_id)
    return (
        _wrong("results cannot be read", unreadable)
        if unreadable
        else CheckResult("ok", f"{count} results can be read")
    )


@_of_storage
def content_of_files(storage: Storage, contents: Contents) -> CheckResult:
    if contents.revision is None:
        return CheckResult("ok", "nothing is kept yet")
    digests = [sha256 for shard in storage.blobs.shards() for sha256 in sorted(storage.blobs.digests(shard))]
    damaged = [sha256 for sha256 in digests if not storage.blobs.is_intact(sha256)]
    return (
        _wrong("stored files are damaged", damaged)
        if damaged
        else CheckResult("ok", f"{len(digests)} files are intact")
    )


def _wrong(what: str, which: Sequence[str]) -> CheckResult:
    named = ", ".join(islice(which, _NAMED)) + (", …" if len(which) > _NAMED else "")
    return CheckResult("failure", f"{len(which)} {what}: {named}. Upload the same files again or restore a backup")
