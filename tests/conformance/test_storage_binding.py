"""A database and a data folder are used together only when they belong together; else the start changes neither."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, text

from service.storage import database as database_module
from service.storage.binding import ID_FILE, Mismatch, Storage, UnusableStorage
from tests.fake_pipeline import spectrum
from tests.servers.office import Office

NewDatabase = Callable[[], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> NewDatabase:
    """Addresses of databases that are empty or not made yet."""
    if request.param == "postgresql":
        return request.getfixturevalue("server").new_database  # type: ignore[no-any-return]
    numbers = iter(range(100))
    return lambda: f"sqlite:///{tmp_path}/{next(numbers)}.sqlite3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def url(new_database: NewDatabase, folder: Path) -> str:
    """Of a database with one queued analysis, whose file is in ``folder``."""
    made = new_database()
    with ExitStack() as stack:
        Office(folder, stack, made).submit(spectrum())
    return made


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def tables(url: str) -> list[str]:
    engine = create_engine(url)
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


def opened(url: str, folder: Path) -> Storage:
    storage = Storage(url, folder)
    try:
        storage.open()
    finally:
        storage.database.close()
    return storage


def execute(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def forget_ids(url: str, folder: Path) -> None:
    """As an installation from before there were ids is."""
    engine = create_engine(url)
    config = database_module._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")
    engine.dispose()
    (folder / ID_FILE).unlink()


def test_both_are_opened_again(url: str, folder: Path) -> None:
    """What was bound stays bound."""
    before = (folder / ID_FILE).read_text()
    opened(url, folder)

    assert (folder / ID_FILE).read_text() == before


def test_another_database_is_refused(url: str, new_database: NewDatabase, folder: Path) -> None:
    """A mistyped address: the empty database stays empty and the folder as it is."""
    before, other = contents(folder), new_database()
    with pytest.raises(Mismatch, match="--adopt"):
        opened(other, folder)

    assert contents(folder) == before
    if other.startswith("sqlite"):
        assert not Path(other.removeprefix("sqlite:///")).exists()
    else:
        assert tables(other) == []
    opened(url, folder)


def test_the_database_of_another_installation_is_refused(
    url: str, new_database: NewDatabase, folder: Path, tmp_path: Path
) -> None:
    """Two installations whose settings were mixed up."""
    (tmp_path / "second").mkdir()
    second = new_database()
    opened(second, tmp_path / "second")
    for mixed in ((url, tmp_path / "second"), (second, folder)):
        with pytest.raises(Mismatch, match="two installations"):
            opened(*mixed)


def test_an_empty_folder_is_refused(url: str, folder: Path, tmp_path: Path) -> None:
    """A disk that is not mounted: nothing is written to the place where it should be."""
    (tmp_path / "bare").mkdir()
    with pytest.raises(Mismatch, match="lacks the files"):
        opened(url, tmp_path / "bare")

    assert contents(tmp_path / "bare") == {}


def test_an_installation_from_before_is_bound_by_itself(url: str, folder: Path) -> None:
    """Neither has an id yet, but the folder holds the files the database refers to."""
    forget_ids(url, folder)
    opened(url, folder)

    assert (folder / ID_FILE).exists()
    opened(url, folder)


def test_from_before_beside_another_database_is_refused(url: str, new_database: NewDatabase, folder: Path) -> None:
    """Files without an id beside an empty database, and beside one that refers to other files."""
    forget_ids(url, folder)
    before = contents(folder)
    with pytest.raises(Mismatch, match="refers to none"):
        opened(new_database(), folder)
    execute(url, f"UPDATE files SET sha256 = '{'ab' * 32}'")
    with pytest.raises(Mismatch, match="lacks the files"):
        opened(url, folder)

    assert {name: digest for name, digest in contents(folder).items() if "sqlite" not in name} == before


def test_adopting_binds_both_anew(url: str, new_database: NewDatabase, folder: Path, tmp_path: Path) -> None:
    """`--adopt` binds the two once; the folder's former database is then refused."""
    other = new_database()
    storage = Storage(other, folder)
    storage.adopt()
    storage.database.close()

    opened(other, folder)
    with pytest.raises(Mismatch):
        opened(url, folder)


def test_a_copy_of_both_is_opened(url: str, folder: Path, tmp_path: Path) -> None:
    """A restored folder without the id, as copies of the files alone are, is known by its files."""
    shutil.copytree(folder / "blobs", tmp_path / "restored" / "blobs")
    opened(url, tmp_path / "restored")

    assert (tmp_path / "restored" / ID_FILE).read_text() == (folder / ID_FILE).read_text()


def test_first_starts_at_once(new_database: NewDatabase, folder: Path) -> None:
    """Several servers that start together on a new database and folder bind them to one id."""
    url = new_database()
    with ThreadPoolExecutor(4) as threads:
        storages = list(threads.map(lambda _: opened(url, folder), range(4)))

    assert len({storage._known_id for storage in storages}) == 1


def test_a_schema_of_a_later_version_is_refused(url: str, folder: Path) -> None:
    """With both versions in one sentence; also not adopted."""
    execute(url, "UPDATE alembic_version SET version_num = '0999'")
    for start in (Storage.open, Storage.adopt):
        storage = Storage(url, folder)
        with pytest.raises(UnusableStorage, match=r"schema 0999 of a later version"):
            start(storage)
        storage.database.close()


def test_a_database_that_lost_tables_is_refused(url: str, folder: Path) -> None:
    """A schema that says it is current and is not."""
    execute(url, "DROP TABLE sign_offs")
    with pytest.raises(UnusableStorage, match="lacks the tables sign_offs"):
        opened(url, folder)


def test_emptied_while_running(url: str, folder: Path) -> None:
    """What is bound notices that its database lost everything, and that its folder is gone."""
    storage = Storage(url, folder)
    storage.open()
    (folder / ID_FILE).rename(folder / "elsewhere")
    (folder / "blobs").rename(folder / "gone")
    assert not storage.has_its_folder()
    (folder / "elsewhere").rename(folder / ID_FILE)
    (folder / "gone").rename(folder / "blobs")
    assert storage.has_its_folder()
    storage.check()
    execute(url, "DELETE FROM storage_id")
    with pytest.raises(UnusableStorage, match="emptied"):
        storage.check()
    storage.database.close()
