"""Tests of ``fitting.run``."""
