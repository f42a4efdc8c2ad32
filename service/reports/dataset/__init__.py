"""The overview of a dataset's analyses: verdicts, refusals and distributions of values by region."""
