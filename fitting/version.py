"""The version of this program, which every result names."""

__version__ = "0.2.0"

PROGRAM = "mrsquant"
"""Name of the program in records of what made something."""
