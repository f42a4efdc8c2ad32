"""Macromolecules learned from a scanner's own people, in place of the published ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

from fitting.basis.basis_set import BasisSet
from fitting.basis.macromolecule_grid import coordinates, grid_digest, learned_background
from fitting.basis.macromolecules import DEFAULT, Background
from fitting.errors import UnusableBasis
from fitting.fid import Axes
from fitting.io import Files
from fitting.model.background import COMPONENT
from fitting.model.site_background import KIND, SiteBackground
from fitting.reason import Reason
from fitting.sites import read_site

MISMATCH = "background-mismatch"
IMPROBABLE = 0.02
"""Probability under the learned macromolecules below which a spectrum is not of the scanner. The scanner's own spectra
fall below it less often than the number says, because the learned prior is a little wide (docs/site-background.md)."""


def in_files(files: Files) -> SiteBackground | None:
    """The learned background in the files of macromolecules: a ``SITE.json`` or its background alone; None in a scan.

    Raises
    ------
    UnusableBasis
        When it is one that cannot be used.
    UnusableSite
        When the ``SITE.json`` is damaged.
    """
    return _in_content(files[0].content, files[0].name) if len(files) == 1 else None


@lru_cache(maxsize=4)
def _in_content(content: bytes, name: str) -> SiteBackground | None:
    if content.lstrip()[:1] != b"{":
        return None
    try:
        document = json.loads(content)
    except ValueError:
        return None
    kind = document.get("kind") if isinstance(document, dict) else None
    if kind == KIND:
        return SiteBackground.from_document(document)
    if not str(kind).startswith("mrsquant-site"):
        return None
    found = read_site(content, name).learned
    if found is None:
        raise UnusableBasis(f"'{name}' holds no learned macromolecules; calibrate the site again.", file=name)
    return found


def in_words(background: SiteBackground) -> str:
    """The background for the provenance and for the match of norms."""
    return f"{DEFAULT}, learned from {background.spectra} spectra of the scanner ({background.id})"


def holds_for(basis: BasisSet, background: SiteBackground) -> bool:
    """Whether the basis has the published macromolecules in which the background was learned."""
    return basis.deviations is not None and bool(basis.deviations.multiples) and background.grid == grid_digest()


def with_learned(basis: BasisSet, background: SiteBackground) -> BasisSet:
    """The basis with the learned macromolecules in place of the published ones."""
    return _learned_in_place(_ByKey(basis), background)


def with_coordinates(basis: BasisSet) -> BasisSet:
    """The basis with the published macromolecules, free to differ in everything that is learned of a scanner."""
    return _in_place(basis, coordinates(basis.axes))


@dataclass(frozen=True, slots=True, eq=False)
class _ByKey:
    """A basis that is equal to those with its key."""

    basis: BasisSet

    def __hash__(self) -> int:
        return hash(self.basis.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByKey) and other.basis.key == self.basis.key


@lru_cache(maxsize=16)
def _learned_in_place(keyed: _ByKey, background: SiteBackground) -> BasisSet:
    """Made once for the spectra of a batch, which share the basis and the background."""
    return _in_place(keyed.basis, _background(keyed.basis.axes, background))


def _in_place(basis: BasisSet, chosen: Background) -> BasisSet:
    signals = basis.signals.copy()
    signals[basis.names.index(COMPONENT)] = chosen.signal
    signals.setflags(write=False)
    return replace(
        basis,
        signals=signals,
        deviations=chosen.deviations,
        key=blake2b(f"{basis.key}{chosen.key}".encode(), digest_size=16).hexdigest(),
        description=f"{basis.description}; {chosen.description}",
    )


@lru_cache(maxsize=8)
def _background(axes: Axes, background: SiteBackground) -> Background:
    factor, common = background.factor()
    words = f"macromolecules learned from {background.spectra} spectra of the scanner ({background.id})"
    return learned_background(axes, background.mean, factor, common, words)


def mismatch(probability: float | None) -> tuple[Reason, ...]:
    """A reason when a spectrum is improbable under the background it was fitted with."""
    if probability is None or probability >= IMPROBABLE:
        return ()
    sentence = (
        "The macromolecules of this spectrum are not those that were learned from the scanner's people (probability "
        f"{probability:.1g}): another scanner, protocol or region, or a fault of the scan. Values may be biased."
    )
    return (Reason(MISMATCH, sentence),)
