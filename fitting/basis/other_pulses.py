"""Changes of simulated signals when a scanner plays the sequence out with other pulses or timings than assumed.

Headers state neither pulses nor the split of the echo time, and the published ones come from simulations. So the
signals are uncertain along some directions, and the fit may move along these as far as the data support it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from fitting.basis.basis_set import Grid
from fitting.basis.cache import cached_basis
from fitting.basis.realisations import generic_realisation
from fitting.basis.sequences import Protocol, build, first_echo_time
from fitting.errors import ImplausibleParameter
from fitting.units import ComplexArray

FIRST_ECHO_TIME_SPREAD = 0.003
"""Standard deviation of TE1 of PRESS, s: published simulations of the three vendors' sequences lie between 14.7 and
16.4 ms, two versions for one vendor 1.5 ms apart (Hui 2022, PMC9420769), other sequences are split evenly, and a
published basis set for 30 ms has a TE1 near 11 ms (docs/basis.md)."""


@lru_cache(maxsize=16)
def differences(protocol: Protocol, grid: Grid, cache_dir: Path | None = None) -> ComplexArray:
    """Changes of the signals of ``cached_basis`` between alternative realisations of the protocol.

    One standard deviation each: the way from the pulses of the protocol to ideal ones, or to the generic ones where
    they are ideal; and for PRESS another split of the echo time.

    Parameters
    ----------
    protocol, grid, cache_dir
        As for ``cached_basis``.

    Returns
    -------
    complex array, shape (ways, metabolites, points)
        Read-only. Zero ways for a sequence without known alternative pulses.
    """
    shape = cached_basis(protocol, grid, cache_dir).signals.shape
    changes = [
        cached_basis(other, grid, cache_dir).signals - cached_basis(one, grid, cache_dir).signals
        for one, other in other_ways(protocol)
    ]
    found = np.array(changes, dtype=np.complex128).reshape(len(changes), *shape)
    found.setflags(write=False)
    return found


def other_ways(protocol: Protocol) -> tuple[tuple[Protocol, Protocol], ...]:
    """Pairs of protocols whose difference represents the uncertainty of this one's signals.

    Timings are compared with ideal pulses, which take a tenth of the time to simulate.
    """
    pairs = []
    split = first_echo_time(protocol) if protocol.sequence == "PRESS" else None
    ideal = protocol
    generic = generic_realisation(protocol.sequence)
    if protocol.realisation is not None:
        ideal = replace(protocol, realisation=None, first_echo_time=split)
        pairs.append((protocol, ideal))
    elif generic is not None:
        pairs.append((protocol, replace(protocol, realisation=generic, first_echo_time=split)))
    if split is not None:
        pairs.append((ideal, replace(ideal, first_echo_time=split - FIRST_ECHO_TIME_SPREAD)))
    return tuple(pair for pair in pairs if _possible(pair[1]))


def _possible(protocol: Protocol) -> bool:
    """Whether the pulses of the protocol fit into its timings."""
    try:
        build(protocol)
    except ImplausibleParameter:
        return False
    return True
