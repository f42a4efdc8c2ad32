"""Preprocessing of a recording before the fit: only steps that change the data."""

from __future__ import annotations

from fitting.preprocessing.chain import preprocess
from fitting.preprocessing.preprocessed import Preprocessed

__all__ = ["Preprocessed", "preprocess"]
