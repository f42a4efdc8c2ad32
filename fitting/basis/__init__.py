"""Basis sets: spin systems to simulated signals, or files of other programs."""
