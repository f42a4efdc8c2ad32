"""mrsquant's numbers: from the bytes of a spectrum to concentrations and z-scores, importable alone."""

from __future__ import annotations

__version__ = "0.1.0"
