"""Finding the files that belong together on disk."""

from pathlib import Path

import pytest

from fitting.errors import UnreadableSpectrum
from fitting.io.companions import source_files


@pytest.mark.parametrize(
    ("asked", "companion"),
    [("a.SDAT", "a.SPAR"), ("a.sdat", "a.SPAR"), ("a.SPAR", "a.sdat"), ("A.Sdat", "a.spar")],
)
def test_companion_is_found_in_any_spelling(tmp_path: Path, asked: str, companion: str) -> None:
    """The file asked for comes first, its companion second, whatever their capitals."""
    (tmp_path / asked).write_bytes(b"asked")
    (tmp_path / companion).write_bytes(b"companion")
    (tmp_path / "b.SPAR").write_bytes(b"another scan")

    files = source_files(tmp_path / asked)

    assert [(file.name, file.content) for file in files] == [(asked, b"asked"), (companion, b"companion")]


def test_same_capitals_win(tmp_path: Path) -> None:
    """Where two names differ in capitals only, the companion spelled like the file is the right one."""
    for name in ("a.SDAT", "A.SPAR", "a.SPAR", "a.spar"):
        (tmp_path / name).write_bytes(name.encode())

    assert source_files(tmp_path / "a.SDAT")[1].name == "a.SPAR"


def test_file_without_companion_comes_alone(tmp_path: Path) -> None:
    """Formats in one file, and an SDAT whose SPAR is not there, are one file; the reader says what is missing."""
    for name in ("a.rda", "a.SDAT"):
        (tmp_path / name).write_bytes(b"x")

        assert [file.name for file in source_files(tmp_path / name)] == [name]


def test_unreadable_files_are_refused_by_name(tmp_path: Path) -> None:
    """Missing files, folders without a spectrum and files over the limit are refused by name."""
    (tmp_path / "large").write_bytes(b"x" * 11)

    with pytest.raises(UnreadableSpectrum, match=r"no file 'nothing\.SDAT'"):
        source_files(tmp_path / "nowhere" / "nothing.SDAT")
    with pytest.raises(UnreadableSpectrum, match="holds no spectrum"):
        source_files(tmp_path)
    with pytest.raises(UnreadableSpectrum, match="11 bytes, more than the 10"):
        source_files(tmp_path / "large", max_bytes=10)
