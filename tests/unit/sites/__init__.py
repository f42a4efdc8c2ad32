"""Tests of calibrated scanners."""
