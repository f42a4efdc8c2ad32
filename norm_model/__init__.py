"""Offline fit of the control model: from the reviewed study rows to the data that ``fitting.norms`` reads.

``python -m norm_model`` (``make norm-model``) writes ``fitting/data/norms/model``. Nothing here runs with an analysis.
"""
