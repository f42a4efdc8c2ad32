"""What a recording goes through before the fit, and what is measured on the way."""

from __future__ import annotations

from fitting.preprocessing.chain import preprocess
from fitting.preprocessing.facts import PreprocessingFacts

__all__ = ["PreprocessingFacts", "preprocess"]
