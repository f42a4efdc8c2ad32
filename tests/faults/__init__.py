"""Damaged variants of clean spectra: each ends in the right numbers, a flag or a refusal."""
