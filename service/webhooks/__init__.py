"""Telling other programs that an analysis has ended: whom, where exactly, and again until they answer."""
