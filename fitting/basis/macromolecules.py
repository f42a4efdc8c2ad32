"""Macromolecular background: the component ``MM`` from the published templates, and its allowed deviations.

The component is the mean of the templates, beside the directions in which they differ and in which single lines may:
many free lines are degenerate with the line width of the metabolites, and a single template is never quite right.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from fitting.basis.basis_set import BasisDeviations, BasisSet
from fitting.basis.macromolecule_lines import line_deviations
from fitting.basis.macromolecule_templates import component_signals, rigid_macromolecules, templates
from fitting.fid import Axes
from fitting.units import ComplexArray

BACKGROUND_PREFIXES = ("MM", "Lip")
"""Names of macromolecule and lipid components begin with one of these."""

DEFAULT = "default"
"""Stands for all templates marked so, weighed by the data."""


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Macromolecular background: the signal (points,) of ``MM`` and its allowed deviations; equal to itself alone."""

    signal: ComplexArray
    deviations: BasisDeviations | None
    description: str
    key: str = field(init=False)
    """Hash of its content, made once: a background serves many basis sets."""

    def __post_init__(self) -> None:
        """Precompute values that every basis set needs."""
        content = self.signal.tobytes() + (b"" if self.deviations is None else self.deviations.tobytes())
        object.__setattr__(self, "key", blake2b(content, digest_size=16).hexdigest())


def is_background(name: str) -> bool:
    """Whether a component's name says macromolecule or lipid."""
    return name.startswith(BACKGROUND_PREFIXES)


@lru_cache(maxsize=8)
def mixture(axes: Axes) -> Background:
    """The mean of the default templates and their deviations from it.

    Each is scaled to the first by least squares, for its amplitude is free. Then the m measurements are taken as draws
    from one population, each with the same weight, which its templates share: template j with weight w_j has the
    deviation sqrt(w_j m / (m - 1)) times its difference from the mean. Together these have the weighted sample
    covariance, so a signal ``mean + sum of c_j d_j`` with independent standard normal c is as different from the mean
    as measurements are from each other. Single lines of the mean may differ too.
    """
    chosen = [entry for entry in templates().values() if entry.default]
    signals = np.array([component_signals(entry, axes)[1].sum(axis=0) for entry in chosen])
    overlaps = np.real(signals.conj() @ signals[0])
    factors = overlaps / np.sum(np.abs(signals) ** 2, axis=1)
    signals *= factors[:, None]
    sharing = Counter(entry.measurement for entry in chosen)
    weights = np.array([1.0 / (len(sharing) * sharing[entry.measurement]) for entry in chosen])
    mean = weights @ signals
    scales = np.sqrt(weights * len(sharing) / (len(sharing) - 1.0))
    multiples = {entry.name: float(1.0 / scale) for entry, scale in zip(chosen, scales, strict=True)}
    words = f"{len(chosen)} published templates of {len(sharing)} measurements weighed by the data"
    apart = np.asarray(scales[:, None] * (signals - mean))
    lines = line_deviations(list(zip(chosen, weights * factors, strict=True)), axes)
    for shared in (mean, apart, lines):
        shared.setflags(write=False)
    return Background(mean, BasisDeviations(apart, lines, multiples), words)


@lru_cache(maxsize=8)
def background(name: str, axes: Axes) -> Background:
    """The background of that name: a template's, or ``default``.

    Raises
    ------
    UnusableBasis
        When there is no such template.
    """
    if name == DEFAULT:
        return mixture(axes)
    _, signals = rigid_macromolecules(name, axes)
    return Background(signals[0], None, name)


def with_macromolecules(basis: BasisSet, name: str = DEFAULT) -> BasisSet:
    """The basis with that background appended, or unchanged when it brings macromolecules of its own.

    Raises
    ------
    UnusableBasis
        When there is no such template.
    """
    return with_background(basis, background(name, basis.axes))


@lru_cache(maxsize=16)
def with_background(basis: BasisSet, chosen: Background) -> BasisSet:
    """The basis with a background as component ``MM``, or unchanged when it brings macromolecules of its own.

    Made once for the spectra of a batch, which share both.
    """
    if any(name.startswith("MM") for name in basis.names):
        return basis
    joined = np.concatenate([basis.signals, chosen.signal[None]])
    joined.setflags(write=False)
    return replace(
        basis,
        names=(*basis.names, "MM"),
        signals=joined,
        deviations=chosen.deviations,
        differences=_without_change(basis.differences),
        key=blake2b(f"{basis.key}{chosen.key}".encode(), digest_size=16).hexdigest(),
        description=f"{basis.description}; macromolecules: {chosen.description}",
    )


def _without_change(differences: ComplexArray | None) -> ComplexArray | None:
    """Differences of a basis to which a component is appended that has none."""
    if differences is None:
        return None
    padded = np.pad(differences, ((0, 0), (0, 1), (0, 0)))
    padded.setflags(write=False)
    return padded


def without_background(basis: BasisSet) -> BasisSet:
    """The basis without macromolecules of its own; lipids stay."""
    kept = [row for row, name in enumerate(basis.names) if not name.startswith("MM")]
    if len(kept) == len(basis.names):
        return basis
    signals = basis.signals[kept]
    signals.setflags(write=False)
    key = blake2b(f"{basis.key} without macromolecules".encode(), digest_size=16).hexdigest()
    return replace(basis, names=tuple(basis.names[row] for row in kept), signals=signals, key=key)
