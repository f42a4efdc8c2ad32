"""The sweep takes little, nothing young and nothing that is wanted, and what it takes comes back when it is."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from service.storage import sweep as sweep_module
from service.storage.binding import ID_FILE, UnusableStorage
from service.storage.sweep import FEW, FIRST_SECONDS, LARGEST_SHARE, TRASH_SECONDS, Orphans, Sweep, Swept
from tests.fake_pipeline import spectrum
from tests.servers.office import Office

KEPT = 6


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    url = request.getfixturevalue("server").new_database() if request.param == "postgresql" else None
    with ExitStack() as stack:
        made = Office(tmp_path, stack, url)
        for number in range(KEPT):
            made.submit(spectrum(number=number))
        yield made


def orphan(office: Office, content: bytes, age: float = FIRST_SECONDS + 60) -> str:
    """Store content that nothing refers to."""
    sha256 = hashlib.sha256(content).hexdigest()
    office.blobs.ensure(sha256, content)
    grow_old(office.folder / "blobs" / sha256[:2] / sha256, age)
    return sha256


def grow_old(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def kept(office: Office) -> set[str]:
    return {sha256 for shard in office.blobs.shards() for sha256 in office.blobs.digests(shard)}


def test_orphans_are_trashed_and_later_deleted(office: Office) -> None:
    """What belongs to no analysis goes, and what was cut off in mid-write; nothing else."""
    before = kept(office)
    lost = orphan(office, b"orphan")
    unfinished = office.folder / "blobs" / lost[:2] / ".new-x"
    unfinished.write_bytes(b"half")
    grow_old(unfinished, FIRST_SECONDS + 60)
    sweep = Sweep(office.storage)

    assert sweep.run() == Swept(moved=1)
    assert kept(office) == before
    assert not unfinished.exists()
    assert (office.folder / "trash" / lost).read_bytes() == b"orphan"
    assert sweep.run() == Swept()
    grow_old(office.folder / "trash" / lost, TRASH_SECONDS + 60)
    assert sweep.run() == Swept(removed=1)
    assert list((office.folder / "trash").iterdir()) == []


def test_the_young_stay(office: Office) -> None:
    """A file whose submission may not have ended is not looked at; one that is stored again is young again."""
    young = orphan(office, b"young", age=FIRST_SECONDS - 600)
    old = orphan(office, b"old")
    office.blobs.ensure(old, b"old")

    assert Sweep(office.storage).run() == Swept()
    assert {young, old} <= kept(office)


def test_more_than_a_share_stays(office: Office) -> None:
    """A database that lost rows: the files are left where they are, each time, unless `--all` is given."""
    with office.database.changing() as connection:
        connection.execute(text("DELETE FROM files WHERE role = 'metabolite'"))
    for path in (office.folder / "blobs").rglob("*"):
        grow_old(path, FIRST_SECONDS + 60)
    before = kept(office)
    sweep = Sweep(office.storage)

    assert [sweep.run() for _ in range(2)] == [Swept(held=KEPT)] * 2
    assert kept(office) == before
    assert sweep.run(whole=True) == Swept(moved=KEPT)


@pytest.mark.parametrize(("files", "orphans"), [(10, 5), (100, FEW), (100_000, int(100_000 * LARGEST_SHARE))])
def test_the_bound(files: int, orphans: int) -> None:
    """The largest number that is taken of so many files."""
    assert Orphans(files, ["x"] * orphans).are_few
    assert not Orphans(files, ["x"] * (orphans + 1)).are_few


def test_referenced_files_are_restored_from_the_trash(office: Office) -> None:
    """A file that was taken by mistake is read as before, and is never removed while something refers to it."""
    digests = sorted(kept(office))
    for sha256 in digests:
        office.blobs.move_to_trash(sha256)
        grow_old(office.folder / "trash" / sha256, TRASH_SECONDS + 60)
    assert office.blobs.get(digests[0])

    assert Sweep(office.storage).run() == Swept()
    assert kept(office) == set(digests)


def test_a_submission_beside_the_sweep(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is submitted again after the sweep has looked, and before it takes, is not taken."""
    content = spectrum(number=99)
    sha256 = orphan(office, content)
    look = Sweep.orphans

    def orphans(sweep: Sweep) -> Orphans:
        found = look(sweep)
        office.submit(content)
        return found

    monkeypatch.setattr(sweep_module.Sweep, "orphans", orphans)

    assert Sweep(office.storage).run() == Swept()
    assert sha256 in kept(office)


def test_nothing_is_taken_beside_another_database(office: Office) -> None:
    """The ids are compared before each sweep, not only at the start."""
    orphan(office, b"orphan")
    (office.folder / ID_FILE).write_text("another\n")
    before = kept(office)
    with pytest.raises(UnusableStorage):
        Sweep(office.storage).run()

    assert kept(office) == before


def test_finding_orphans_does_not_block_writers(office: Office) -> None:
    """While a submission is being written the sweep looks at everything; it does not wait for it."""
    with office.database.writing_files():
        assert Sweep(office.storage).orphans() == Orphans(KEPT, [])
