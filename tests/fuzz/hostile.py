"""Hostile files made from valid ones, and a process with little memory that reads them.

``python -m tests.fuzz.hostile FIRST COUNT SECONDS`` reads that many in this process, limits itself to 1 GB of memory
beyond what imports take, and fails on the first crash, hang or exception that is no refusal.
"""

from __future__ import annotations

import faulthandler
import gzip
import random
import resource
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import fitting.io
from fitting.errors import UnreadableSpectrum
from fitting.io import Files
from tests.conformance.reader_fixtures import fixtures, refusals

MEMORY_BYTES = 1024**3
HANG_SECONDS = 20

_GZIP = b"\x1f\x8b"
_LENGTHS = (0, 1, 0x7F, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE)
_WORDS = (b"nan", b"-1", b"0", b"1e308", b"99999999999999999999", b"../../etc/passwd", b"%s%n", b"\xff\xfe", b"\0")


def _flip(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.randint(1, 8)):
        content[_place(content, chance)] = chance.randrange(256)
    return content


def _truncate(content: bytearray, chance: random.Random) -> bytearray:
    return content[: _place(content, chance)]


def _number(content: bytearray, chance: random.Random) -> bytearray:
    """A length, count or offset becomes another one."""
    at = _place(content, chance) & ~1
    kind = chance.choice(("<I", ">I", "<H", ">H", "<Q"))
    packed = struct.pack(kind, chance.choice(_LENGTHS) & ((1 << 8 * struct.calcsize(kind)) - 1))
    content[at : at + len(packed)] = packed
    return content


def _float(content: bytearray, chance: random.Random) -> bytearray:
    at = _place(content, chance) & ~3
    value = chance.choice((float("nan"), float("inf"), -1.0, 0.0, 1e-300, 3e38))
    content[at : at + 8] = struct.pack(chance.choice(("<d", ">d")), value)
    return content


def _repeat(content: bytearray, chance: random.Random) -> bytearray:
    begin = _place(content, chance)
    return (
        content[:begin]
        + content[begin : begin + chance.randint(1, 400)] * chance.choice((2, 50, 1000))
        + content[begin:]
    )


def _remove(content: bytearray, chance: random.Random) -> bytearray:
    begin = _place(content, chance)
    del content[begin : begin + chance.randint(1, 64)]
    return content


def _word(content: bytearray, chance: random.Random) -> bytearray:
    """A number of a text header becomes something else."""
    digits = [at for at in range(min(len(content), 8000)) if 48 <= content[at] <= 57]
    at = chance.choice(digits) if digits else 0
    content[at : at + 1] = chance.choice(_WORDS)
    return content


MUTATIONS: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (
    _flip, _truncate, _number, _float, _repeat, _remove, _word,
)  # fmt: skip
SEEDS = tuple(item.files() for item in (*fixtures(), *refusals()))


def _place(content: bytearray, chance: random.Random) -> int:
    """Headers are at the beginning, so half of all changes are there."""
    return chance.randrange(max(1, min(len(content), 2000) if chance.random() < 0.5 else len(content)))


def hostile(number: int) -> Files:
    """The files of this number: the same each time."""
    chance = random.Random(number)
    files = list(SEEDS[number % len(SEEDS)])
    at = chance.randrange(len(files))
    packed = files[at].content.startswith(_GZIP) and chance.random() < 0.8
    content = bytearray(gzip.decompress(files[at].content) if packed else files[at].content)
    for _ in range(chance.randint(1, 3)):
        content = chance.choice(MUTATIONS)(content, chance) or bytearray(b"\0")
    files[at] = replace(files[at], content=gzip.compress(content, mtime=0) if packed else bytes(content))
    return tuple(files)


def main(first: int, count: int, seconds: float) -> int:
    """Read hostile files until the time is up; returns how many."""
    fitting.io.read(SEEDS[0])  # what is imported late is imported now
    _limit_memory()
    begin = time.monotonic()
    for number in range(first, first + count):
        faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        try:
            fitting.io.read(hostile(number))
        except UnreadableSpectrum:
            pass
        except BaseException:
            sys.stderr.write(f"hostile file {number}\n")
            raise
        if time.monotonic() - begin > seconds:
            return number - first + 1
    return count


def _limit_memory() -> None:
    with open("/proc/self/statm", encoding="ascii") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES, mapped + MEMORY_BYTES))


if __name__ == "__main__":
    sys.stdout.write(f"{main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))} hostile files\n")
