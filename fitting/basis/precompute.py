"""Simulate the basis sets of common 3 T protocols in advance, so that a first analysis does not wait for them.

``python -m fitting.basis.precompute``; it is optional: missing basis sets are simulated on demand.
"""

from __future__ import annotations

import argparse
from itertools import chain, product
from pathlib import Path

from threadpoolctl import threadpool_limits

from fitting.basis.cache import at_nominal_frequency, content_key, shipped_folder, write_lines
from fitting.basis.other_pulses import other_ways
from fitting.basis.sequences import Protocol, as_played_out
from fitting.basis.simulation import responses
from fitting.basis.spin_system import spin_systems

VENDOR_FREQUENCIES: tuple[tuple[str | None, tuple[float, ...]], ...] = (
    ("Siemens", (123.20e6, 123.25e6)),
    ("GE", (127.70e6, 127.75e6)),
    ("Philips", (127.70e6, 127.75e6, 127.80e6)),
    (None, (123.20e6, 123.25e6, 127.70e6, 127.75e6)),
)
"""Vendors and the frequencies (Hz) of their 3 T magnets, as in the headers of published scans."""

SCANS: tuple[tuple[str, float, float | None], ...] = (
    ("PRESS", 0.030, None),
    ("PRESS", 0.035, None),
    ("sLASER", 0.028, None),
    ("sLASER", 0.030, None),
    ("sLASER", 0.035, None),
    ("STEAM", 0.020, 0.010),
)
"""Sequence, echo time and mixing time (s) of common scans."""


def common_protocols() -> tuple[Protocol, ...]:
    """Every common protocol once, with the pulses and timings of its scanner."""
    found = {}
    for (sequence, echo_time, mixing_time), (vendor, frequencies) in product(SCANS, VENDOR_FREQUENCIES):
        for frequency in frequencies:
            protocol = as_played_out(Protocol(sequence, echo_time, frequency, mixing_time), vendor)
            found[content_key(protocol)] = at_nominal_frequency(protocol)
    return tuple(found.values())


def with_other_ways(protocols: tuple[Protocol, ...]) -> tuple[Protocol, ...]:
    """The protocols with their alternative realisations, each once."""
    others = chain.from_iterable(pair for protocol in protocols for pair in other_ways(protocol))
    return tuple({content_key(each): each for each in (*protocols, *others)}.values())


def precompute(folder: Path, protocols: tuple[Protocol, ...]) -> int:
    """Simulate the protocols missing in a folder and return the number of files written.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    written = 0
    for protocol in protocols:
        path = folder / f"{content_key(protocol)}.npz"
        if not path.exists():
            write_lines(path, responses(spin_systems(), protocol))
            written += 1
    return written


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m fitting.basis.precompute", description=__doc__)
    parser.add_argument("--output", type=Path, default=shipped_folder(), help="folder (default: in the environment)")
    with threadpool_limits(limits=1):
        precompute(parser.parse_args(arguments).output, with_other_ways(common_protocols()))


if __name__ == "__main__":
    main()
