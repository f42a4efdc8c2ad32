"""Webhooks: signed calls that report the end of an analysis, repeated until they are answered."""
