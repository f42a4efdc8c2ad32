"""Figures of an analysis as SVG; all share one axis."""
